package runner

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/snapshot"
)

// machine is what differs between the kinds of stage: how a record becomes work
// and where the watermark comes from.
type machine interface {
	// prepare is the pure part; it may be called from several goroutines at once
	// for different items, and must not touch what apply changes.
	prepare(it *item)
	// apply sees the items in order and puts what comes of one into p.out.
	apply(p *partition, it *item)
	// detector is what may implement Advancer, Flusher and Stateful.
	detector() any
	// save and load are the runner's own state of this machine.
	save(b []byte) []byte
	load(r *reader) error
	// idles says whether the clock may move the watermark of an idle partition.
	idles() bool
	// stamps says whether its event time is that of a partition of events, which
	// readers of its partials may rely on.
	stamps() bool
	// tenant and subject name the item for the finding of a panic; without an id there
	// is none.
	describe(it *item) (tenant, id string, tx *detect.Tx)
}

// emitter takes what a partition says. Its methods are called from the
// partition's goroutine, and must not keep out.
type emitter interface {
	emit(p *partition, out *detect.Out)
	// broadcast tells every partition of the second stages the watermark.
	broadcast(p *partition, watermark int64)
	// reject puts it into the dead letters.
	reject(p *partition, it *item, kind, reason string)
}

// scope is what the partitions of a stage share; it is not changed after the
// stage was made.
type scope struct {
	name    string
	opts    *Options
	kinds   []string
	log     *slog.Logger
	metrics *stageMetrics
}

// partition is the state of one source partition: a machine, its watermark, and
// the outputs that are not committed yet. One goroutine at a time owns it: the
// one that restores it, then the loop.
type partition struct {
	id    int32
	scope *scope
	m     machine
	emit  emitter
	out   detect.Out

	advancer detect.Advancer
	flusher  detect.Flusher
	stateful detect.Stateful

	// next is the offset after the last record that the state has seen.
	next int64
	// live is the offset from which outputs count; below it they exist already.
	live      int64
	replaying bool
	// touched: something happened since the last Flush.
	touched bool

	watermark int64 // ns of event time; 0 is none yet
	step      int64 // the last boundary that was passed
	flushed   int64 // the watermark at the last Flush
	announced int64 // the watermark of the last broadcast

	pending      pending
	committed    int64
	snap         snapshots
	lastRecord   time.Time // of the stage's clock, for idleness
	lastIdle     time.Time
	lastBroker   time.Time // broker time of the last record
	poison, seen int

	standing *standing
}

func newPartition(id int32, sc *scope, m machine, e emitter, now time.Time) *partition {
	p := &partition{id: id, scope: sc, m: m, emit: e, lastRecord: now, standing: &standing{id: id}}
	d := m.detector()
	p.advancer, _ = d.(detect.Advancer)
	p.flusher, _ = d.(detect.Flusher)
	p.stateful, _ = d.(detect.Stateful)
	return p
}

// apply takes one prepared item. Records that the state has seen are passed
// over: after an abort the client fetches them again.
func (p *partition) apply(it *item) {
	if it.offset < p.next {
		return
	}
	if p.replaying && it.offset >= p.live {
		p.goLive()
	}
	p.next = it.offset + 1
	if !it.control {
		p.touched = true
		p.lastBroker = it.time
		p.process(it)
		if p.replaying {
			p.out.Reset()
			p.scope.metrics.replayed.Inc()
		} else {
			p.release()
		}
	}
	if p.replaying && p.next >= p.live {
		p.goLive()
	}
}

// process never panics: what a detector throws becomes a finding and a dead
// letter. Outputs of the item up to there are dropped; the detector's state may
// have seen a part of it.
func (p *partition) process(it *item) {
	defer func() {
		if r := recover(); r != nil {
			p.fail(it, recovered("Detect", r))
		}
	}()
	p.seen++
	switch {
	case it.panic != nil:
		p.fail(it, it.panic)
	case it.err != nil:
		p.poison++
		if !p.replaying {
			p.scope.metrics.poison.Inc()
			p.emit.reject(p, it, dlqPoison, it.err.Error())
		}
	default:
		p.m.apply(p, it)
	}
}

// release hands over what is in out.
func (p *partition) release() {
	if len(p.out.Findings)+len(p.out.Partials)+len(p.out.Records) == 0 {
		return
	}
	for i := range p.out.Partials {
		if !p.m.stamps() {
			p.out.Partials[i].Source, p.out.Partials[i].Watermark = 0, 0
			continue
		}
		// All that lies before flushed went out with an earlier Flush, so this is
		// what a reader may rely on; the newer watermark follows in a broadcast,
		// behind the last partial of this Flush.
		p.out.Partials[i].Source, p.out.Partials[i].Watermark = p.id, p.flushed
	}
	p.emit.emit(p, &p.out)
	p.out.Reset()
}

