package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

var heads = []string{"ATTACK", "DETECTION", "PER HOUR", "EVENTS", "RECALL", "TO DETECT", "ANY RULE", "FIXED", "P99.9", "EWMA", "BEST COUNT"}

func (x *row) cells() []string {
	detected, effort := fmt.Sprintf("%.2f", x.Detected.Recall), x.Detected.effort()
	if !x.Built {
		detected, effort = "not built", ""
	}
	cells := []string{x.Attack, x.Detection, fmt.Sprintf("%g", x.Rate), fmt.Sprintf("%.0f", x.Events), detected, effort, fmt.Sprintf("%.2f", x.Any.Recall)}
	for _, b := range x.Baselines[:3] {
		cells = append(cells, fmt.Sprintf("%.2f", b.Recall))
	}
	return append(cells, fmt.Sprintf("%.2f %s", x.Baselines[3].Recall, x.Baselines[3].By))
}

// sum is a kind of attack over all intensities.
type sum struct {
	attack, detection string
	detected, any     float64
	// best is the greatest recall of a baseline that keeps to the budget, by its name.
	best float64
	by   string
	// poisoners is the share that was found of those who attacked while it was learned.
	poisoners *score
}

func (s *sum) cells() []string {
	verdict := "better"
	switch {
	case s.detected < s.best-1e-9:
		verdict = "WORSE"
	case s.detected < s.best+1e-9:
		verdict = "as good"
	}
	cells := []string{s.attack, s.detection, fmt.Sprintf("%.2f", s.detected), fmt.Sprintf("%.2f", s.any), fmt.Sprintf("%.2f", s.best), s.by, verdict}
	if s.poisoners != nil {
		cells = append(cells, fmt.Sprintf("%.2f", s.poisoners.Recall))
	}
	return cells
}

func (r *report) sumHeads() []string {
	heads := []string{"ATTACK", "DETECTION", "MEAN RECALL", "ANY RULE", "BEST BASELINE", "WHICH", "DETECTION IS"}
	if r.Regime == poisoned {
		heads = append(heads, "POISONERS FOUND")
	}
	return heads
}

// sums compares detections with baselines at the same budget: one that alerts on more
// who did nothing than it allows is left out.
func (r *report) sums() (list []sum) {
	over := map[string]bool{}
	for _, f := range r.FalseActors {
		over[f.By] = f.Over
	}
	for from := 0; from < len(r.Rows); {
		to := from
		for to < len(r.Rows) && r.Rows[to].Attack == r.Rows[from].Attack {
			to++
		}
		rows := r.Rows[from:to]
		n := float64(len(rows))
		s := sum{attack: rows[0].Attack, detection: rows[0].Detection, by: "none", poisoners: rows[0].Poisoners}
		for b := range rows[0].Baselines {
			recall := 0.0
			for i := range rows {
				recall += rows[i].Baselines[b].Recall / n
			}
			// The plain counts have limits that kept to the budget.
			if name := rows[0].Baselines[b].By; recall > s.best && (b == len(rows[0].Baselines)-1 || !over[name]) {
				s.best, s.by = recall, name
			}
		}
		for i := range rows {
			s.detected += rows[i].Detected.Recall / n
			s.any += rows[i].Any.Recall / n
		}
		list = append(list, s)
		from = to
	}
	return list
}

func (r *report) title(poison float64) string {
	what := map[string]string{steady: "the last day is like those before", drifting: "the last day has a sale and a deploy, which none before had",
		poisoned: fmt.Sprintf("a sale and a deploy, and %g %% of the customers attacked while it was learned", 100*poison), "crowd": "a larger world, with a sale and a deploy"}[r.Regime]
	return fmt.Sprintf("%s: %s; %d events of %d actors", r.Regime, what, r.Events, r.Actors)
}

func (r *results) intro() string {
	return fmt.Sprintf("Seed %d, %d customers of a bank and as many of a shop; learned from %d days, judged on the next. %d attacks of each kind and intensity. The traffic is of our own making.", r.Seed, r.Customers, r.Days-1, r.Instances)
}

// write prints the results for people.
func (r *results) write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintln(&b, r.intro())
	for _, one := range r.Regimes {
		fmt.Fprintf(&b, "\n%s\n\n", one.title(r.Poison))
		table(&b, heads, one.Rows, (*row).cells)
		fmt.Fprintf(&b, "\nOver all intensities, beside the best that keeps to the budget:\n\n")
		table(&b, one.sumHeads(), one.sums(), (*sum).cells)
	}
	fmt.Fprintf(&b, "\nFalse-positive actors of the day without attacks, learned without any; the budget is %g among 20,000 for each:\n", r.Budget)
	table(&b, append([]string{""}, r.worlds()...), r.falseActors(), func(cells *[]string) []string { return *cells })
	_, err := w.Write(b.Bytes())
	return err
}

func table[T any](w io.Writer, heads []string, rows []T, cells func(*T) []string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(heads, "\t"))
	for i := range rows {
		fmt.Fprintln(t, strings.Join(cells(&rows[i]), "\t"))
	}
	t.Flush() //nolint:errcheck // into memory
}

// calm are the reports whose false positives differ: poison is learned anew for each
// kind of attack, and the day without attacks is that of drift.
func (r *results) calm() (list []*report) {
	for _, one := range r.Regimes {
		if one.Regime != poisoned || !slices.ContainsFunc(r.Regimes, func(x *report) bool { return x.Regime == drifting }) {
			list = append(list, one)
		}
	}
	if r.Crowd != nil {
		list = append(list, r.Crowd)
	}
	return list
}

func (r *results) worlds() (names []string) {
	for _, one := range r.calm() {
		names = append(names, fmt.Sprintf("%s, %d actors", one.Regime, one.Actors))
	}
	return names
}

func (r *results) falseActors() (rows [][]string) {
	all := r.calm()
	if len(all) == 0 {
		return nil
	}
	for i, f := range all[0].FalseActors {
		cells := []string{f.By}
		for _, one := range all {
			x := one.FalseActors[i]
			text := fmt.Sprint(x.Actors)
			if x.Over {
				text += " (over)"
			}
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	return rows
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
