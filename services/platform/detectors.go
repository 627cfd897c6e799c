package platform

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/classifier"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/inventory"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/verdict"
	"github.com/prometheus/client_golang/prometheus"
)

// detection is a detector service's detection code.
type detection struct {
	name   string
	first  detect.Factory
	second detect.MergerFactory // nil where there is no second stage
	kind   string               // of the partials between them
	// follow keeps up with what is configured outside; nil where nothing is.
	follow func(context.Context) error
}

// Detectors are the names of the detector services.
func Detectors() []string { return []string{"discovery", "signature", "behavior", "classifier"} }

// detection makes the detectors of the service of that name. The keys of their
// hashes are derived from secret, which every instance must share. known is what
// look-alikes are told by, and what signatures know of fields.
func (c *Config) detection(name, secret string, known *inventory.Inventory, reg prometheus.Registerer, log *slog.Logger) (d detection, err error) {
	d.name = name
	switch name {
	case "discovery":
		cfg := c.Discovery
		cfg.Log, cfg.Metrics, cfg.Catalog = log, reg, known
		d.first, d.second, d.kind = discovery.Factory(cfg), discovery.MergerFactory(cfg), discovery.Kind
	case "signature":
		var e *engine.Engine
		if e, err = engine.New(c.Signature.Engine); err != nil {
			break
		}
		d.follow = func(ctx context.Context) error {
			return e.Follow(ctx, func(err error) {
				if err != nil {
					log.Error("own rules: the old ones stay in force", "folder", c.Signature.Engine.Rules, "error", err)
				} else {
					log.Info("own rules were read again", "folder", c.Signature.Engine.Rules)
				}
			})
		}
		var second signature.Judge // none where verdicts are the rule set's own
		if !c.Signature.Plain {
			cfg := c.Signature.Verdict
			cfg.Catalog = known
			if second, err = verdict.New(cfg); err != nil {
				break
			}
		}
		d.first, err = signature.Factory(c.Signature.Config, e, second, reg)
	case "behavior":
		cfg := c.Behavior
		cfg.HashKey = derived(secret, name)
		var m *behavior.Metrics
		if m, err = behavior.NewMetrics(reg); err != nil {
			break
		}
		if cfg.Lists, err = reputation.Open(context.Background(), cfg.Reputation); err != nil {
			break
		}
		d.follow = func(ctx context.Context) error {
			return cfg.Lists.Follow(ctx, func(err error) {
				if err != nil {
					log.Error("reputation: what was known before stays in force", "error", err)
				} else {
					log.Info("reputation lists were read again", "version", cfg.Lists.Current().Version())
				}
			})
		}
		if d.first, err = behavior.Factory(cfg, m); err == nil {
			d.second, err = behavior.MergerFactory(cfg, m)
		}
		d.kind = behavior.PartialKind
	case "classifier":
		cfg := c.Classifier
		cfg.HashKey, cfg.Log, cfg.Metrics = derived(secret, name), log, reg
		if cfg.Partners, err = c.Discovery.Partners(); err != nil {
			break
		}
		var classes *classifier.Classes
		if classes, err = classifier.NewClasses(&cfg); err != nil {
			break
		}
		d.follow = func(ctx context.Context) error {
			return classes.Follow(ctx, func(err error) {
				if err != nil {
					log.Error("own classes: the old ones stay in force", "folder", cfg.Classes, "error", err)
				} else {
					log.Info("own classes were read again", "folder", cfg.Classes)
				}
			})
		}
		d.first, err = classifier.Factory(cfg, classes)
		d.second, d.kind = classifier.MergerFactory(cfg, classes), classifier.Kind
	default:
		err = fmt.Errorf("no detector is called %q; there are %v", name, Detectors())
	}
	return d, err
}

// derived is a key made from secret for one purpose.
func derived(secret, purpose string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte("mirador " + purpose))
	return hex.EncodeToString(m.Sum(nil))
}

// InspectStages are the stages of the named detectors, without policy: for
// looking at recorded traffic. Nothing of it leaves the process, so the keys of
// its hashes are fixed and a run repeats. With each, what is found in single events
// is not grouped: every event brings its own finding.
func (c *Config) InspectStages(names []string, each bool) (first []runner.DetectStage, second []runner.MergeStage, err error) {
	if each {
		one := *c
		one.Signature.Window, c = 0, &one
	}
	reg, log, known := prometheus.NewRegistry(), slog.New(slog.DiscardHandler), inventory.New()
	for _, name := range names {
		d, err := c.detection(name, "mirador inspects files with this key: it protects nothing", known, reg, log)
		if err != nil {
			return nil, nil, err
		}
		if name == "discovery" {
			d.second = inventory.Follow(d.second, known)
		}
		stage := runner.DetectStage{Name: name, New: d.first}
		if d.second != nil {
			stage.PartialKinds = []string{d.kind}
			second = append(second, runner.MergeStage{Name: name + "-merge", Kind: d.kind, New: d.second})
		}
		first = append(first, stage)
	}
	return first, second, nil
}
