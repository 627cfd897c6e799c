package runner

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/miradorhq/mirador/pkg/snapshot"
)

// inlineSnapshot is the size up to which compressing does not need a goroutine.
const inlineSnapshot = 64 << 10

// snapshotStep adds to pending what is due of p's snapshot. The state is taken
// here, between records and after Flush; a large one is written and compressed beside
// the loop and goes out with a later commit, which is then beyond its offset.
func (p *partition) snapshotStep(w *writer, now time.Time, force bool) {
	if p.snap.cooking != nil {
		if !force {
			select {
			case c := <-p.snap.cooking:
				p.serve(w, c)
			default:
			}
			return
		}
		p.serve(w, <-p.snap.cooking)
	}
	if p.snap.written.IsZero() {
		p.snap.written = now // the first is due an interval after the start
	}
	fresh := p.snap.last.Number > 0 && p.snap.last.Offset == p.next
	if fresh || p.next <= 0 || !force && now.Sub(p.snap.written) < p.scope.opts.SnapshotInterval {
		return
	}
	p.take(w, now, force)
}

func (p *partition) take(w *writer, now time.Time, force bool) {
	p.snap.written = now
	var write func(io.Writer) error
	slow := false
	p.guard("Snapshot", func() { write, slow = p.capture() })
	p.snap.pause = time.Since(now)
	p.scope.metrics.pause.Observe(p.snap.pause.Seconds())
	if write == nil {
		p.unsaved(fmt.Errorf("state of %s/%d: the detector failed", p.scope.name, p.id))
		return
	}
	p.snap.number++
	c := cooked{manifest: snapshot.Manifest{
		Stage: p.scope.name, Partition: p.id, Slot: p.snap.last.NextSlot(), Number: p.snap.number, Offset: p.next,
		TopicID: hex.EncodeToString(w.topicID[:]), Version: p.scope.opts.Version,
	}}
	o := p.scope.opts
	cook := func() cooked {
		c.records, c.err = snapshot.Encode(&c.manifest, o.SnapshotBytes, o.ChunkBytes, func(w io.Writer) (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("the detector failed: %s", recovered("Capture", r).what)
				}
			}()
			return write(w)
		})
		if errors.Is(c.err, snapshot.ErrTooLarge) {
			c.err = fmt.Errorf("%w: raise snapshot_bytes, or lower the detector's limits", c.err)
		}
		return c
	}
	if force || !slow {
		p.serve(w, cook())
		return
	}
	done := make(chan cooked, 1) // buffered: the partition may be gone when it is done
	p.snap.cooking = done
	go func() { done <- cook() }()
}

// serve adds a finished snapshot to pending, the manifest last.
func (p *partition) serve(w *writer, c cooked) {
	p.snap.cooking = nil
	var m snapshot.Record
	err := c.err
	if err == nil {
		m, err = c.manifest.Record()
	}
	if err != nil {
		p.unsaved(err)
		return
	}
	p.scope.metrics.all.state.WithLabelValues(p.scope.name, strconv.Itoa(int(p.id))).Set(float64(c.manifest.RawBytes))
	w.snapshot(p, append(c.records, m)...)
	p.snap.last = c.manifest
	p.scope.metrics.snapshots.Inc()
}

func (p *partition) unsaved(err error) {
	p.scope.metrics.snapshotFailures.Inc()
	p.scope.log.Error("a snapshot was not written; the one before stays in force", "partition", p.id, "error", err)
}

// idle moves the watermarks of partitions on which nothing comes. A replay would
// not repeat that, so the same transaction holds a snapshot with it: the whole
// state the first time, afterwards a new manifest of the same state with one
// more watermark to advance to.
func (ss *session) idle(now time.Time) {
	o := &ss.s.opts
	at, ends := ss.watch.ends()
	for _, p := range ss.parts {
		end, known := ends[p.id]
		if !known || p.replaying || !p.m.idles() || p.next < end || p.snap.cooking != nil {
			continue
		}
		since := p.lastRecord
		if p.lastIdle.After(since) {
			since = p.lastIdle
		}
		if at.Sub(since) < o.IdleAdvance {
			continue
		}
		p.lastIdle = at
		w := at.Add(-o.IdleAdvance).UnixNano()
		if w <= p.watermark {
			continue
		}
		p.flush()
		had := p.snap.last.Number > 0 && p.snap.last.Offset == p.next
		p.idle(w)
		if p.next <= 0 {
			continue // nothing was ever read: a start from nothing idles again by itself
		}
		if !had || len(p.snap.last.Advances) >= o.IdleSnapshots {
			p.take(ss.w, now, true)
			continue
		}
		m := p.snap.last
		m.Advances = append(slices.Clone(m.Advances), w)
		r, err := m.Record()
		if err != nil {
			p.unsaved(err)
			continue
		}
		ss.w.snapshot(p, r)
		p.snap.last = m
	}
}
