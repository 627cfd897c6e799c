package runner

import (
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
)

// eventMachine is the machine of a detect stage: events in, a Detector at work.
type eventMachine struct {
	d      detect.Detector
	p      detect.Preparer
	opts   *Options
	source detect.Source // topic, its id and the partition
	dedup  *dedup
}

func newEventMachine(d detect.Detector, opts *Options, src detect.Source) *eventMachine {
	m := &eventMachine{d: d, opts: opts, source: src, dedup: newDedup(opts.DedupWindow, opts.DedupSensors)}
	m.p, _ = d.(detect.Preparer)
	return m
}

func (m *eventMachine) detector() any { return m.d }
func (m *eventMachine) idles() bool   { return true }
func (m *eventMachine) stamps() bool  { return true }

func (m *eventMachine) prepare(it *item) {
	if !it.given {
		if it.err = event.Decode(it.value, &it.ev); it.err != nil {
			return
		}
	}
	t := it.ev.Time()
	if limit := it.time.Add(m.opts.ClampAhead); t.After(limit) {
		t, it.clamped = it.time, true
	} else if t.UnixNano() == 0 {
		t = it.time // no stamp at all
	}
	src := m.source
	src.Offset, src.BrokerTime = it.offset, it.time
	// Set before Reset, which asks the matcher: a panic there must not be told
	// with what the last record left in tx.
	it.tx.Event, it.tx.Time, it.tx.Source, it.tx.Endpoint = &it.ev, t.UTC(), src, catalog.Match{}
	if it.light {
		return
	}
	it.tx.Reset(&it.ev, src, t.UTC(), m.opts.Matcher, m.opts.Content)
	if m.p != nil {
		m.p.Prepare(&it.tx)
	}
}

func (m *eventMachine) apply(p *partition, it *item) {
	e := &it.ev
	if m.dedup.repeated(e.Sensor, e.Boot, e.Sequence) {
		if !p.replaying {
			p.scope.metrics.duplicates.Inc()
		}
		return
	}
	if it.clamped && !p.replaying {
		p.scope.metrics.clamped.Inc()
	}
	w := it.tx.Time.UnixNano() - int64(m.opts.Lateness)
	if it.light {
		if w > p.watermark {
			p.watermark, p.step = w, w/int64(m.opts.AdvanceStep)
		}
		return
	}
	p.moveTo(w)
	n := len(p.out.Findings) // what the watermark raised is not of this transaction
	m.d.Detect(&it.tx, &p.out)
	it.tx.Stamp(n, &p.out)
}

func (m *eventMachine) save(b []byte) []byte { return m.dedup.save(b) }

func (m *eventMachine) load(r *reader) error {
	rest, err := m.dedup.load(r.b)
	r.b = rest
	return err
}

func (m *eventMachine) describe(it *item) (string, string, *detect.Tx) {
	return string(it.ev.Tenant), it.ev.IDString(), &it.tx
}
