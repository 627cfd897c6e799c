package dfa

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// manyStates has a state for nearly every text of fourteen letters.
const manyStates = `(?:a|b)*a(?:a|b){14}c`

// letters is n letters, a or b, another text for each seed.
func letters(seed uint32, n int) string {
	var b strings.Builder
	for x := seed*2654435761 + 1; n > 0; n-- {
		x = x*1664525 + 1013904223
		b.WriteByte('a' + byte(x>>30&1))
	}
	return b.String()
}

// What texts of an hour ago filled serves the texts of now again, once that is paid for.
func TestAFullCacheBeginsAnew(t *testing.T) {
	m := compile(t, manyStates, 1<<30)
	for seed := range uint32(50) {
		m.Match(letters(seed, 1000))
	}
	if m.States() != maxStates || m.budget.Counts().Asked.Load() == 0 {
		t.Fatalf("%d states, regexp asked %d times: nothing is full", m.States(), m.budget.Counts().Asked.Load())
	}
	before := m.budget.Counts().Restarts.Load()
	for range 2 * statePrice * maxStates / 18 {
		if !m.Match("ordinary " + strings.Repeat("ba", 8) + "c") {
			t.Fatal("no match")
		}
	}
	if n := m.budget.Counts().Restarts.Load() - before; n != 1 || m.States() > 50 {
		t.Errorf("began anew %d times, want once; %d states", n, m.States())
	}
	asked := m.budget.Counts().Asked.Load()
	if m.Match("ordinary text"); m.budget.Counts().Asked.Load() != asked {
		t.Error("regexp is still asked")
	}
}

// Whoever sends texts that share no states does not have them built all the time.
func TestBeginningAnewIsPaidFor(t *testing.T) {
	m := compile(t, manyStates, 1<<30)
	const texts, size = 2000, 500
	for seed := range uint32(texts) {
		m.Match(letters(seed, size))
	}
	most := uint64(texts * size / (statePrice * maxStates))
	if n := m.budget.Counts().Restarts.Load(); n == 0 || n > most {
		t.Errorf("began anew %d times, want 1 to %d", n, most)
	}
}

// Who has no room for its states gets some of who holds most.
func TestTheLargestMakesRoom(t *testing.T) {
	budget := NewBudget(200_000)
	large, err := New(regexp.MustCompile(manyStates), budget)
	if err != nil {
		t.Fatal(err)
	}
	small, err := New(regexp.MustCompile(`\bselect\b.{1,10}\bfrom\b`), budget)
	if err != nil {
		t.Fatal(err)
	}
	large.Match(letters(1, 20_000))
	held := large.States()
	for range 2 * floorPrice / 15 {
		small.Match("select a from b")
	}
	asked := budget.Counts().Asked.Load()
	if !small.Match("select a from b") || budget.Counts().Asked.Load() != asked {
		t.Error("the small one is still without states")
	}
	if large.States() >= held/2 || budget.Counts().Restarts.Load() != 2 {
		t.Errorf("the large one holds %d states of %d; %d began anew", large.States(), held, budget.Counts().Restarts.Load())
	}
}

// Readers of a cache that is replaced under them say what regexp says.
func TestBeginningAnewWhileInUse(t *testing.T) {
	m := compile(t, manyStates, 60_000)
	var wg sync.WaitGroup
	for g := range uint32(4) {
		wg.Go(func() {
			for i := range uint32(300) {
				s := letters(i%20+g, 200) + []string{"c", "d"}[i%2]
				if got, want := m.Match(s), m.Regexp().MatchString(s); got != want {
					t.Errorf("%q: %v", s, got)
				}
				m.asked.Add(1 << 20)
			}
		})
	}
	wg.Wait()
	if m.budget.Counts().Restarts.Load() < 20 {
		t.Errorf("began anew %d times: too few to show anything", m.budget.Counts().Restarts.Load())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if held := m.cache.Load().bytes; m.budget.Left() != 60_000-held {
		t.Errorf("%d bytes left with %d held", m.budget.Left(), held)
	}
}

func TestNothingIsAllocatedOnceStatesAreThere(t *testing.T) {
	m := compile(t, expressions[3], 1<<20)
	s := "select " + strings.Repeat("x", 9) + " from"
	m.Match(s)
	if n := testing.AllocsPerRun(100, func() { m.Match(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkBuild is what a state costs, and what regexp looks at meanwhile: statePrice.
func BenchmarkBuild(b *testing.B) {
	for _, e := range []string{manyStates, `(?i)\bselect\b.{1,100}\bfromage\b`} {
		text := letters(1, 3000)
		re := regexp.MustCompile("(?sm)" + e)
		b.Run(fmt.Sprint("state/", e), func(b *testing.B) {
			states := 0
			for b.Loop() {
				m, err := New(re, NewBudget(1<<30))
				if err != nil {
					b.Fatal(err)
				}
				m.Match(text)
				states += m.States()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(states), "ns/state")
		})
		b.Run(fmt.Sprint("regexp/", e), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				re.MatchString(text)
			}
		})
	}
}
