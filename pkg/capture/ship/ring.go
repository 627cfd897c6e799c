package ship

import (
	"sync"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// item is one event on its way: raw, or already sealed.
type item struct {
	raw    *capture.Raw
	sealed *event.Event
	seq    uint64
	size   int
}

// ring is a queue bounded by bytes. Nobody ever waits on it to put.
type ring struct {
	mu     sync.Mutex
	items  []item
	bytes  int
	budget int
	seq    uint64
	closed bool
	wake   chan struct{} // holds one token: there is something to take
}

func newRing(budget int) *ring { return &ring{budget: budget, wake: make(chan struct{}, 1)} }

// put takes it in, or says why not. The number that it gives is of the
// sensor's sequence: an event that is dropped for lack of room takes one too, so
// that readers see the gap; one that is merely refused does not.
func (r *ring) put(it item, dropped bool, count func()) (reason string) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return DropClosed
	}
	// One event always fits an empty ring, however small that was set.
	if r.bytes+it.size > r.budget && r.bytes > 0 {
		if dropped {
			r.seq++
		}
		r.mu.Unlock()
		return DropRing
	}
	r.seq++
	it.seq = r.seq
	r.bytes += it.size
	r.items = append(r.items, it)
	count() // before anybody can take it, else the counters would be short for a moment
	r.mu.Unlock()
	r.signal()
	return ""
}

func (r *ring) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take gives all that is there and leaves spare, emptied, in its place. The
// bytes stay counted until release.
func (r *ring) take(spare []item) []item {
	clear(spare[:cap(spare)])
	r.mu.Lock()
	defer r.mu.Unlock()
	items := r.items
	r.items = spare[:0]
	return items
}

func (r *ring) release(n int) {
	r.mu.Lock()
	r.bytes -= n
	r.mu.Unlock()
}

// close refuses everything from now on; what is inside can still be taken.
func (r *ring) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.signal()
}

func (r *ring) fill() (bytes, budget int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes, r.budget
}
