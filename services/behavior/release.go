package behavior

import (
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Release are the settings of how the time after a release is judged.
type Release struct {
	Grace    time.Duration `yaml:"grace" doc:"Time after a release of a service (mirador.deploys) in which what is new at it alerts nobody: skipped steps, properties that did not take effect, operations of another role, service edges; what is usual at its endpoints is learned anew. 0 turns that off."`
	Services int           `yaml:"services" doc:"Services whose releases are known; those of further ones are left out and counted."`
}

func defaultRelease() Release { return Release{Grace: 2 * time.Hour, Services: 10_000} }

func (c *Release) validate(l *limits) {
	l.span("release.grace", c.Grace, 0, 7*24*time.Hour)
	l.integer("release.services", c.Services, 1, 1_000_000)
}

// releases are what the rules of the first stage ask of the log of releases. The log is
// followed from outside, like the catalog; what came of a release is state.
type releases struct {
	cfg     *Config
	metrics *Metrics
	// anew is the release for which what is usual of a group was learned anew.
	anew *keyed.Table[renewed]
}

// renewed is the time of a release, in ns.
type renewed struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	At       int64
}

func newReleases(cfg *Config, m *Metrics) *releases {
	return &releases{cfg: cfg, metrics: m, anew: keyed.NewTable[renewed](cfg.MaxCohorts, m.eviction("releases"))}
}

// observe implements detection: rules ask it.
func (r *releases) observe(*observation, *detect.Out) {}

// at is the release that o comes soon after, of the service that answered it or of the
// host that was asked.
func (r *releases) at(o *observation) (deploy.Marker, bool) {
	log := r.cfg.Releases
	if r.cfg.Release.Grace == 0 || log.Empty() {
		return deploy.Marker{}, false
	}
	m, ok := log.Within(o.tx.Tenant, string(o.tx.Event.Deployment.Service), o.tx.Time, r.cfg.Release.Grace)
	if !ok {
		m, ok = log.Within(o.tx.Tenant, o.tx.Endpoint.Host, o.tx.Time, r.cfg.Release.Grace)
	}
	return m, ok
}

// holds says whether a decision of o is held back because of a release, and counts it.
func (r *releases) holds(o *observation, guard string) bool {
	_, ok := r.at(o)
	if ok {
		r.metrics.suppressed.WithLabelValues(guard).Inc()
	}
	return ok
}

// begins says whether o is the first to ask of group since the release that it comes soon
// after: then what was usual before it does not hold any more.
func (r *releases) begins(o *observation, group uint64) bool {
	m, ok := r.at(o)
	if !ok {
		return false
	}
	n := r.anew.Touch(group)
	if at := m.At.UnixNano(); at > n.At {
		n.At = at
		return true
	}
	return false
}

func (r *releases) capture(c *keyed.Capture) { r.anew.Capture(c) }

func (r *releases) decode(d *msgpack.Decoder) error {
	return r.anew.Decode(d, func(n *renewed) error {
		if n.At < 0 {
			return fmt.Errorf("release at %d", n.At)
		}
		return nil
	})
}
