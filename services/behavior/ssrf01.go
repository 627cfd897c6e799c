package behavior

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// SSRF-01: a service calls, for the first time, what a request told it to.
//
// Method: the name or address of a host inside in a request is no attack by itself. That
// the service that got it calls a host within a minute that it has never called before,
// and that it is the one, or another inside, is one that worked. Calls are seen where
// traffic between services is mirrored.
//
// Guard: hosts that the service calls anyway; names outside, as callbacks have them.
var ssrf01 = finding.Rule{
	ID: "SSRF-01", Title: "Service made to call inside", Detector: Name, Severity: finding.High,
	OWASP: []string{"API7"}, CWE: []string{"CWE-918"}, ATTACK: []string{"T1190", "T1552.005"},
	Remediation: "Let the service call named hosts alone, resolve before the check, and keep it from metadata addresses by network policy.",
}

// EW-01: a service calls another that it never called, in a way it does not call.
//
// Method: the calls of each service are learned, with how it was known to those it
// called and in which namespace they are. A new one after the first day alerts if it also
// comes with another kind of credential or crosses into another namespace.
//
// Guards: several new calls within an hour are a deploy; so is what comes soon after a
// release of either service of which Mirador is told.
var ew01 = finding.Rule{
	ID: "EW-01", Title: "New way between services", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API5", "API8"}, CWE: []string{"CWE-923"}, ATTACK: []string{"T1021", "T1570"},
	Remediation: "If nobody deployed it, look at the calling service for a foothold; let services call only those they need.",
}

// callers are what services do, by name.
type callers struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[caller]
}

// caller is one service.
type caller struct {
	_msgpack        struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Service string
	Open            keyed.List[act] // not judged yet, sorted
	Asks            keyed.List[act] // of the last minute
	Hosts           keyed.List[uint64]
	Schemes, Tiers  keyed.List[string]
	Since           int64
	// NewAt is the hour since the epoch that New counts new hosts of.
	NewAt int64
	New   uint32
}

const (
	maxCalled = 2000
	maxAsks   = 64
	maxOpen   = 10_000
	maxTiers  = 16
)

func (c *caller) valid() error {
	if len(c.Open) > maxOpen || len(c.Asks) > maxAsks || len(c.Hosts) > maxCalled || len(c.Schemes) > maxTiers || len(c.Tiers) > maxTiers {
		return fmt.Errorf("service of %d acts, %d hosts", len(c.Open), len(c.Hosts))
	}
	for _, list := range [...][]act{c.Open, c.Asks} {
		for i := range list {
			if err := list[i].valid(); err != nil {
				return err
			}
		}
	}
	if !slices.IsSortedFunc(c.Open, func(a, b act) int { return a.compare(&b) }) {
		return errors.New("acts that are not in order")
	}
	return nil
}

func newCallers(cfg *Config, m *Metrics) *callers {
	return &callers{cfg: cfg, metrics: m, states: keyed.NewTable[caller](cfg.MaxLogins, m.eviction("services"))}
}

