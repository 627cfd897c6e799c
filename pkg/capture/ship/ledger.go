package ship

import "sync"

// state is where an event is on its way.
type state uint8

const (
	queued   state = iota // in the ring
	inFlight              // given to the Kafka client, not yet acknowledged
	spooled               // on disk or about to be
	shipped               // acknowledged by the broker
	states
)

// Reasons for which events are dropped, beside those of package spool.
const (
	DropRing     = "ring_full"         // the ring was full
	DropClosed   = "closed"            // the shipper was closing
	DropOversize = "oversize"          // too large even without bodies
	DropRejected = "rejected"          // the broker or the client refused the record for what it is
	DropKafka    = "kafka_unavailable" // not delivered, and no spool configured
	DropPanic    = "panic"             // building the event panicked
)

// ledger keeps the counters. Each step of an event is one entry under one lock,
// so at any moment, and not only at rest, every event is in exactly one place.
type ledger struct {
	mu        sync.Mutex
	seen      uint64
	recovered uint64
	at        [states]uint64
	dropped   map[string]uint64
}

func newLedger() *ledger { return &ledger{dropped: map[string]uint64{}} }

// see counts a new event that goes to the ring.
func (l *ledger) see() {
	l.mu.Lock()
	l.seen++
	l.at[queued]++
	l.mu.Unlock()
}

// refuse counts a new event that is dropped at once.
func (l *ledger) refuse(reason string) {
	l.mu.Lock()
	l.seen++
	l.dropped[reason]++
	l.mu.Unlock()
}

// recover counts events that an earlier run left in the spool.
func (l *ledger) recover(n int) {
	l.mu.Lock()
	l.recovered += uint64(n)
	l.at[spooled] += uint64(n)
	l.mu.Unlock()
}

func (l *ledger) move(from, to state, n int) {
	l.mu.Lock()
	l.at[from] -= uint64(n)
	l.at[to] += uint64(n)
	l.mu.Unlock()
}

func (l *ledger) drop(from state, reason string, n int) {
	if n <= 0 {
		return
	}
	l.mu.Lock()
	l.at[from] -= uint64(n)
	l.dropped[reason] += uint64(n)
	l.mu.Unlock()
}

// Counters is one consistent moment. Always:
//
//	Seen + Recovered = Queued + InFlight + Spooled + Shipped + the sum of Dropped
type Counters struct {
	// Seen are events offered to this process, Recovered those that an earlier one
	// left in the spool.
	Seen      uint64 `json:"seen"`
	Recovered uint64 `json:"recovered"`
	Queued    uint64 `json:"queued"`
	InFlight  uint64 `json:"in_flight"`
	Spooled   uint64 `json:"spooled"`
	Shipped   uint64 `json:"shipped"`
	// Dropped by reason; a reason that never happened is absent.
	Dropped map[string]uint64 `json:"dropped"`
}

// Balanced checks the equation.
func (c Counters) Balanced() bool {
	sum := c.Queued + c.InFlight + c.Spooled + c.Shipped
	for _, n := range c.Dropped {
		sum += n
	}
	return c.Seen+c.Recovered == sum
}

// Lost is the sum of Dropped.
func (c Counters) Lost() (n uint64) {
	for _, v := range c.Dropped {
		n += v
	}
	return n
}

func (l *ledger) snapshot() Counters {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Counters{Seen: l.seen, Recovered: l.recovered, Queued: l.at[queued], InFlight: l.at[inFlight],
		Spooled: l.at[spooled], Shipped: l.at[shipped], Dropped: make(map[string]uint64, len(l.dropped))}
	for k, v := range l.dropped {
		c.Dropped[k] = v
	}
	return c
}
