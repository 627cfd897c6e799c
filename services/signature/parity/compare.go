package parity

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Difference is a case on which two engines disagree.
type Difference struct {
	Case Case
	// Missing are rules that the oracle saw fire and the other did not, Extra the
	// other way round.
	Missing, Extra []int
	// Scores are the scores that differ, "name: oracle's, other's", by name.
	Scores []string
	// Err is set where only one of the two could not inspect the event.
	Err error
}

// Report is what a comparison found.
type Report struct {
	Compared int // events
	Fired    int // rules that fired, over all events
	Rules    int // different ones among them
	// Unsteady counts events on which the oracle, asked again, agrees after all:
	// Coraza walks maps, and where a later value overwrites an earlier one its answer
	// is not always the same.
	Unsteady    int
	Differences []Difference // in the order of the cases
}

// asks is how often the oracle is asked again before a difference is one.
const asks = 12

// Compare gives every case to both engines, on all processors.
func Compare(cases []Case, oracle, candidate Engine) Report {
	type answer struct {
		rules    []int
		diff     Difference
		differs  bool
		unsteady bool
	}
	answers := make([]answer, len(cases))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(cases) {
					return
				}
				a := &answers[i]
				got, gotScores, gotErr := candidate.Observe(cases[i].Event)
				for n := range asks {
					want, wantScores, wantErr := oracle.Observe(cases[i].Event)
					a.rules = want
					a.diff = differ(cases[i], want, got, wantScores, gotScores, wantErr, gotErr)
					if a.differs = !a.diff.none(); !a.differs {
						a.unsteady = n > 0
						break
					}
				}
			}
		})
	}
	wg.Wait()
	r := Report{Compared: len(cases)}
	rules := make(map[int]bool)
	for i := range answers {
		a := &answers[i]
		r.Fired += len(a.rules)
		for _, id := range a.rules {
			rules[id] = true
		}
		if a.unsteady {
			r.Unsteady++
		}
		if a.differs {
			r.Differences = append(r.Differences, a.diff)
		}
	}
	r.Rules = len(rules)
	return r
}

func differ(c Case, want, got []int, wantScores, gotScores map[string]int, wantErr, gotErr error) Difference {
	d := Difference{Case: c}
	switch {
	case wantErr != nil && gotErr != nil:
		return d
	case wantErr != nil:
		d.Err = fmt.Errorf("the oracle alone says: %w", wantErr)
		return d
	case gotErr != nil:
		d.Err = fmt.Errorf("the oracle does not say: %w", gotErr)
		return d
	}
	d.Missing, d.Extra = without(want, got), without(got, want)
	names := maps.Clone(wantScores)
	if names == nil {
		names = make(map[string]int)
	}
	maps.Copy(names, gotScores)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if a, b := wantScores[n], gotScores[n]; a != b {
			d.Scores = append(d.Scores, fmt.Sprintf("%s: %d, %d", n, a, b))
		}
	}
	return d
}

func (d *Difference) none() bool {
	return d.Err == nil && len(d.Missing) == 0 && len(d.Extra) == 0 && len(d.Scores) == 0
}

// without is what of a is not in b; both are sorted.
func without(a, b []int) (out []int) {
	for _, id := range a {
		if _, ok := slices.BinarySearch(b, id); !ok {
			out = append(out, id)
		}
	}
	return out
}

// String tells d on a few lines: what differs, and of the event what is needed to see
// why.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", d.Case.Name)
	if d.Err != nil {
		fmt.Fprintf(&b, " %v", d.Err)
	}
	if len(d.Missing) > 0 {
		fmt.Fprintf(&b, " missing %v", d.Missing)
	}
	if len(d.Extra) > 0 {
		fmt.Fprintf(&b, " extra %v", d.Extra)
	}
	if len(d.Scores) > 0 {
		fmt.Fprintf(&b, " scores %s", strings.Join(d.Scores, "; "))
	}
	e := d.Case.Event
	fmt.Fprintf(&b, "\n    %s %q ?%q %s", e.Method, clip(e.Path), clip(e.Query), e.Protocol)
	for i := range e.RequestHeaders {
		fmt.Fprintf(&b, "\n    %s: %q", e.RequestHeaders[i].Name, clip(e.RequestHeaders[i].Value))
	}
	if len(e.RequestBody.Data) > 0 {
		fmt.Fprintf(&b, "\n    body %d: %q", len(e.RequestBody.Data), clip(e.RequestBody.Data))
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, "\n    %d %s, body %d: %q", e.Status, e.ResponseHeader("Content-Type"), len(e.ResponseBody.Data), clip(e.ResponseBody.Data))
	}
	return b.String()
}

func clip(b []byte) []byte {
	if len(b) > 240 {
		return append(slices.Clip(b[:240]), "..."...)
	}
	return b
}

// ByRule tells of each rule that differs how often, and at which case first, the
// commonest rule first: whoever hunts differences begins there.
func (r *Report) ByRule() string {
	type tally struct {
		id, missing, extra int
		first              string
	}
	tallies := make(map[int]*tally)
	count := func(ids []int, name string, add func(*tally)) {
		for _, id := range ids {
			t := tallies[id]
			if t == nil {
				t = &tally{id: id, first: name}
				tallies[id] = t
			}
			add(t)
		}
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		count(d.Missing, d.Case.Name, func(t *tally) { t.missing++ })
		count(d.Extra, d.Case.Name, func(t *tally) { t.extra++ })
	}
	list := slices.SortedFunc(maps.Values(tallies), func(a, b *tally) int {
		if n := b.missing + b.extra - a.missing - a.extra; n != 0 {
			return n
		}
		return a.id - b.id
	})
	var b strings.Builder
	for _, t := range list {
		fmt.Fprintf(&b, "rule %d: missing %d, extra %d, first at %s\n", t.id, t.missing, t.extra, t.first)
	}
	return b.String()
}
