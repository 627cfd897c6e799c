package classifier

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Factory makes the first stage. cfg must be valid and hold a key. Both stages of a
// process share classes.
func Factory(cfg Config, classes *Classes) (detect.Factory, error) {
	if len(cfg.HashKey) < 16 {
		return nil, fmt.Errorf("classifier: the hash key has %d bytes, at least 16 are needed", len(cfg.HashKey))
	}
	s := &stage{cfg: cfg, key: newHashKey(cfg.HashKey), classes: classes, metrics: newMetrics(cfg.Metrics, cfg.Log)}
	return func(int32) detect.Detector {
		return &detector{stage: s, state: newState(&s.cfg, s.metrics)}
	}, nil
}

// stage is the pure part: it holds nothing of the traffic and may be used from any number of
// goroutines.
type stage struct {
	cfg     Config
	key     hashKey
	classes *Classes
	metrics *metrics
	pool    sync.Pool // of *hits
}

func (s *stage) tables() *Tables { return s.classes.now.Load() }

// detector is the first stage: its state holds of each candidate field the
// samples that were sent and what was not sent yet.
type detector struct {
	*stage
	*state
	serial uint64    // of the event, to count it once a field
	ref    reference // to the event, once somebody asked
}

// Detect adds the values of tx to their fields.
func (d *detector) Detect(tx *detect.Tx, _ *detect.Out) {
	if tx.Prepared == nil {
		d.Prepare(tx)
	}
	h := tx.Prepared.(*hits)
	tx.Prepared = nil
	defer d.pool.Put(h)
	if tx.Event.Has(event.Enforced) {
		return
	}
	d.began(tx.Tenant, tx.Time.UnixNano())
	asked := tx.Asked()
	key := endpointKey{tx.Tenant, asked.ID}
	ep := d.endpoints[key]
	if ep == nil && len(h.making) > 0 {
		ep = d.endpoint(key)
	}
	if ep == nil {
		return
	}
	d.serial++
	d.ref.ID = ""
	ep.describe(asked.Label, string(tx.Event.Deployment.Service))
	if ep.method == "" { // the id is made of these, so they stay
		ep.host, ep.method, ep.template = asked.Host, asked.Method, asked.Template
	}
	d.fields(ep, h)
	d.count(ep, tx, tx.Request(), request, h)
	d.count(ep, tx, tx.Response(), response, h)
	ep.changed = true
}

// fields finds the fields of the spots of h, and makes those that have something to tell: before
// counting, as the value that makes a field counts.
func (d *detector) fields(ep *endpoint, h *hits) {
	var at *step
	for i := range h.spots.list {
		sp := &h.spots.list[i]
		at = ep.step(at, sp.place, 4*d.cfg.MaxFields)
		sp.field = at.field
	}
	at = nil
	for _, i := range h.making {
		sp := &h.spots.list[i]
		if sp.field == nil {
			at = ep.step(at, sp.place, 4*d.cfg.MaxFields)
			at.field = d.field(ep, sp.place)
			sp.field = at.field
		}
	}
}

// count counts the values of the fields that are watched, with what was found in them.
func (d *detector) count(ep *endpoint, tx *detect.Tx, doc *content.Document, dir direction, h *hits) {
	now, under := tx.Time.UnixNano(), d.circumstances(tx, dir, h.logsIn)
	for i := range h.looked[dir] {
		is := &h.looked[dir][i]
		sp := &h.spots.list[is.spot]
		f := sp.field
		if f == nil {
			continue // beyond max_fields, or nothing but chance so far
		}
		f.seen++
		l := &doc.Leaves[i]
		mine := h.list[is.from:is.to]
		for j := range mine {
			d.pass(f, tx, l, is, &mine[j], h, under)
		}
		if len(l.Value) == 0 || l.Type >= content.Boolean {
			continue
		}
		for _, k := range f.kinds {
			if k.dismissed {
				continue
			}
			c := k.of(h.tables)
			if c == nil || slices.ContainsFunc(mine, func(m hit) bool { return h.tables.classes[m.class] == c }) {
				continue
			}
			v := l.Value[:min(len(l.Value), d.cfg.MaxValue)]
			if h.tables.verdict(c, v, k.named, now) == failed {
				k.tally.Failed++
				if !is.again {
					d.sample(c, k, v, false, h)
				}
			}
		}
	}
}

