package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/prometheus/client_golang/prometheus"
)

type settings struct {
	world     agents.Options
	kinds     []*agents.Kind
	budget    float64
	instances int
	workers   int
	// regimes are what is measured under; poison is the share of customers who attack on
	// the days that are learned from under the last of them.
	regimes []string
	poison  float64
	// crowd is how many customers a world has whose false positives are counted.
	crowd    int
	progress io.Writer
	lists    *reputation.Lists
}

// Regimes: how the day that is judged differs from those that were learned from.
const (
	steady   = "steady"
	drifting = "drift"
	poisoned = "poison"
)

var regimeNames = []string{steady, drifting, poisoned}

// under is the world o under a regime.
func under(o agents.Options, regime string) agents.Options {
	o.Sales, o.Deploys = nil, nil
	if regime != steady {
		o.Sales = []int{o.Days - 1}
		o.Deploys = o.Sales
	}
	return o
}

func (s *settings) validate() error {
	var errs []error
	if s.world.Days < 2 {
		errs = append(errs, fmt.Errorf("days is %d: there must be one to learn from before the last", s.world.Days))
	}
	if !(s.budget >= 0) {
		errs = append(errs, fmt.Errorf("budget is %v: must not be negative", s.budget))
	}
	if s.instances < 1 || s.instances > 100 {
		errs = append(errs, fmt.Errorf("instances is %d: must be between 1 and 100", s.instances))
	}
	if !(s.poison >= 0 && s.poison <= 0.5) {
		errs = append(errs, fmt.Errorf("poison is %v: must be between 0 and 0.5", s.poison))
	}
	for _, r := range s.regimes {
		if !slices.Contains(regimeNames, r) {
			errs = append(errs, fmt.Errorf("regime %q is not one of %v", r, regimeNames))
		}
	}
	if s.crowd < 0 || s.crowd > 0 && s.crowd < 100 {
		errs = append(errs, fmt.Errorf("crowd is %d: must be 0 or at least 100", s.crowd))
	}
	if s.workers < 1 {
		errs = append(errs, fmt.Errorf("workers is %d: must be at least 1", s.workers))
	}
	return errors.Join(errs...)
}

// known is what all days but the last taught.
type known struct {
	first, second []byte // snapshots of both stages
	limits        *limits
	// poisoners are those who attacked meanwhile, and who found them; nil for none.
	poisoners *outcome
}

// stages are the detectors of the service, over one partition.
type stages struct {
	local  *runner.Local
	first  detect.Detector
	second detect.Merger
	batch  []*event.Event
}

// newStages starts from what k knows, nothing if nil.
func newStages(lists *reputation.Lists, k *known, raised func(finding.Finding)) (*stages, error) {
	cfg := behavior.Defaults()
	cfg.HashKey, cfg.Lists = "traffic of our own names nobody", lists
	m, err := behavior.NewMetrics(nil)
	if err != nil {
		return nil, err
	}
	factory, err := behavior.Factory(cfg, m)
	if err != nil {
		return nil, err
	}
	mergers, err := behavior.MergerFactory(cfg, m)
	if err != nil {
		return nil, err
	}
	s := &stages{first: factory(0), second: mergers(0)}
	if k != nil {
		if err := s.first.(detect.Stateful).Restore(bytes.NewReader(k.first)); err != nil {
			return nil, err
		}
		if err := s.second.(detect.Stateful).Restore(bytes.NewReader(k.second)); err != nil {
			return nil, err
		}
	}
	o := runner.DefaultOptions()
	o.Matcher, o.Logger, o.Registry, o.Workers = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), 1
	s.local, err = runner.NewLocal(runner.LocalOptions{
		Options: o, Partitions: 1, FlushEvery: 100,
		Detect:  []runner.DetectStage{{Name: behavior.Name, New: func(int32) detect.Detector { return s.first }, PartialKinds: []string{behavior.PartialKind}}},
		Merge:   []runner.MergeStage{{Name: behavior.Name + "-merge", Kind: behavior.PartialKind, New: func(int32) detect.Merger { return s.second }}},
		Finding: func(_ string, f finding.Finding) { raised(f) },
	})
	if err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	return s, nil
}

func (s *stages) feed(e *event.Event) {
	if s.batch = append(s.batch, e); len(s.batch) == 100 {
		s.local.FeedAll(s.batch, nil)
		s.batch = s.batch[:0]
	}
}

// end feeds what waits. closing, everything that waits for quiet is said as well.
func (s *stages) end(closing bool) {
	s.local.FeedAll(s.batch, nil)
	s.batch = nil
	if closing {
		s.local.Close()
	} else {
		s.local.Flush()
	}
}

// learn shows all days but the last, with the given attacks on each, to detectors and
// baselines.
func learn(lists *reputation.Lists, w *agents.World, attacks []agents.Attack, budget float64) (*known, error) {
	o := newOutcome(attacks)
	s, err := newStages(lists, nil, o.finding)
	if err != nil {
		return nil, err
	}
	lessons := newLessons()
	for d := range w.Options().Days - 1 {
		if err := w.Day(d, attacks, func(t *agents.Transaction) error {
			o.see(t)
			s.feed(t.Event)
			lessons.see(viewOf(t))
			return nil
		}); err != nil {
			return nil, err
		}
		lessons.night()
	}
	s.end(false)
	var first, second bytes.Buffer
	if err := s.first.(detect.Stateful).Snapshot(&first); err != nil {
		return nil, err
	}
	if err := s.second.(detect.Stateful).Snapshot(&second); err != nil {
		return nil, err
	}
	k := &known{first: first.Bytes(), second: second.Bytes(), limits: newLimits(lessons, share(w, budget))}
	if len(attacks) > 0 {
		k.poisoners = o
	}
	return k, nil
}

// share is the part of a budget for 20,000 people that those of w have.
func share(w *agents.World, budget float64) float64 {
	return budget * float64(2*w.Options().Customers) / 20_000
}

// trial is the last day with the given attacks.
func trial(lists *reputation.Lists, w *agents.World, k *known, attacks []agents.Attack) (*outcome, error) {
	o := newOutcome(attacks)
	s, err := newStages(lists, k, o.finding)
	if err != nil {
		return nil, err
	}
	judges := k.limits.judges()
	if err := w.Day(w.Options().Days-1, attacks, func(t *agents.Transaction) error {
		o.see(t)
		s.feed(t.Event)
		v := viewOf(t)
		for i, j := range judges {
			if j.see(&v) {
				o.alarm(k.limits.names[i], &v)
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	s.end(true)
	return o, nil
}

// poisoners attack by day as the trial will, slowly: the same ones every day.
func (s *settings) poisoners(k *agents.Kind) (list []agents.Attack) {
	for i := range int(s.poison * float64(s.world.Customers)) {
		list = append(list, agents.Attack{Kind: k, Intensity: 1, Instance: 1000 + i})
	}
	return list
}
