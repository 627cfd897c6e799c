// Package detect is the one abstraction of Mirador: a detector is a
// deterministic state machine that owns one partition.
//
// The same detector runs in a service (package runner), in a test, over a file
// (mirador inspect) and over history, and gives the same findings. For that it
// must not do I/O, read a clock, start a goroutine, use randomness or let the
// order of a map reach its output.
package detect

import (
	"io"
	"time"
)

// Detector sees every transaction of one partition, in order, from one
// goroutine. It must not retain tx or anything tx lends after returning:
// copy what is kept.
type Detector interface {
	Detect(tx *Tx, out *Out)
}

// Factory makes the detector of a partition, with empty state.
type Factory func(partition int32) Detector

// Preparer is optional. Prepare is the pure part of the work (parsing, rule
// matching): it may read tx and set tx.Prepared, and must touch no state of the
// detector that Detect changes. It is called from several goroutines at once,
// for different transactions, before Detect sees them in order.
type Preparer interface {
	Prepare(tx *Tx)
}

// Advancer is optional. Advance is called when the partition's watermark moves
// on: before the record that moves it, and on an idle partition by time. The
// watermark never goes back.
type Advancer interface {
	Advance(watermark time.Time, out *Out)
}

// Flusher is optional. Flush is called before every commit: whatever the
// detector gathered since the last Flush and wants downstream (partials,
// changed records) must be put out now. After a restore the runner calls it
// once with an Out that it throws away, because what was gathered before the
// committed offset went downstream with that commit.
//
// When Flush is called depends on batching; so the sum of what is flushed
// must not depend on how often it is.
type Flusher interface {
	Flush(out *Out)
}

// Stateful is optional. Restore and replay of what follows must equal never
// having stopped. Snapshot is called between records, from the detector's own
// goroutine; Restore on a new detector before anything else.
type Stateful interface {
	Snapshot(w io.Writer) error
	Restore(r io.Reader) error
}

// Capturer is optional for what is Stateful with a state that takes long to write.
// Capture is called where Snapshot would be and must be quick: the records of the
// partition wait for it. write is then called once, from another goroutine, while the
// detector goes on, and must write what Snapshot would have written at the time of
// Capture. There is no other Capture nor Snapshot before it has returned.
type Capturer interface {
	Capture() (write func(io.Writer) error)
}

// Reader is a detector over a topic that holds something else than transactions, as
// mirador.findings: it sees the records of one partition in order. Preparer does not
// apply; Advancer, Flusher and Stateful do.
type Reader interface {
	// Parse is pure and may be called from several goroutines at once. at is the event
	// time of the record. An error makes the record a dead letter. It must not retain
	// value.
	Parse(value []byte) (v any, at time.Time, err error)
	// Read takes what Parse made of the next record.
	Read(v any, src Source, out *Out)
}

// ReaderFactory makes the reader of a partition, with empty state.
type ReaderFactory func(partition int32) Reader

// Merger is a detector of the second stage: it sees the partials of one
// partition of mirador.partials, where a dimension that is not the principal
// (host, address, endpoint, account) is the key. It is the only writer of what it says.
// Preparer does not apply; Advancer, Flusher and Stateful do.
type Merger interface {
	Merge(p *Partial, out *Out)
}

// MergerFactory makes the merger of a partition, with empty state.
type MergerFactory func(partition int32) Merger
