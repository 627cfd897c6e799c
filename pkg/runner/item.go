package runner

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
)

// item is one record on its way through a stage. Items are used again, batch
// after batch, so that their buffers are.
//
// Who owns it: the loop fills it, one worker prepares it, the loop applies it.
type item struct {
	p       *partition
	offset  int64
	time    time.Time // the broker's
	key     []byte
	value   []byte
	kind    string // of a partial, from the record's header; empty is unknown
	control bool   // a transaction marker: it only moves the position
	// light: a record that a detector without state need not see again.
	light bool

	ev      event.Event
	tx      detect.Tx
	partial detect.Partial
	clamped bool
	skip    bool // a partial of another kind
	given   bool // ev was set by the caller (Local), not to be decoded

	err   error // why it is poison
	panic *failure
}

// failure is a panic that was recovered.
type failure struct {
	where string
	what  string
	stack []byte
}

// recovered describes a panic. The value is only told where the runtime made it:
// any other may quote the traffic.
func recovered(where string, r any) *failure {
	f := &failure{where: where, what: fmt.Sprintf("a panic of type %T", r), stack: debug.Stack()}
	if e, ok := r.(interface{ RuntimeError() }); ok {
		f.what = fmt.Sprint(e)
	}
	return f
}

func (it *item) reset(p *partition) {
	it.p, it.kind, it.control, it.light, it.clamped, it.skip, it.given = p, "", false, false, false, false, false
	it.err, it.panic, it.partial = nil, nil, detect.Partial{}
	it.key, it.value = nil, nil
	it.tx.Time = time.Time{} // what an earlier record left must not speak for this one
}

// batch is the items of one poll.
type batch struct {
	items []*item
	n     int
}

// add gives the next item, empty.
func (b *batch) add(p *partition) *item {
	if b.n == len(b.items) {
		b.items = append(b.items, new(item))
	}
	it := b.items[b.n]
	b.n++
	it.reset(p)
	return it
}

func (b *batch) clear() { b.n = 0 }

// inline is the size below which a batch is not worth a second goroutine.
const inline = 4

// prepare runs the pure part of every item, workers at a time, and returns when
// all are done.
func (b *batch) prepare(workers int) {
	items := b.items[:b.n]
	workers = min(workers, (len(items)+inline-1)/inline)
	if workers <= 1 {
		for _, it := range items {
			it.prepare()
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				from := int(next.Add(inline)) - inline
				if from >= len(items) {
					return
				}
				for _, it := range items[from:min(from+inline, len(items))] {
					it.prepare()
				}
			}
		})
	}
	wg.Wait()
}

func (it *item) prepare() {
	if it.control {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			it.panic = recovered("Prepare", r)
		}
	}()
	it.p.m.prepare(it)
}
