package runner

import "github.com/miradorhq/mirador/pkg/detect"

// recordMachine is the machine of a read stage: records of any topic in, a Reader at
// work. There is no deduplication: what is read was written exactly once, or says who
// it is.
type recordMachine struct {
	r      detect.Reader
	opts   *Options
	source detect.Source
	// leads: readers of its partials go by its watermark.
	leads bool
}

func newRecordMachine(r detect.Reader, opts *Options, src detect.Source, leads bool) *recordMachine {
	return &recordMachine{r: r, opts: opts, source: src, leads: leads}
}

func (m *recordMachine) detector() any { return m.r }
func (m *recordMachine) idles() bool   { return m.leads }
func (m *recordMachine) stamps() bool  { return m.leads }

// prepare leaves what Parse made in the item's transaction: it is the one place that a
// record of another kind has for it.
func (m *recordMachine) prepare(it *item) {
	if it.skip = it.value == nil; it.skip { // the end of a key says nothing here
		return
	}
	v, t, err := m.r.Parse(it.value)
	if it.err = err; err != nil {
		return
	}
	if limit := it.time.Add(m.opts.ClampAhead); t.After(limit) {
		t, it.clamped = it.time, true
	} else if t.IsZero() || t.UnixNano() == 0 {
		t = it.time
	}
	it.tx.Prepared, it.tx.Time = v, t.UTC()
}

func (m *recordMachine) apply(p *partition, it *item) {
	if it.skip {
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
	src := m.source
	src.Offset, src.BrokerTime = it.offset, it.time
	m.r.Read(it.tx.Prepared, src, &p.out)
	it.tx.Prepared = nil
}

func (m *recordMachine) save(b []byte) []byte { return b }
func (m *recordMachine) load(*reader) error   { return nil }

// describe names nothing, so that a failure is a dead letter and no finding: one would
// come back to who reads findings and fails on it, without end.
func (m *recordMachine) describe(*item) (string, string, *detect.Tx) { return "", "", nil }
