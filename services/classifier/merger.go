package classifier

import (
	"io"
	"slices"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/segmentio/encoding/json"
)

// MergerFactory makes the second stage. cfg must be valid.
func MergerFactory(cfg Config, classes *Classes) detect.MergerFactory {
	m := newMetrics(cfg.Metrics, cfg.Log)
	return func(int32) detect.Merger {
		return &merger{cfg: &cfg, metrics: m, classes: classes, state: newState(&cfg, m)}
	}
}

// merger owns the fields of the endpoints of one partition of partials.
type merger struct {
	cfg     *Config
	metrics *metrics
	classes *Classes
	*state
}

// Merge adds a difference to the endpoint that it is about.
func (m *merger) Merge(p *detect.Partial, _ *detect.Out) {
	if p.Kind != Kind {
		return
	}
	d, err := decodeDelta(p.Payload)
	if err != nil {
		m.malformed(p, err)
		return
	}
	m.began(p.Tenant, d.Since)
	ep := m.endpoint(endpointKey{p.Tenant, p.Dimension})
	if ep == nil {
		return
	}
	ep.describe(d.Label, d.Service)
	if d.Method != "" { // of a detector that says it
		ep.host, ep.method, ep.template = d.Host, d.Method, d.Template
	}
	for i := range d.Fields {
		fd := &d.Fields[i]
		at, err := fd.place()
		if err != nil {
			m.malformed(p, err)
			continue
		}
		f := m.field(ep, at)
		if f == nil {
			continue
		}
		f.seen += fd.Seen
		f.changed, ep.changed = true, true
		for j := range fd.Types {
			m.mergeType(f, &fd.Types[j])
		}
	}
}

func (m *merger) mergeType(f *field, td *typeDelta) {
	name := td.Type
	if now, old := renamed[name]; old {
		name = now
	}
	if m.classes.now.Load().class(name) == nil { // of another version or another's own
		m.metrics.dropped.WithLabelValues("unknown_type").Inc()
		return
	}
	k := f.kind(name)
	if k == nil {
		if len(f.kinds) >= maxKinds {
			m.metrics.dropped.WithLabelValues("max_classes").Inc()
			return
		}
		k = f.add(name)
	}
	k.merge(td, m.cfg.MaxSample)
}

// maxKinds bounds the classes of a field over all partitions, which may have met
// others first.
const maxKinds = 200

func (m *merger) malformed(p *detect.Partial, err error) {
	m.metrics.malformed.Inc()
	if m.cfg.Log != nil {
		m.cfg.Log.Error("a partial was left out", "tenant", p.Tenant, "endpoint", p.Dimension, "source", p.Source, "error", err)
	}
}

func (k *kind) merge(td *typeDelta, limit int) {
	k.named = k.named || td.Named
	k.tally.add(td.Tally)
	k.hear(td.Under)
	for _, h := range td.Novel {
		k.sample.add(h, limit)
	}
	for _, s := range td.Shapes {
		k.shapes.add(s, maxShapes, compareShapes)
	}
	for _, r := range td.Events {
		k.events.add(r, finding.MaxEvents, compareReferences)
	}
}

// Flush puts out every field that changed and is a candidate, and the findings
// about those that are confirmed. What was said and no longer holds is said again
// with the lower probability: readers go by confidence and confirmed.
func (m *merger) Flush(out *detect.Out) {
	t := m.classes.now.Load()
	for _, key := range m.changed() {
		ep := m.endpoints[key]
		ep.changed = false
		for _, at := range ep.places() {
			f := ep.fields[at]
			if !f.changed {
				continue
			}
			f.changed = false
			for _, b := range t.beliefs(f) {
				if b.kind.tally.Matched > 0 && !b.class.quiet() {
					m.say(out, &saying{key: key, ep: ep, at: at, f: f, belief: b})
				}
			}
		}
		m.tell(out, key, ep)
	}
}

