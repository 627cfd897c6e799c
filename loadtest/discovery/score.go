package main

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// bar is how many answers of 2xx make an operation part of the truth.
const bar = 5

// score of one provider, or the sum of several.
type score struct {
	truth, predicted, right int
	// below are predicted templates of true operations under the bar: neither right
	// nor wrong.
	below int
	// over are predicted groups with more than one true one; under are true ones in
	// more than one group.
	over, under int
	// transactions were answered; placed have the true template; of grouped ones all
	// others of the same operation have the same, and none of another operation.
	transactions, placed, grouped int
	hitsToCorrect                 []int
	classes                       map[string]*[2]int // values that stand as parameters, of all
	wrong, missed                 []string
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func (s *score) precision() float64 { return ratio(s.right, s.predicted) }
func (s *score) recall() float64    { return ratio(s.right, s.truth) }
func (s *score) f1() float64 {
	p, r := s.precision(), s.recall()
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
func (s *score) grouping() float64 { return ratio(s.placed, s.transactions) }
func (s *score) strict() float64   { return ratio(s.grouped, s.transactions) }

// explain prints what is wrong.
func (s *score) explain(w io.Writer, provider string) {
	fmt.Fprintf(w, "%s: F1 %.3f, precision %.3f, recall %.3f, grouping accuracy %.3f of %d operations\n", provider, s.f1(), s.precision(), s.recall(), s.grouping(), s.truth)
	for _, m := range s.missed {
		fmt.Fprintln(w, "  missed", m)
	}
	for _, m := range s.wrong {
		fmt.Fprintln(w, "  wrong ", m)
	}
}

// answered says whether t shows that its operation exists.
func (t *transaction) answered() bool {
	return t.op != nil && t.event.Status >= 200 && t.event.Status < 300
}

// judge compares what was learned with what made the traffic. group gives the
// learned template of a transaction; learned are all templates. Both are shapes.
func judge(all []transaction, learned map[string]bool, group func(*transaction) string) *score {
	s := &score{classes: map[string]*[2]int{}}
	answers := map[string]int{}
	groups, truths := map[string]map[string]int{}, map[string]map[string]int{}
	for i := range all {
		t := &all[i]
		if !t.answered() {
			continue
		}
		answers[t.op.shape]++
		g := group(t)
		for _, m := range [...]struct {
			to        map[string]map[string]int
			key, with string
		}{{groups, g, t.op.shape}, {truths, t.op.shape, g}} {
			if m.to[m.key] == nil {
				m.to[m.key] = map[string]int{}
			}
			m.to[m.key][m.with]++
		}
		s.class(t, g)
	}
	for shape, n := range answers {
		if n >= bar {
			s.truth++
			if learned[shape] {
				s.right++
			} else {
				s.missed = append(s.missed, fmt.Sprintf("%s (%d)", shape, n))
			}
			if len(truths[shape]) > 1 {
				s.under++
			}
		}
	}
	for shape := range learned {
		switch n := answers[shape]; {
		case n == 0:
			s.predicted++
			s.wrong = append(s.wrong, shape)
		case n >= bar:
			s.predicted++
		default:
			s.below++
		}
	}
	for _, with := range groups {
		if len(with) > 1 {
			s.over++
		}
	}
	for shape, with := range truths {
		for g, n := range with {
			s.transactions += n
			if g == shape {
				s.placed += n
			}
			if len(with) == 1 && len(groups[g]) == 1 {
				s.grouped += n
			}
		}
	}
	sort.Strings(s.wrong)
	sort.Strings(s.missed)
	return s
}

// class counts the values of t that stand as parameters in its learned template.
func (s *score) class(t *transaction, group string) {
	learned, truth := strings.Split(group, "/"), strings.Split(t.op.shape, "/")
	k := 0
	for i, segment := range truth {
		for range strings.Count(segment, "{}") {
			c := s.classes[t.classes[k]]
			if c == nil {
				c = &[2]int{}
				s.classes[t.classes[k]] = c
			}
			c[1]++
			if len(learned) == len(truth) && strings.Contains(learned[i], "{") {
				c[0]++
			}
			k++
		}
	}
}

// report is the macro mean over providers, with the counts.
type report struct {
	name   string
	scores map[string]*score
}

func (r *report) write(w io.Writer) {
	sum := score{classes: map[string]*[2]int{}}
	var p, rec, f, g, strict float64
	n := float64(max(len(r.scores), 1))
	for _, name := range sortedNames(r.scores) {
		s := r.scores[name]
		p, rec, f, g, strict = p+s.precision(), rec+s.recall(), f+s.f1(), g+s.grouping(), strict+s.strict()
		sum.add(s)
	}
	line := func(format string, args ...any) { fmt.Fprintf(w, "  %-9s "+format+"\n", append([]any{""}, args...)...) }
	fmt.Fprintf(w, "  %-9s %d providers, macro mean: precision %.3f, recall %.3f, F1 %.3f, grouping accuracy %.3f (groups exact as a whole: %.3f)\n",
		r.name, len(r.scores), p/n, rec/n, f/n, g/n, strict/n)
	line("%d right of %d predicted (%.3f), of %d true (%.3f); %d predicted beside these have fewer than %d answers", sum.right, sum.predicted, sum.precision(), sum.truth, sum.recall(), sum.below, bar)
	line("%d of %d transactions have the true template, %d are in an exact group; %d groups hold several operations, %d operations are in several groups",
		sum.placed, sum.transactions, sum.grouped, sum.over, sum.under)
	if h := sum.hitsToCorrect; len(h) > 0 {
		sort.Ints(h)
		line("answers until the template was right for good: median %d, 90th percentile %d, of %d, looked at %d times", h[len(h)/2], h[len(h)*9/10], len(h), rounds)
	}
	for _, c := range sortedNames(sum.classes) {
		k := sum.classes[c]
		line("  %-13s %7d of %7d values are parameters (%.1f %%)", c, k[0], k[1], 100*ratio(k[0], k[1]))
	}
}

func (s *score) add(o *score) {
	s.truth, s.predicted, s.right, s.below = s.truth+o.truth, s.predicted+o.predicted, s.right+o.right, s.below+o.below
	s.over, s.under = s.over+o.over, s.under+o.under
	s.grouped, s.placed, s.transactions = s.grouped+o.grouped, s.placed+o.placed, s.transactions+o.transactions
	s.hitsToCorrect = append(s.hitsToCorrect, o.hitsToCorrect...)
	for c, k := range o.classes {
		if s.classes[c] == nil {
			s.classes[c] = &[2]int{}
		}
		s.classes[c][0] += k[0]
		s.classes[c][1] += k[1]
	}
}
