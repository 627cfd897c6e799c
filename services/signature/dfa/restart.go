package dfa

import (
	"sync"
	"sync/atomic"
)

// What a cache holds was made by the texts of an hour ago, hostile ones perhaps, and
// the texts of now need other states. RE2 throws a full cache away and goes on. To
// throw it away each time would let one who sends texts that share no states have
// everything built again and again, at several times what regexp costs. So regexp is
// asked until that has cost about as much as the states did: whatever comes, the whole
// costs at most about twice what the better of the two would have cost (the ski rental
// problem).
//
// Where the budget is used up by others, the Matcher that holds most of it begins anew
// as well: else those that were first would keep everybody else slow for good.

// Prices are in bytes that regexp looks at while one state is made; the floor is for a
// cache that had no room to begin with.
const (
	statePrice = 32
	floorPrice = 16 << 10
)

// ask lets regexp answer, and begins anew when that has been paid for.
func (m *Matcher) ask(s string) bool {
	if m.hopeless {
		return m.re.MatchString(s)
	}
	m.budget.counts.Asked.Add(1)
	if m.asked.Add(int64(len(s))) >= floorPrice {
		m.restart()
	}
	return m.re.MatchString(s)
}

// restart begins anew if the states that there are were paid for.
func (m *Matcher) restart() {
	m.mu.Lock()
	paid := m.asked.Load() >= max(floorPrice, statePrice*int64(len(m.cache.Load().states)))
	if paid {
		m.begin()
		m.budget.counts.Restarts.Add(1)
	}
	m.mu.Unlock()
	if paid {
		m.budget.reclaim(m)
	}
}

// Counts are Asked, how many texts regexp was asked about for want of states, and
// Restarts, how often an automaton began anew.
type Counts struct{ Asked, Restarts atomic.Uint64 }

// Budget bounds the memory of the automata that share it. It is safe for concurrent
// use.
type Budget struct {
	size   int64
	left   atomic.Int64
	counts *Counts

	mu       sync.Mutex
	matchers []*Matcher
}

// NewBudget gives a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{size: bytes, counts: &Counts{}}
	b.left.Store(bytes)
	return b
}

// Left is how many bytes may still be taken.
func (b *Budget) Left() int64 { return b.left.Load() }

// CountIn makes c count what those who share the budget do, from before their first
// text: what takes their place may count on there.
func (b *Budget) CountIn(c *Counts) { b.counts = c }

// Counts are what was counted.
func (b *Budget) Counts() *Counts { return b.counts }

func (b *Budget) join(m *Matcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.matchers = append(b.matchers, m)
}

func (b *Budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

func (b *Budget) give(n int64) { b.left.Add(n) }

// reclaim makes room for m, which began anew, where there is little: who holds most
// begins anew too.
func (b *Budget) reclaim(m *Matcher) {
	if b.left.Load() > b.size/8 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var most *Matcher
	var bytes int64
	for _, o := range b.matchers {
		o.mu.Lock()
		if n := o.cache.Load().bytes; o != m && n > bytes {
			most, bytes = o, n
		}
		o.mu.Unlock()
	}
	if most != nil {
		most.mu.Lock()
		most.begin()
		most.mu.Unlock()
		b.counts.Restarts.Add(1)
	}
}
