// Package audit compares, again and again, the inventory with the specifications
// of a folder and those that were uploaded, and says what is new (INV-01).
//
// It is no detector: whether an operation is unseen for long is a question to the
// clock, and specifications come from people. What it says has the id of what it is
// about, so it may run in several processes, and again after a restart: the same
// id again is an update.
package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
	"github.com/prometheus/client_golang/prometheus"
)

// Config are the settings of an Audit. Start from Defaults.
type Config struct {
	Folder       string        `yaml:"folder" doc:"Folder of documents (OpenAPI, Swagger, GraphQL SDL, protobuf descriptor sets, Postman, HAR) that the observed API is compared with. What is added or changed is read again. Empty: none."`
	MaxBytes     int           `yaml:"max_bytes" doc:"Largest document that may be uploaded, in bytes."`
	Every        time.Duration `yaml:"every" doc:"How often the folder is looked at and the comparison made."`
	Remind       time.Duration `yaml:"remind" doc:"After how long a difference that persists is said again, with its counts."`
	spec.Options `yaml:",inline"`
}

// MaxUpload is the most that MaxBytes can be: a record has to fit the topic
// (max_bytes in topics.yaml) with its header.
const MaxUpload = 15 << 20

// Defaults compare with what is uploaded, and with a folder when one is named.
func Defaults() Config {
	return Config{MaxBytes: 4 << 20, Every: 30 * time.Second, Remind: 24 * time.Hour, Options: spec.Defaults()}
}

// Validate reports everything that is wrong.
func (c Config) Validate() error {
	var errs []error
	if c.Every < time.Second {
		errs = append(errs, fmt.Errorf("specifications.every is %v: must be 1s or more", c.Every))
	}
	if c.Remind < c.Every {
		errs = append(errs, fmt.Errorf("specifications.remind is %v: must not be below every (%v)", c.Remind, c.Every))
	}
	if c.MaxBytes < 1<<10 || c.MaxBytes > MaxUpload {
		errs = append(errs, fmt.Errorf("specifications.max_bytes is %d: must be 1024 to %d", c.MaxBytes, MaxUpload))
	}
	return errors.Join(append(errs, c.Options.Validate())...)
}

// Endpoints gives the endpoints of a tenant as they now stand.
type Endpoints interface {
	Endpoints(tenant string) []catalog.Endpoint
}

// Source gives the specifications of a tenant that come from elsewhere than the
// folder. The error names those that cannot be read; the others hold all the same.
type Source interface {
	Specifications(tenant string) ([]*spec.Specification, error)
}

// Audit remembers what it has said. For one goroutine.
type Audit struct {
	cfg    Config
	tenant string
	from   Endpoints
	folder *read.Folder // nil without one
	other  Source       // nil without one
	log    *slog.Logger
	broken map[string]bool // what was said of documents that cannot be read, so that it is told once
	said   map[string]statement

	documents, differences, failures prometheus.Gauge
}

// statement is what was last said of a difference.
type statement struct {
	first, last time.Time
	digest      string // of the document that it was held against
}

// New makes an audit of tenant's endpoints, against the folder and what other gives,
// which may be nil. The metrics are registered with reg.
func New(cfg Config, tenant string, from Endpoints, other Source, log *slog.Logger, reg prometheus.Registerer) (*Audit, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "mirador", Subsystem: "discovery", Name: name, Help: help})
	}
	a := &Audit{
		cfg: cfg, tenant: tenant, from: from, other: other, log: log, broken: map[string]bool{}, said: map[string]statement{},
		documents:   gauge("specifications", "Specifications that endpoints are compared with."),
		differences: gauge("specification_differences", "Differences between them and what was observed."),
		failures:    gauge("specification_unreadable", "1 while a document of the folder, or one that was uploaded, cannot be read."),
	}
	if cfg.Folder != "" {
		a.folder = read.NewFolder(cfg.Folder, document.Limits{})
	}
	for _, g := range []prometheus.Gauge{a.documents, a.differences, a.failures} {
		if err := reg.Register(g); err != nil {
			return nil, fmt.Errorf("audit: metrics: %w", err)
		}
	}
	return a, nil
}

// Round takes what changed in the folder and elsewhere, compares, and gives the
// findings that are new at now or due to be said again: after a while, and when they
// are held against another version of the document. What it gave before and is gone is
// forgotten: should it come back it is said anew. A document that cannot be read is
// logged, once; of the folder, the one before it stays in force.
func (a *Audit) Round(ctx context.Context, now time.Time) []finding.Finding {
	specs := a.specifications(ctx)
	a.documents.Set(float64(len(specs)))
	if len(specs) == 0 {
		a.differences.Set(0)
		clear(a.said)
		return nil
	}
	all := spec.Compare(specs, a.from.Endpoints(a.tenant), now, a.cfg.Options)
	a.differences.Set(float64(len(all)))
	var out []finding.Finding
	stands := make(map[string]bool, len(all))
	for _, d := range all {
		f := spec.Finding(a.tenant, d, now)
		stands[f.ID] = true
		before, known := a.said[f.ID]
		if known && now.Sub(before.last) < a.cfg.Remind && before.digest == d.Digest {
			continue
		}
		if !known {
			before.first = now
		}
		f.Time = before.first // an update says more, and not when it was found
		before.last, before.digest = now, d.Digest
		a.said[f.ID] = before
		out = append(out, f)
	}
	for id := range a.said {
		if !stands[id] {
			delete(a.said, id)
		}
	}
	return out
}

// specifications are those of the folder, then those from elsewhere; one that stands
// in both as it is counts once.
func (a *Audit) specifications(ctx context.Context) []*spec.Specification {
	var specs []*spec.Specification
	broken := map[string]bool{}
	if a.folder != nil {
		_, err := a.folder.Poll(ctx)
		a.complain(broken, err, "folder", "the one before it, if any, stays in force")
		specs = a.folder.Specifications()
	}
	if a.other != nil {
		more, err := a.other.Specifications(a.tenant)
		a.complain(broken, err, "uploaded", "it is passed over")
		there := map[string]bool{}
		for _, s := range specs {
			there[s.Digest] = true
		}
		for _, s := range more {
			if !there[s.Digest] {
				specs = append(specs, s)
			}
		}
	}
	a.broken = broken
	a.failures.Set(float64(min(len(broken), 1)))
	return specs
}

func (a *Audit) complain(broken map[string]bool, err error, from, then string) {
	if err == nil {
		return
	}
	text := from + ": " + err.Error()
	broken[text] = true
	if !a.broken[text] {
		a.log.Error("a specification cannot be read; "+then, "from", from, "folder", a.cfg.Folder, "error", err)
	}
}