// moveTo raises the watermark and calls Advance when it passes a boundary.
func (p *partition) moveTo(w int64) {
	if w <= p.watermark {
		return
	}
	p.watermark = w
	if step := w / int64(p.scope.opts.AdvanceStep); step > p.step {
		p.step = step
		if p.advancer != nil {
			p.advancer.Advance(time.Unix(0, w).UTC(), &p.out)
		}
	}
}

// flush has the detector put out what it gathered.
func (p *partition) flush() {
	if !p.touched {
		return
	}
	p.touched = false
	p.guard("Flush", func() {
		if p.flusher != nil {
			p.flusher.Flush(&p.out)
		}
	})
	p.release()
	p.flushed = p.watermark
	if len(p.scope.kinds) > 0 && p.watermark-p.announced >= int64(p.scope.opts.AdvanceStep) {
		p.announced = p.watermark
		p.emit.broadcast(p, p.watermark)
	}
}

// guard runs a call into a detector that no record stands behind.
func (p *partition) guard(where string, call func()) {
	defer func() {
		if r := recover(); r != nil {
			f := recovered(where, r)
			p.out.Reset()
			p.scope.metrics.panics.Inc()
			p.scope.log.Error("a detector failed", "partition", p.id, "where", where, "what", f.what, "stack", string(f.stack))
		}
	}()
	call()
}

// goLive ends a replay: what the detector gathered so far went downstream with
// the commit that the replay reached.
func (p *partition) goLive() {
	p.replaying = false
	p.guard("Flush", func() {
		if p.flusher != nil {
			p.flusher.Flush(&p.out)
		}
	})
	p.out.Reset()
	p.flushed, p.touched = p.watermark, false
	p.scope.log.Info("partition is live", "partition", p.id, "offset", p.next)
}

// idle moves the watermark of a partition that no record moves.
func (p *partition) idle(w int64) {
	p.guard("Advance", func() { p.moveTo(w) })
	p.touched = true
	p.release()
	p.flush()
}

// capture takes everything that a restore needs, to be written once. It must be called
// after flush. slow says that write takes long, and may go on in another goroutine.
func (p *partition) capture() (write func(io.Writer) error, slow bool) {
	var own []byte
	for _, v := range [...]int64{p.watermark, p.step, p.flushed, p.announced} {
		own = binary.AppendVarint(own, v)
	}
	own = p.m.save(own)
	var buf bytes.Buffer
	buf.Write(binary.AppendUvarint(nil, uint64(len(own))))
	buf.Write(own)
	inner := func(io.Writer) error { return nil }
	var err error
	if c, ok := p.m.detector().(detect.Capturer); ok {
		inner, slow = c.Capture(), true
	} else if p.stateful != nil {
		err = p.stateful.Snapshot(&buf)
		slow = buf.Len() > inlineSnapshot
	}
	return func(w io.Writer) error {
		if err == nil {
			_, err = w.Write(buf.Bytes())
		}
		if e := inner(w); err == nil {
			err = e
		}
		if err != nil {
			return fmt.Errorf("state of %s/%d: %w", p.scope.name, p.id, err)
		}
		return nil
	}, slow
}

// state is what capture takes, in bytes.
func (p *partition) state() ([]byte, error) {
	var buf bytes.Buffer
	write, _ := p.capture()
	if err := write(&buf); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// restore puts p, which is new, where state was taken.
func (p *partition) restore(state []byte, advances []int64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: restore of %s/%d: %s", errState, p.scope.name, p.id, recovered("Restore", r).what)
		}
	}()
	r := reader{b: state}
	own := reader{b: r.bytes(r.uvarint())}
	for _, v := range [...]*int64{&p.watermark, &p.step, &p.flushed, &p.announced} {
		*v = own.varint()
	}
	if r.err != nil || own.err != nil {
		return fmt.Errorf("%s/%d: %w", p.scope.name, p.id, errState)
	}
	if err := p.m.load(&own); err != nil {
		return fmt.Errorf("%s/%d: %w", p.scope.name, p.id, err)
	}
	if p.stateful != nil {
		if err := p.stateful.Restore(bytes.NewReader(r.b)); err != nil {
			return fmt.Errorf("restore of %s/%d: %w", p.scope.name, p.id, err)
		}
	}
	for _, w := range advances {
		p.moveTo(w)
		p.out.Reset()
	}
	return nil
}

// snapshots is where a partition stands with its snapshots.
type snapshots struct {
	last snapshot.Manifest // Number 0: none yet
	// number is the highest one given or found.
	number  int64
	written time.Time
	pause   time.Duration // of the last one
	// cooking delivers a snapshot that is being written and compressed.
	cooking chan cooked
}

type cooked struct {
	manifest snapshot.Manifest
	records  []snapshot.Record
	err      error
}
