package calibrate

import (
	"fmt"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Absent are actors who have yet to teach the day on which they were seen. A window ends
// with the next event of its actor; whoever is known by a session that ends never has
// one, and a cohort of such would learn nothing. So the first actors of a day wait here
// until it is over, and whoever has not come back by then is taken for gone.
type Absent struct {
	limit   int
	waiting keyed.List[absentee]
	head    int // those before it were let go
}

// NewAbsent bounds who waits by limit, at most 10,000: beyond those a cohort is known
// well without.
func NewAbsent(limit int) Absent { return Absent{limit: min(limit, mostAbsent)} }

type absentee struct {
	_msgpack        struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Who, Key, Group uint64
	Day             uint32
}

const mostAbsent = 10_000

// Expect takes note of the first event of an actor in a day, and of which of its states
// it is.
func (a *Absent) Expect(who, key, group uint64, now int64) {
	if len(a.waiting)-a.head >= a.limit {
		return
	}
	if a.head > 1024 && 2*a.head > len(a.waiting) {
		a.waiting = a.waiting[:copy(a.waiting, a.waiting[a.head:])]
		a.head = 0
	}
	a.waiting = append(a.waiting, absentee{Who: who, Key: key, Group: group, Day: uint32(max(0, now) / Day)})
}

// Gone is an actor whose day is over, each once. Asked twice an event it is ahead of who
// comes.
func (a *Absent) Gone(now int64) (who, key, group uint64, ok bool) {
	if a.head == len(a.waiting) || a.waiting[a.head].Day >= uint32(max(0, now)/Day) {
		return 0, 0, 0, false
	}
	w := &a.waiting[a.head]
	a.head++
	return w.Who, w.Key, w.Group, true
}

// Capture adds the state to c.
func (a *Absent) Capture(c *keyed.Capture) { c.Value(a.waiting[a.head:]) }

// Decode reads what was captured.
func (a *Absent) Decode(d *msgpack.Decoder) error {
	a.waiting, a.head = nil, 0
	if err := d.Decode(&a.waiting); err != nil {
		return err
	}
	if len(a.waiting) > mostAbsent {
		return fmt.Errorf("%d absent, at most %d", len(a.waiting), mostAbsent)
	}
	a.waiting = a.waiting[:min(len(a.waiting), a.limit)]
	return nil
}
