package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/services/behavior/reputation"
)

// openLists are those of bad networks and crawlers in the generated world.
func openLists() (_ *reputation.Lists, err error) {
	dir, err := os.MkdirTemp("", "lists")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	bad, crawlers := filepath.Join(dir, "bad.csv"), filepath.Join(dir, "crawlers.txt")
	if err := errors.Join(os.WriteFile(bad, []byte(agents.BadNetworks), 0o600), os.WriteFile(crawlers, []byte(agents.CrawlerNetworks), 0o600)); err != nil {
		return nil, err
	}
	s := reputation.Defaults()
	s.Lists = []reputation.List{{Name: "bad networks", Source: reputation.Source{File: bad}}}
	s.Crawlers = []reputation.Crawler{{Name: agents.CrawlerAgent, Agents: []string{agents.CrawlerAgent}, Ranges: []reputation.Source{{File: crawlers}}}}
	return reputation.Open(context.Background(), s)
}

// evaluate counts the false positives of a crowd and measures under every regime; told
// is shown the results after each.
func evaluate(s settings, told func(*results) error) (*results, error) {
	var err error
	if s.lists, err = openLists(); err != nil {
		return nil, fmt.Errorf("lists: %w", err)
	}
	r := &results{Seed: s.world.Seed, Customers: s.world.Customers, Days: s.world.Days, Instances: s.instances, Budget: s.budget, Poison: s.poison}
	if s.crowd > 0 {
		if r.Crowd, err = s.larger(); err != nil {
			return nil, fmt.Errorf("crowd: %w", err)
		}
		if err := told(r); err != nil {
			return nil, err
		}
	}
	for _, name := range s.regimes {
		one, err := s.measure(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		r.Regimes = append(r.Regimes, one)
		if err := told(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// larger is a day without attacks of a world of so many that a budget of a few is one.
func (s *settings) larger() (*report, error) {
	o := under(s.world, drifting)
	o.Customers = s.crowd
	w, err := agents.New(o)
	if err != nil {
		return nil, err
	}
	k, calm, err := s.calm(w)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.progress, "eval: crowd of %d actors\n", len(calm.actors))
	return newReport(*s, "crowd", k, calm), nil
}

// calm learns from days without attacks, and is shown another.
func (s *settings) calm(w *agents.World) (*known, *outcome, error) {
	k, err := learn(s.lists, w, nil, s.budget)
	if err != nil {
		return nil, nil, fmt.Errorf("learning: %w", err)
	}
	o, err := trial(s.lists, w, k, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("the day without attacks: %w", err)
	}
	return k, o, nil
}

// measure learns, once or for each kind of poison, and holds all trials of a regime.
func (s *settings) measure(regime string) (*report, error) {
	w, err := agents.New(under(s.world, regime))
	if err != nil {
		return nil, err
	}
	clean, calm, err := s.calm(w)
	if err != nil {
		return nil, err
	}
	r := newReport(*s, regime, clean, calm)
	all := make([][agents.Intensities]*outcome, len(s.kinds))
	limits := make([]*known, len(s.kinds))
	failed := make([]error, len(s.kinds))
	todo := make(chan int)
	var wait sync.WaitGroup
	var lock sync.Mutex
	done, since := 0, time.Now()
	for range s.workers {
		wait.Go(func() {
			for i := range todo {
				limits[i], all[i], failed[i] = s.trials(w, clean, s.kinds[i], regime == poisoned)
				lock.Lock()
				done++
				fmt.Fprintf(s.progress, "eval: %s, %d of %d kinds of attack after %s: %s\n", regime, done, len(s.kinds), time.Since(since).Round(time.Second), s.kinds[i].Name)
				lock.Unlock()
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
		for intensity, o := range all[i] {
			r.add(kind, intensity, o, limits[i])
		}
	}
	r.best()
	return r, nil
}

// trials are those of a kind of attack, at all intensities, and what was known then.
func (s *settings) trials(w *agents.World, k *known, kind *agents.Kind, poison bool) (_ *known, list [agents.Intensities]*outcome, err error) {
	if by := s.poisoners(kind); poison && len(by) > 0 {
		if k, err = learn(s.lists, w, by, s.budget); err != nil {
			return nil, list, fmt.Errorf("learning: %w", err)
		}
	}
	for i := range list {
		if list[i], err = trial(s.lists, w, k, s.attacksOf(kind, i)); err != nil {
			return nil, list, fmt.Errorf("intensity %d: %w", i+1, err)
		}
	}
	return k, list, nil
}
