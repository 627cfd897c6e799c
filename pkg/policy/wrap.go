package policy

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
)

// Wrap puts the policy around the detectors of f. What comes out has all
// optional interfaces and passes each on where the inner detector has it. It is
// always stateful: what the policy remembers is state of the partition.
func Wrap(f detect.Factory, p *Policy) detect.Factory {
	return func(partition int32) detect.Detector {
		inner := f(partition)
		return &detector{inner: inner, decider: newDecider(p, p.service, partition, inner, true)}
	}
}

// WrapMerger is Wrap for a second stage. Its issuers are called
// service-merge/rule/partition, so that both stages of a service keep their keys
// apart.
func WrapMerger(f detect.MergerFactory, p *Policy) detect.MergerFactory {
	return func(partition int32) detect.Merger {
		inner := f(partition)
		return &merger{inner: inner, decider: newDecider(p, p.service+"-merge", partition, inner, false)}
	}
}

type detector struct {
	inner detect.Detector
	decider
}

func (w *detector) Prepare(tx *detect.Tx) {
	if p, ok := w.inner.(detect.Preparer); ok {
		p.Prepare(tx)
	}
}

func (w *detector) Detect(tx *detect.Tx, out *detect.Out) {
	n := len(out.Findings)
	w.inner.Detect(tx, out)
	w.revision = max(w.revision, tx.Source.Offset)
	if len(out.Findings) == n {
		return
	}
	w.judgeFrom(n, moment{
		seen:     tx.Source.BrokerTime,
		replayed: tx.Event.Has(event.Replayed),
		refused:  tx.Event.Has(event.Enforced),
		unproven: tx.Event.Status == 401,
	}, out)
}

type merger struct {
	inner detect.Merger
	decider
}

func (w *merger) Merge(p *detect.Partial, out *detect.Out) {
	n := len(out.Findings)
	w.inner.Merge(p, out)
	if len(out.Findings) > n {
		w.judgeFrom(n, moment{seen: known(p.WatermarkTime())}, out)
	}
}

// decider is what detector and merger have in common. One goroutine.
type decider struct {
	policy    *Policy
	service   string
	partition int32
	// wrapped is the inner detector or merger, for its optional interfaces.
	wrapped any
	// offsets: the revision is the source's offset. A merger is not told one;
	// there it counts on from event time, so that it also grows where state was lost.
	offsets bool
	state
}

func newDecider(p *Policy, service string, partition int32, wrapped any, offsets bool) decider {
	return decider{policy: p, service: service, partition: partition, wrapped: wrapped, offsets: offsets, state: newState()}
}

func (d *decider) nextRevision() int64 {
	if !d.offsets {
		d.revision = max(d.revision+1, d.clock)
	}
	return d.revision
}

// judgeFrom judges the findings of out from the n-th on. What the policy adds is
// not judged, nor what the detector put out for the record alone.
func (d *decider) judgeFrom(n int, m moment, out *detect.Out) {
	for i, end := n, len(out.Findings); i < end; i++ {
		if !out.Acts(i) {
			d.policy.decisions.WithLabelValues(outcomeUpdate).Inc()
			continue
		}
		m.most = out.Most(i)
		d.policy.decisions.WithLabelValues(d.judge(&out.Findings[i], m, out)).Inc()
	}
}

func (d *decider) Advance(watermark time.Time, out *detect.Out) {
	d.clock = max(d.clock, watermark.UnixNano())
	d.expire(watermark, out)
	if a, ok := d.wrapped.(detect.Advancer); ok {
		n := len(out.Findings)
		a.Advance(watermark, out)
		d.judgeFrom(n, moment{seen: watermark}, out)
	}
}

// Flush passes on. A finding put out in it is judged like any other; but when
// Flush is called depends on batching, so a detector that wants its actions to
// repeat exactly puts its findings out in Detect or Advance.
func (d *decider) Flush(out *detect.Out) {
	if f, ok := d.wrapped.(detect.Flusher); ok {
		n := len(out.Findings)
		f.Flush(out)
		d.judgeFrom(n, moment{seen: known(time.Unix(0, d.clock).UTC())}, out)
	}
}

func (d *decider) Snapshot(w io.Writer) error {
	inner, ok := d.wrapped.(detect.Stateful)
	if err := d.writeState(w, ok); err != nil || !ok {
		return err
	}
	return inner.Snapshot(w)
}

// Capture implements detect.Capturer. What is the policy's own is small; a wrapped
// detector that cannot be captured is written at once.
func (d *decider) Capture() (write func(io.Writer) error) {
	c, ok := d.wrapped.(detect.Capturer)
	var b bytes.Buffer
	if !ok {
		err := d.Snapshot(&b)
		return func(w io.Writer) error { return errors.Join(err, copied(w, b.Bytes())) }
	}
	err := d.writeState(&b, true)
	inner := c.Capture()
	return func(w io.Writer) error {
		if err := errors.Join(err, copied(w, b.Bytes())); err != nil {
			return errors.Join(err, inner(io.Discard))
		}
		return inner(w)
	}
}

func copied(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

func (d *decider) Restore(r io.Reader) error {
	inner, ok := d.wrapped.(detect.Stateful)
	if err := d.readState(r, ok); err != nil || !ok {
		return err
	}
	return inner.Restore(r)
}

// known is t, or the zero time where t is the epoch: nothing was seen yet.
func known(t time.Time) time.Time {
	if t.UnixNano() <= 0 {
		return time.Time{}
	}
	return t
}
