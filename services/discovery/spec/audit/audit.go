// Package audit compares, again and again, the inventory with the specifications
// of a folder, and says what is new (INV-01).
//
// It is no detector: whether an operation is unseen for long is a question to the
// clock, and specifications come from files. What it says has the id of what it is
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
	Every        time.Duration `yaml:"every" doc:"How often the folder is looked at and the comparison made."`
	Remind       time.Duration `yaml:"remind" doc:"After how long a difference that persists is said again, with its counts."`
	spec.Options `yaml:",inline"`
}

// Defaults compare nothing until a folder is named.
func Defaults() Config {
	return Config{Every: 30 * time.Second, Remind: 24 * time.Hour, Options: spec.Defaults()}
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
	return errors.Join(append(errs, c.Options.Validate())...)
}

// Endpoints gives the endpoints of a tenant as they now stand.
type Endpoints interface {
	Endpoints(tenant string) []catalog.Endpoint
}

// Audit remembers what it has said. For one goroutine.
type Audit struct {
	cfg    Config
	tenant string
	from   Endpoints
	folder *read.Folder
	log    *slog.Logger
	broken string // the last error of the folder, so that it is told once
	said   map[string]statement

	documents, differences, failures prometheus.Gauge
}

// statement is what was last said of a difference.
type statement struct {
	first, last time.Time
}

// New makes an audit of tenant's endpoints. The metrics are registered with reg.
func New(cfg Config, tenant string, from Endpoints, log *slog.Logger, reg prometheus.Registerer) (*Audit, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "mirador", Subsystem: "discovery", Name: name, Help: help})
	}
	a := &Audit{
		cfg: cfg, tenant: tenant, from: from, folder: read.NewFolder(cfg.Folder, document.Limits{}), log: log, said: map[string]statement{},
		documents:   gauge("specifications", "Specifications that endpoints are compared with."),
		differences: gauge("specification_differences", "Differences between them and what was observed."),
		failures:    gauge("specification_unreadable", "1 while a document of the folder cannot be read."),
	}
	for _, g := range []prometheus.Gauge{a.documents, a.differences, a.failures} {
		if err := reg.Register(g); err != nil {
			return nil, fmt.Errorf("audit: metrics: %w", err)
		}
	}
	return a, nil
}

// Round reads what changed in the folder, compares, and gives the findings that are
// new at now or due to be said again. What it gave before and is gone is forgotten:
// should it come back it is said anew. A document that cannot be read is logged,
// once, and the one before it stays in force.
func (a *Audit) Round(ctx context.Context, now time.Time) []finding.Finding {
	_, err := a.folder.Poll(ctx)
	a.complain(err)
	specs := a.folder.Specifications()
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
		if known && now.Sub(before.last) < a.cfg.Remind {
			continue
		}
		if !known {
			before.first = now
		}
		f.Time = before.first // an update says more, and not when it was found
		before.last = now
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

func (a *Audit) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
		a.failures.Set(1)
	} else {
		a.failures.Set(0)
	}
	if text != "" && text != a.broken {
		a.log.Error("a specification cannot be read; the one before it, if any, stays in force", "folder", a.cfg.Folder, "error", err)
	}
	a.broken = text
}
