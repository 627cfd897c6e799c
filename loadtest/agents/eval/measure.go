package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/prometheus/client_golang/prometheus"
)

type settings struct {
	world     agents.Options
	kinds     []*agents.Kind
	budget    float64
	instances int
	workers   int
	// poison is the share of customers, over all, who attack on the days that are
	// learned from.
	poison float64
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
	if s.workers < 1 {
		errs = append(errs, fmt.Errorf("workers is %d: must be at least 1", s.workers))
	}
	return errors.Join(errs...)
}

// known is what all days but the last taught.
type known struct {
	first, second []byte // snapshots of both stages
	limits        *limits
}

// stages are the detectors of the service, over one partition.
type stages struct {
	local  *runner.Local
	first  detect.Detector
	second detect.Merger
	batch  []*event.Event
}

// newStages starts from what k knows, nothing if nil.
func newStages(k *known, raised func(finding.Finding)) (*stages, error) {
	cfg := behavior.Defaults()
	cfg.HashKey = "traffic of our own names nobody"
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
func learn(w *agents.World, attacks []agents.Attack, budget float64) (*known, error) {
	s, err := newStages(nil, func(finding.Finding) {})
	if err != nil {
		return nil, err
	}
	lessons := newLessons()
	for d := range w.Options().Days - 1 {
		if err := w.Day(d, attacks, func(t *agents.Transaction) error {
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
	return &known{first: first.Bytes(), second: second.Bytes(), limits: newLimits(lessons, budget)}, nil
}

// trial is the last day with the given attacks.
func trial(w *agents.World, k *known, attacks []agents.Attack) (*outcome, error) {
	o := newOutcome(attacks)
	s, err := newStages(k, o.finding)
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

// evaluate learns, once or for each kind of poison, and holds all trials.
func evaluate(s settings) (*report, error) {
	w, err := agents.New(s.world)
	if err != nil {
		return nil, err
	}
	clean, err := learn(w, nil, s.budget)
	if err != nil {
		return nil, fmt.Errorf("learning: %w", err)
	}
	calm, err := trial(w, clean, nil)
	if err != nil {
		return nil, fmt.Errorf("the day without attacks: %w", err)
	}
	r := newReport(s, clean, calm)
	results := make([][agents.Intensities]*outcome, len(s.kinds))
	failed := make([]error, len(s.kinds))
	todo := make(chan int)
	var wait sync.WaitGroup
	for range s.workers {
		wait.Go(func() {
			for i := range todo {
				results[i], failed[i] = s.trials(w, clean, s.kinds[i])
			}
		})
	}
	for i := range s.kinds {
		todo <- i
	}
	close(todo)
	wait.Wait()
	for i, kind := range s.kinds {
		if failed[i] != nil {
			return nil, fmt.Errorf("%s: %w", kind.Name, failed[i])
		}
		for intensity, o := range results[i] {
			r.add(kind, intensity, o, clean)
		}
	}
	r.best()
	return r, nil
}

// trials are those of a kind of attack, at all intensities.
func (s *settings) trials(w *agents.World, k *known, kind *agents.Kind) (list [agents.Intensities]*outcome, err error) {
	if poison := s.poisoners(kind); len(poison) > 0 {
		if k, err = learn(w, poison, s.budget); err != nil {
			return list, fmt.Errorf("learning: %w", err)
		}
	}
	for i := range list {
		if list[i], err = trial(w, k, s.attacksOf(kind, i)); err != nil {
			return list, fmt.Errorf("intensity %d: %w", i+1, err)
		}
	}
	return list, nil
}
