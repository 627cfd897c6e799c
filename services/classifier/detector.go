package classifier

import (
	"fmt"
	"io"
	"sync"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Factory makes the first stage. cfg must be valid and hold a key.
func Factory(cfg Config) (detect.Factory, error) {
	if len(cfg.HashKey) < 16 {
		return nil, fmt.Errorf("classifier: the hash key has %d bytes, at least 16 are needed", len(cfg.HashKey))
	}
	s := newScanner(cfg)
	return func(int32) detect.Detector {
		return &detector{scanner: s, state: newState(s.cfg.MaxEndpoints, s.cfg.MaxFields, s.metrics)}
	}, nil
}

func newScanner(cfg Config) *scanner {
	return &scanner{cfg: cfg, key: newHashKey(cfg.HashKey), words: newDictionary(), metrics: newMetrics(cfg.Metrics, cfg.Log)}
}

// scanner is the pure part: it holds nothing that changes and may be used from
// any number of goroutines.
type scanner struct {
	cfg     Config
	key     hashKey
	words   dictionary
	metrics *metrics
	pool    sync.Pool // of *hits
}

// hit is a candidate in a transaction.
type hit struct {
	match
	direction direction
	leaf      int // index in the document
	hash      uint64
}

type hits struct {
	list    []hit
	matches []match
	text    []byte
}

// detector is the first stage: its state holds of each candidate field the
// samples that were sent and what was not sent yet.
type detector struct {
	*scanner
	*state
	serial uint64 // of the event, to count it once a field
}

// Prepare scans both messages for candidates. It is pure.
func (d *detector) Prepare(tx *detect.Tx) {
	h, _ := d.pool.Get().(*hits)
	if h == nil {
		h = &hits{}
	}
	h.list = h.list[:0]
	if !tx.Event.Has(event.Enforced) {
		d.scanDocument(tx.Request(), request, h)
		d.scanDocument(tx.Response(), response, h)
	}
	tx.Prepared = h
}

func (s *scanner) scanDocument(doc *content.Document, dir direction, h *hits) {
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		v := l.Value
		if len(v) < minValue || l.Type >= content.Boolean {
			continue
		}
		if len(v) > s.cfg.MaxValue {
			v = v[:s.cfg.MaxValue]
			s.metrics.dropped.WithLabelValues("max_value").Inc()
		}
		h.matches = scan(v, h.matches[:0])
		for _, m := range h.matches {
			r := recognizers[m.typ]
			if (r.needsName || m.weak) && s.words.names(l.Path)&(1<<m.typ) != 0 {
				m.weak = false
			} else if r.needsName {
				continue
			}
			if len(h.list) == s.cfg.MaxHits {
				s.metrics.dropped.WithLabelValues("max_hits").Inc()
				return
			}
			h.text = r.normalize(append(h.text[:0], byte(m.typ)), v[m.start:m.end])
			h.list = append(h.list, hit{match: m, direction: dir, leaf: i, hash: hashed(s.key.sum(h.text), m.pass)})
		}
	}
}

// Detect adds the candidates of tx to their fields.
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
	asked := tx.Asked()
	key := endpointKey{tx.Tenant, asked.ID}
	ep := d.endpoints[key]
	for i := range h.list { // before counting: the value that makes a field counts
		if h.list[i].weak {
			continue
		}
		if ep == nil {
			if ep = d.endpoint(key); ep == nil {
				break
			}
		}
		d.field(ep, d.place(tx, &h.list[i]), d.words)
	}
	if ep == nil {
		return
	}
	d.serial++
	ep.describe(asked.Label, string(tx.Event.Deployment.Service))
	if ep.method == "" { // the id is made of these, so they stay
		ep.host, ep.method, ep.template = asked.Host, asked.Method, asked.Template
	}
	d.count(ep, tx.Request(), request)
	d.count(ep, tx.Response(), response)
	for i := range h.list {
		d.add(ep, tx, h.list, i)
	}
}

func (d *detector) place(tx *detect.Tx, h *hit) place {
	l := &document(tx, h.direction).Leaves[h.leaf]
	return place{h.direction, l.Location, l.Path}
}

func document(tx *detect.Tx, dir direction) *content.Document {
	if dir == request {
		return tx.Request()
	}
	return tx.Response()
}

// count counts the values of the fields that are watched.
func (d *detector) count(ep *endpoint, doc *content.Document, dir direction) {
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		if f := ep.fields[place{dir, l.Location, l.Path}]; f != nil {
			f.seen++
		}
	}
	ep.changed = true
}

// add adds the i-th candidate to its field.
func (d *detector) add(ep *endpoint, tx *detect.Tx, list []hit, i int) {
	h := &list[i]
	f := ep.fields[d.place(tx, h)]
	if f == nil {
		return // beyond max_fields, or nothing but chance so far
	}
	k := f.kind(h.typ)
	// A value with several candidates of a type is one value: it passed if one did.
	if i > 0 && sameLeaf(&list[i-1], h) {
		d.sample(k, tx, h)
		return
	}
	passed := false
	for j := i; j < len(list) && (j == i || sameLeaf(&list[j-1], &list[j])); j++ {
		passed = passed || list[j].pass
	}
	if !passed {
		k.tally.Failed++
		d.sample(k, tx, h)
		return
	}
	ns := tx.Time.UnixNano()
	t := tally{Matched: 1, First: ns, Last: ns}
	if k.counted != d.serial {
		k.counted, t.Events = d.serial, 1
		if ref := (reference{Time: ns, ID: tx.EventID()}); k.events.add(ref, finding.MaxEvents, compareReferences) {
			k.newEvents = append(k.newEvents, ref)
		}
	}
	k.tally.add(t)
	d.sample(k, tx, h)
}

func sameLeaf(a, b *hit) bool {
	return a.typ == b.typ && a.direction == b.direction && a.leaf == b.leaf
}

// sample takes the value of h into the sample of k, and its shape if it passed.
func (d *detector) sample(k *kind, tx *detect.Tx, h *hit) {
	if !k.sample.add(h.hash, d.cfg.MaxSample) {
		return
	}
	k.novel = append(k.novel, h.hash)
	if !h.pass || len(k.shapes) == maxShapes && h.hash > k.shapes[maxShapes-1].Hash {
		return
	}
	v := document(tx, h.direction).Leaves[h.leaf].Value[h.start:h.end]
	s := shape{Hash: h.hash, Masked: recognizers[h.typ].mask(v)}
	if k.shapes.add(s, maxShapes, compareShapes) {
		k.newShapes = append(k.newShapes, s)
	}
}

// Flush puts out what was gathered, an endpoint a partial.
func (d *detector) Flush(out *detect.Out) {
	for _, key := range d.changed() {
		ep := d.endpoints[key]
		ep.changed = false
		p := delta{Label: ep.label, Service: ep.service, Host: ep.host, Method: ep.method, Template: ep.template}
		for _, at := range ep.places() {
			f := ep.fields[at]
			fd := fieldDelta{Direction: uint8(at.direction), Location: uint8(at.location), Path: at.path, Seen: f.seen}
			for t, k := range f.types {
				if k == nil || k.tally == (tally{}) && len(k.novel) == 0 {
					continue
				}
				fd.Types = append(fd.Types, typeDelta{Type: Type(t).String(), Tally: k.tally, Novel: k.novel, Shapes: k.newShapes, Events: k.newEvents})
				k.tally, k.novel, k.newShapes, k.newEvents = tally{}, nil, nil, nil
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
func (d *detector) Restore(r io.Reader) error { return d.restore(r, d.words) }
