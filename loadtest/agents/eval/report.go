package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/services/behavior"
)

// report is what is printed, and with -json written as it is.
type report struct {
	Seed        uint64      `json:"seed"`
	Customers   int         `json:"customers"`
	Days        int         `json:"days"`
	Instances   int         `json:"instances"`
	Budget      float64     `json:"budget"`
	Poison      float64     `json:"poison"`
	Drift       bool        `json:"drift"`
	Events      int         `json:"events"` // of the last day, without attacks
	Actors      int         `json:"actors"`
	FalseActors []innocents `json:"innocentspositive_actors"`
	Rows        []row       `json:"rows"`
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

func newReport(s settings, k *known, calm *outcome) *report {
	r := &report{Seed: s.world.Seed, Customers: s.world.Customers, Days: s.world.Days, Instances: s.instances, Budget: s.budget, Poison: s.poison, Drift: len(s.world.Deploys) > 0, Events: calm.total, Actors: len(calm.actors)}
	var names []string
	for _, rule := range behavior.Rules() {
		names = append(names, rule.ID)
	}
	for _, by := range append(names, k.limits.names...) {
		n := len(calm.innocent[by])
		r.FalseActors = append(r.FalseActors, innocents{by, n, float64(n) > s.budget})
	}
	return r
}

func (r *report) add(kind *agents.Kind, intensity int, o *outcome, k *known) {
	x := row{Attack: kind.Name, Detection: kind.Detection, Built: kind.Built, Intensity: intensity + 1, Rate: kind.Rates[intensity],
		Detected: o.score(kind.Detection), Any: o.score(anyRule)}
	for _, s := range o.attacks {
		x.Events += float64(len(s.times)) / float64(len(o.attacks))
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

func (o *outcome) score(by string) score {
	var events, seconds []float64
	for _, s := range o.attacks {
		if h, ok := s.found[by]; ok {
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

// write prints the report for people.
func (r *report) write(w io.Writer) error {
	fmt.Fprintf(w, "Seed %d, %d customers of a bank and as many of a shop; learned from %d days, judged on the next: %d events of %d actors, sale and deploy: %v.\n"+
		"%d attacks of each kind and intensity; %g of the customers attacked while it was learned. The traffic is of our own making.\n\n", r.Seed, r.Customers, r.Days-1, r.Events, r.Actors, r.Drift, r.Instances, r.Poison)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "ATTACK\tDETECTION\tPER HOUR\tEVENTS\tRECALL\tTO DETECT\tANY RULE\tFIXED\tP99.9\tEWMA\tBEST COUNT\n")
	for _, x := range r.Rows {
		detected := fmt.Sprintf("%.2f\t%s", x.Detected.Recall, x.Detected.effort())
		if !x.Built {
			detected = "not built\t"
		}
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%.0f\t%s\t%.2f", x.Attack, x.Detection, x.Rate, x.Events, detected, x.Any.Recall)
		for _, b := range x.Baselines[:3] {
			fmt.Fprintf(t, "\t%.2f", b.Recall)
		}
		fmt.Fprintf(t, "\t%.2f %s\n", x.Baselines[3].Recall, x.Baselines[3].By)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nFalse-positive actors of the day without attacks, learned without any; the budget is %g for each:\n", r.Budget)
	var parts []string
	for _, f := range r.FalseActors {
		over := ""
		if f.Over {
			over = " (over)"
		}
		parts = append(parts, fmt.Sprintf("  %-26s %5d%s", f.By, f.Actors, over))
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n"))
	return err
}

// effort is what the median attack that was found got done before.
func (s score) effort() string {
	if s.Recall == 0 {
		return "-"
	}
	d := time.Duration(s.Seconds * float64(time.Second))
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f, %.0f s", s.Events, d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f, %.0f min", s.Events, d.Minutes())
	}
	return fmt.Sprintf("%.0f, %.0f h", s.Events, d.Hours())
}