// belief is how sure it is that a field is of a class.
type belief struct {
	*class
	*kind
	evidence    evidence
	probability float64
}

// beliefs weighs the classes of f against each other: a field of whole values is of one
// of them, so a number that several schemes accept is surely none of theirs.
func (t *Tables) beliefs(f *field) []belief {
	all := make([]belief, 0, len(f.kinds))
	logits := make([]float64, 0, len(f.kinds))
	for _, k := range f.kinds {
		if c := t.class(k.class); c != nil {
			e := k.evidence()
			all, logits = append(all, belief{class: c, kind: k, evidence: e}), append(logits, c.logit(e))
		}
	}
	for i := range all {
		var others []float64
		for j := range all {
			if j != i && all[i].whole() && all[j].whole() {
				others = append(others, logits[j])
			}
		}
		all[i].probability = probability(logits[i], others)
	}
	return all
}

// whole classes are of all of a value.
func (c *class) whole() bool { return (c.numeral || c.check != nil) && !c.secret() }

// tell tells discovery which classes of data the confirmed fields of an endpoint
// hold, whenever these change: it alone writes the catalog and weighs the risk.
func (m *merger) tell(out *detect.Out, key endpointKey, ep *endpoint) {
	var classes, fields []string
	for at, f := range ep.fields {
		for _, k := range f.kinds {
			if !k.confirmed {
				continue
			}
			classes = append(classes, k.class)
			if c := m.classes.now.Load().class(k.class); c != nil && at.direction == response && at.location == content.Body && at.path != "" && (c.personal() || c.secret()) {
				fields = append(fields, dataclass.Field(string(c.grade()), k.class, at.path))
			}
		}
	}
	slices.Sort(classes)
	slices.Sort(fields)
	fields = slices.DeleteFunc(fields, func(f string) bool { return len(f) > dataclass.MaxField || !utf8.ValidString(f) })
	if len(fields) > dataclass.MaxFields {
		m.metrics.dropped.WithLabelValues("untold_classes").Inc()
		fields = fields[:dataclass.MaxFields]
	}
	if classes = slices.Compact(classes); len(classes) > dataclass.MaxClasses {
		m.metrics.dropped.WithLabelValues("untold_classes").Inc()
		classes = classes[:dataclass.MaxClasses]
	}
	both := slices.Concat(classes, fields)
	if slices.Equal(both, ep.told) {
		return
	}
	said := dataclass.Statement{Method: ep.method, Template: ep.template, Classes: classes, Fields: fields}
	if ep.host == "" || said.Validate() != nil {
		m.metrics.dropped.WithLabelValues("untold_classes").Inc()
		return
	}
	ep.told = both
	out.Grouped(dataclass.Kind, key.tenant, dataclass.Group(ep.host), ep.host, dataclass.Append(nil, &said))
}

// saying is what there is to say of one class in one field.
type saying struct {
	key endpointKey
	ep  *endpoint
	at  place
	f   *field
	belief
}

func (m *merger) say(out *detect.Out, s *saying) {
	k := s.kind
	k.confirmed = s.class.confirmed(m.cfg, s.evidence, s.probability)
	if s.probability >= m.cfg.CandidateAt || k.listed {
		k.listed = true
		record := m.record(s)
		b, err := json.Marshal(record)
		if err != nil { // a plain struct: it cannot fail
			panic("classifier: field record: " + err.Error())
		}
		out.Record(schemas.TopicFields, event.RecordKey(s.key.tenant, record.ID), b)
	}
	for i, e := range exposures {
		if k.raised&(1<<i) != 0 || k.confirmed && e.holds(s, m) && e.occurrence(s).Events > 0 {
			k.raised |= 1 << i
			out.Finding(m.finding(e, s))
		}
	}
}

// Snapshot writes the state.
func (m *merger) Snapshot(w io.Writer) error { return m.snapshot(w) }

// Restore reads the state that Snapshot wrote.
func (m *merger) Restore(r io.Reader) error { return m.restore(r) }
