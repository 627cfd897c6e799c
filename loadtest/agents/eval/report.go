package main

import (
	"slices"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/services/behavior"
)

// results are what is printed, and with -json written as they are.
type results struct {
	Seed      uint64    `json:"seed"`
	Customers int       `json:"customers"`
	Days      int       `json:"days"`
	Instances int       `json:"instances"`
	Budget    float64   `json:"budget"`
	Poison    float64   `json:"poison"`
	Regimes   []*report `json:"regimes"`
	// Crowd is a larger world without attacks.
	Crowd *report `json:"crowd,omitempty"`
}

// report is of one regime.
type report struct {
	Regime      string      `json:"regime"`
	Events      int         `json:"events"` // of the last day, without attacks
	Actors      int         `json:"actors"`
	FalseActors []innocents `json:"false_positive_actors"`
	Rows        []row       `json:"rows,omitempty"`
}

// innocents is how many actors something alerts on in the day without attacks.
type innocents struct {
	By     string `json:"by"`
	Actors int    `json:"actors"`
	Over   bool   `json:"over_budget"`
}

// row is one kind of attack at one intensity.
type row struct {
	Attack    string  `json:"attack"`
	Detection string  `json:"detection"`
	Built     bool    `json:"built"`
	Intensity int     `json:"intensity"`
	Rate      float64 `json:"per_hour"`
	Events    float64 `json:"events"` // of an attack, in the mean
	Detected  score   `json:"detected"`
	Any       score   `json:"any"`
	Baselines []score `json:"baselines"` // fixed, p99.9, EWMA, and the best plain count
	// Poisoners is how many of those who attacked while it was learned were found then.
	Poisoners *score `json:"poisoners,omitempty"`

	singles []score
}

// score is how well something found the attacks of a row: the share that it found, and
// of those the median of what it took.
type score struct {
	By      string  `json:"by"`
	Recall  float64 `json:"recall"`
	Events  float64 `json:"events_to_detect"`
	Seconds float64 `json:"seconds_to_detect"`
}

func newReport(s settings, regime string, k *known, calm *outcome) *report {
	r := &report{Regime: regime, Events: calm.total, Actors: len(calm.actors)}
	var names []string
	for _, rule := range behavior.Rules() {
		names = append(names, rule.ID)
	}
	for _, by := range append(names, k.limits.names...) {
		n := len(calm.innocent[by])
		r.FalseActors = append(r.FalseActors, innocents{by, n, float64(n) > max(1, s.budget*float64(len(calm.actors))/20_000)})
	}
	return r
}

func (r *report) add(kind *agents.Kind, intensity int, o *outcome, k *known) {
	x := row{Attack: kind.Name, Detection: kind.Detection, Built: kind.Built, Intensity: intensity + 1, Rate: kind.Rates[intensity],
		Detected: o.score(kind.Detection), Any: o.score(anyRule)}
	for _, s := range o.attacks {
		x.Events += float64(len(s.times)) / float64(len(o.attacks))
	}
	if k.poisoners != nil {
		s := k.poisoners.score(kind.Detection)
		x.Poisoners = &s
	}
	for i, name := range k.limits.names {
		if s := o.score(name); i < len(k.limits.names)-len(plain) {
			x.Baselines = append(x.Baselines, s)
		} else {
			x.singles = append(x.singles, s)
		}
	}
	r.Rows = append(r.Rows, x)
}

// score is that of a rule, of several with blanks between, or of a baseline.
func (o *outcome) score(by string) score {
	var events, seconds []float64
	for _, s := range o.attacks {
		if h, ok := s.by(by); ok {
			events, seconds = append(events, float64(h.events)), append(seconds, h.seconds)
		}
	}
	return score{by, float64(len(events)) / float64(len(o.attacks)), quantile(events, 0.5), quantile(seconds, 0.5)}
}

// best chooses for each kind of attack the plain count that finds most of it.
func (r *report) best() {
	sums := map[string][]float64{}
	for _, x := range r.Rows {
		if sums[x.Attack] == nil {
			sums[x.Attack] = make([]float64, len(plain))
		}
		for i := range x.singles {
			sums[x.Attack][i] += x.singles[i].Recall
		}
	}
	for i := range r.Rows {
		x := &r.Rows[i]
		sum := sums[x.Attack]
		x.Baselines = append(x.Baselines, x.singles[slices.Index(sum, slices.Max(sum))])
	}
}