// pass adds what was found at m.
func (d *detector) pass(f *field, tx *detect.Tx, l *content.Leaf, is *looked, m *hit, h *hits, under circumstance) {
	c := h.tables.classes[m.class]
	k := f.kind(c.name)
	if k == nil {
		if len(f.kinds) >= d.cfg.MaxClasses {
			d.metrics.dropped.WithLabelValues("max_classes").Inc()
			return
		}
		k = f.add(c.name)
	}
	k.named = has(h.spots.list[is.spot].says.classes, m.class)
	if k.dismissed {
		return
	}
	v := l.Value[m.start:m.end]
	if k.leaf != l || k.counted != d.serial { // a value with several pieces is one value
		k.leaf = l
		d.tally(k, tx, under)
	}
	if c.numeral {
		k.tally.span(v)
	}
	if !is.again {
		d.sample(c, k, v, true, h)
	}
}

// tally counts a value that passed.
func (d *detector) tally(k *kind, tx *detect.Tx, under circumstance) {
	ns := tx.Time.UnixNano()
	t := tally{Matched: 1, First: ns, Last: ns}
	if k.counted != d.serial {
		k.counted, t.Events = d.serial, 1
		if d.ref.ID == "" {
			d.ref = reference{Time: ns, ID: tx.EventID()}
		}
		ref := d.ref
		if k.events.add(ref, finding.MaxEvents, compareReferences) {
			k.newEvents = append(k.newEvents, ref)
		}
		for c := range circumstances {
			if under&(1<<c) != 0 {
				k.under[c].add(occurrence{Events: 1, First: ns, Last: ns, Refs: list[reference]{ref}})
			}
		}
	}
	k.tally.add(t)
}

// sample takes the value of a class into the sample of k, and its shape if it passed. It
// lets go of what has been answered: of a field of ids one in ten passes, and nothing is
// gained by asking on.
func (d *detector) sample(c *class, k *kind, v []byte, pass bool, h *hits) {
	h.text = c.normalize(h.text[:0], v)
	hash := hashed(d.key.sum(h.text), pass)
	if !k.sample.add(hash, d.cfg.MaxSample) {
		return
	}
	k.novel = append(k.novel, hash)
	if !pass {
		// Of the sample alone: sums begin anew with every Flush, and what is dismissed
		// must not depend on when that is.
		e := k.sample.evidence()
		if e.named = k.named; e.passed+e.failed >= d.cfg.DismissAfter && c.logit(e) < dismissed {
			k.dismiss()
		}
		return
	}
	if len(k.shapes) == maxShapes && hash > k.shapes[maxShapes-1].Hash {
		return
	}
	s := shape{Hash: hash, Masked: h.tables.mask(c, v)}
	if k.shapes.add(s, maxShapes, compareShapes) {
		k.newShapes = append(k.newShapes, s)
	}
}

// dismissed are log odds at which a field is not asked about a class any more.
const dismissed = -20

// Flush puts out what was gathered, an endpoint a partial.
func (d *detector) Flush(out *detect.Out) {
	for _, key := range d.changed() {
		ep := d.endpoints[key]
		ep.changed = false
		p := delta{Label: ep.label, Service: ep.service, Host: ep.host, Method: ep.method, Template: ep.template, Since: d.since[key.tenant]}
		for _, at := range ep.places() {
			f := ep.fields[at]
			fd := fieldDelta{Direction: uint8(at.direction), Location: uint8(at.location), Path: at.path, Seen: f.seen}
			for _, k := range f.kinds {
				if k.tally == (tally{}) && len(k.novel) == 0 {
					continue
				}
				fd.Types = append(fd.Types, typeDelta{Type: k.class, Tally: k.tally, Novel: k.novel, Shapes: k.newShapes, Events: k.newEvents, Under: k.saidUnder(), Named: k.named})
				k.tally, k.novel, k.newShapes, k.newEvents, k.under = tally{}, nil, nil, nil, [circumstances]occurrence{}
			}
			if f.seen > 0 || len(fd.Types) > 0 {
				f.seen = 0
				p.Fields = append(p.Fields, fd)
			}
		}
		if len(p.Fields) > 0 {
			out.Partial(Kind, key.tenant, key.id, encodeDelta(&p))
		}
	}
}

// Snapshot writes the state.
func (d *detector) Snapshot(w io.Writer) error { return d.snapshot(w) }

// Restore reads the state that Snapshot wrote.
func (d *detector) Restore(r io.Reader) error { return d.restore(r) }