func (g *callers) merge(p *detect.Partial, key uint64) {
	s, err := decodeActs(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	c := g.states.Touch(key)
	c.Tenant, c.Service = p.Tenant, s.Service
	for _, a := range s.Acts {
		if len(c.Open) >= maxOpen {
			g.metrics.dropped.WithLabelValues("service_acts").Inc()
			break
		}
		c.Open = insert(c.Open, a)
	}
}

func (g *callers) advance(b int64, out *detect.Out) {
	g.states.Each(func(_ uint64, c *caller) {
		n := 0
		for n < len(c.Open) && c.Open[n].At/bucket < b {
			g.judge(c, &c.Open[n], out)
			n++
		}
		c.Open = append(c.Open[:0], c.Open[n:]...)
	})
}

// released says whether the call comes soon after a release of who makes or takes it.
func (g *callers) released(c *caller, a *act) bool {
	at, grace := time.Unix(0, a.At), g.cfg.Release.Grace
	_, from := g.cfg.Releases.Within(c.Tenant, c.Service, at, grace)
	_, to := g.cfg.Releases.Within(c.Tenant, a.Host, at, grace)
	return from || to
}

// judge takes one act, in the order of their times.
func (g *callers) judge(c *caller, a *act, out *detect.Out) {
	if c.Since == 0 {
		c.Since = a.At
	}
	c.Asks = slices.DeleteFunc(c.Asks, func(x act) bool { return a.At-x.At > askWindow })
	if a.Asked {
		if len(c.Asks) < maxAsks {
			c.Asks = append(c.Asks, *a)
		}
		return
	}
	host := hostKey(a.Host)
	i, known := slices.BinarySearch(c.Hosts, host)
	scheme, tier := slices.Contains(c.Schemes, a.Scheme), slices.Contains(c.Tiers, a.Tier)
	if !known {
		if h := a.At / hour; h != c.NewAt {
			c.NewAt, c.New = h, 0
		}
		c.New++
		inside, metadata := insideHost(a.Host)
		for j := range c.Asks {
			if x := &c.Asks[j]; x.Host == a.Host || inside || metadata {
				out.Finding(g.ssrf(c, x, a, metadata || x.Metadata))
				break
			}
		}
		switch {
		case a.At-c.Since < learnEdges || scheme && tier:
		case c.New >= deployEdges:
			g.metrics.suppressed.WithLabelValues("ew_deploy").Inc()
		case g.released(c, a):
			g.metrics.suppressed.WithLabelValues("ew_release").Inc()
		default:
			out.Finding(g.edge(c, a, !scheme, !tier))
		}
		if len(c.Hosts) < maxCalled {
			c.Hosts = slices.Insert(c.Hosts, i, host)
		} else {
			g.metrics.dropped.WithLabelValues("service_hosts").Inc()
		}
	}
	if !scheme && len(c.Schemes) < maxTiers {
		c.Schemes = append(c.Schemes, a.Scheme)
	}
	if !tier && len(c.Tiers) < maxTiers {
		c.Tiers = append(c.Tiers, a.Tier)
	}
}

// hostKey is the same in every process.
func hostKey(host string) uint64 {
	h := newHasher("")
	return h.of(host)
}

func (g *callers) begin(r *finding.Rule, c *caller, a *act, acts ...*act) finding.Finding {
	f := finding.From(r, c.Tenant)
	f.ID = finding.ID(c.Tenant, Name, r.ID, c.Service, a.Host, time.Unix(0, a.At).UTC().Format(time.RFC3339Nano))
	first, last := a.At, a.At
	for _, x := range acts {
		first, last = min(first, x.At), max(last, x.At)
		f.Events = append(f.Events, uuid.UUID(x.Event).String())
	}
	f.Time, f.FirstSeen, f.LastSeen, f.Count = time.Unix(0, last).UTC(), time.Unix(0, first).UTC(), time.Unix(0, last).UTC(), uint64(len(acts))
	f.Subject = finding.Subject{Service: c.Service, Endpoint: a.Endpoint}
	f.Versions.Detector = Version
	return f
}

func (g *callers) ssrf(c *caller, asked, called *act, metadata bool) finding.Finding {
	f := g.begin(&ssrf01, c, called, asked, called)
	f.Subject.Principal = asked.Scheme
	same := 0.0
	if asked.Host == called.Host {
		same = 1
	}
	f.Confidence = 0.75 + 0.15*same
	if metadata {
		f.Severity, f.Confidence = finding.Critical, min(0.97, f.Confidence+0.1)
	}
	f.Evidence = []finding.Evidence{{Location: "request", Masked: shapeHost(asked.Host), Note: "asked for at " + asked.Endpoint}, {Location: "call", Masked: shapeHost(called.Host), Note: "called for the first time"}}
	seconds := float64(called.At-asked.At) / 1e9
	f.Features = []finding.Number{{Name: "seconds_between", Value: seconds}, {Name: "same_host", Value: same}}
	f.Baseline = []finding.Number{{Name: "hosts_called_before", Value: float64(len(c.Hosts))}, {Name: "window_seconds", Value: float64(askWindow) / 1e9}}
	f.Summary = fmt.Sprintf("%s was asked at %s for an address inside, and %.1f s later called %s, which it had never called; it knows %d hosts", c.Service, asked.Endpoint, seconds, shapeHost(called.Host), len(c.Hosts))
	f.Counterfactual = fmt.Sprintf("A host that it calls anyway, or a first call more than %.0f s later, would not alert", float64(askWindow)/1e9)
	return f
}

func (g *callers) edge(c *caller, a *act, scheme, tier bool) finding.Finding {
	f := g.begin(&ew01, c, a, a)
	f.Confidence = 0.6
	how := "with another kind of credential (" + a.Scheme + ")"
	switch {
	case scheme && tier:
		f.Confidence = 0.75
		how += " and into namespace " + a.Tier
	case tier:
		how = "into namespace " + a.Tier + ", where it never called"
	}
	f.Features = []finding.Number{{Name: "new_credential", Value: number(scheme)}, {Name: "new_namespace", Value: number(tier)}, {Name: "new_this_hour", Value: float64(c.New)}}
	f.Baseline = []finding.Number{{Name: "hosts_called_before", Value: float64(len(c.Hosts))}, {Name: "days_known", Value: float64(a.At-c.Since) / float64(24*hour)}}
	f.Summary = fmt.Sprintf("%s called %s for the first time, %s; it has called %d others in %.1f days", c.Service, a.Host, how, len(c.Hosts), float64(a.At-c.Since)/float64(24*hour))
	f.Counterfactual = fmt.Sprintf("The usual credential within the usual namespaces, or %d new calls in an hour as a deploy has them, would not alert", deployEdges)
	return f
}

// shapeHost shows names of one's own estate and addresses inside as they are; they say
// nothing about anybody.
func shapeHost(host string) string {
	if inside, _ := insideHost(host); inside && len(host) <= maxShape {
		return host
	}
	return shapeOf(host)
}

func (g *callers) capture(c *keyed.Capture) { g.states.Capture(c) }

func (g *callers) decode(d *msgpack.Decoder) error { return g.states.Decode(d, (*caller).valid) }
