package main

import (
	"strings"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/finding"
)

// outcome is what one day brought.
type outcome struct {
	attacks []*seen
	index   map[agents.Attack]*seen
	events  map[string]*seen // the attack that an event is part of, by id
	total   int
	actors  map[string]struct{}
	// innocent are whoever else was alerted on, by detection or baseline.
	innocent map[string]map[string]struct{}
}

// seen is an attack and who found it.
type seen struct {
	label string
	times []int64
	found map[string]hit
	// sources are who took part so far, alarmed those that a baseline alerted on.
	sources map[string]struct{}
	alarmed map[string]map[string]struct{}
}

// hit is the first time that something found an attack.
type hit struct {
	events  int     // of the attack until then
	seconds float64 // since its first
}

func newOutcome(attacks []agents.Attack) *outcome {
	o := &outcome{index: map[agents.Attack]*seen{}, events: map[string]*seen{}, actors: map[string]struct{}{}, innocent: map[string]map[string]struct{}{}}
	for i := range attacks {
		s := &seen{label: attacks[i].String(), found: map[string]hit{}, sources: map[string]struct{}{}, alarmed: map[string]map[string]struct{}{}}
		o.attacks = append(o.attacks, s)
		o.index[attacks[i]] = s
	}
	return o
}

func (o *outcome) see(t *agents.Transaction) {
	o.total++
	who := t.Event.Principal()
	o.actors[who] = struct{}{}
	if t.Attack == nil {
		return
	}
	s := o.index[*t.Attack]
	s.sources[who] = struct{}{}
	s.times = append(s.times, t.Event.RequestTime)
	o.events[t.Event.IDString()] = s
}

// finding is true of the attack that most of the events that it names are part of. It
// is believed no other way: not by its subject, which a token used from elsewhere
// shares with its owner.
func (o *outcome) finding(f finding.Finding) {
	of := map[*seen]int{}
	for _, id := range f.Events {
		if s := o.events[id]; s != nil {
			of[s]++
		}
	}
	for _, s := range o.attacks {
		if 2*of[s] > len(f.Events) {
			s.hit(f.Rule, f.Time.UnixNano())
			s.hit(anyRule, f.Time.UnixNano())
			return
		}
	}
	who := f.Subject.Principal
	if who == "" {
		who = f.Subject.EndpointID
	}
	o.blame(f.Rule, who)
}

// alarm is a baseline's, at v. An attack from many sources is found when a tenth of
// them are: who knows one address of a thousand knows nothing of the attack.
func (o *outcome) alarm(by string, v *view) {
	if v.attack == nil {
		o.blame(by, v.actor)
		return
	}
	s := o.index[*v.attack]
	if s.alarmed[by] == nil {
		s.alarmed[by] = map[string]struct{}{}
	}
	s.alarmed[by][v.actor] = struct{}{}
	if 10*len(s.alarmed[by]) >= len(s.sources) {
		s.hit(by, v.at)
	}
}

func (o *outcome) blame(by, who string) {
	if o.innocent[by] == nil {
		o.innocent[by] = map[string]struct{}{}
	}
	o.innocent[by][who] = struct{}{}
}

// anyRule stands for whichever detection is first.
const anyRule = "any"

func (s *seen) hit(by string, at int64) {
	if _, before := s.found[by]; before {
		return
	}
	h := hit{seconds: time.Duration(at - s.times[0]).Seconds()}
	for _, t := range s.times {
		if t <= at {
			h.events++
		}
	}
	s.found[by] = h
}

// by is the first hit of one of several, whose names have blanks between; the name of a
// plain count has some too.
func (s *seen) by(names string) (first hit, ok bool) {
	if h, ok := s.found[names]; ok {
		return h, true
	}
	for name := range strings.SplitSeq(names, " ") {
		if h, found := s.found[name]; found && (!ok || h.seconds < first.seconds) {
			first, ok = h, true
		}
	}
	return first, ok
}
