package classifier

import (
	"io"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/segmentio/encoding/json"
)

// MergerFactory makes the second stage. cfg must be valid.
func MergerFactory(cfg Config) detect.MergerFactory {
	words, m := newDictionary(), newMetrics(cfg.Metrics, cfg.Log)
	return func(int32) detect.Merger {
		return &merger{cfg: cfg, words: words, state: newState(cfg.MaxEndpoints, cfg.MaxFields, m)}
	}
}

// merger owns the fields of the endpoints of one partition of partials.
type merger struct {
	cfg   Config
	words dictionary
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
		f := m.field(ep, at, m.words)
		if f == nil {
			continue
		}
		f.seen += fd.Seen
		f.changed, ep.changed = true, true
		for j := range fd.Types {
			td := &fd.Types[j]
			t, ok := typeNamed(td.Type)
			if !ok { // of a newer version, while instances are replaced
				m.metrics.dropped.WithLabelValues("unknown_type").Inc()
				continue
			}
			f.kind(t).merge(td, m.cfg.MaxSample)
		}
	}
}

func (m *merger) malformed(p *detect.Partial, err error) {
	m.metrics.malformed.Inc()
	if m.cfg.Log != nil {
		m.cfg.Log.Error("a partial was left out", "tenant", p.Tenant, "endpoint", p.Dimension, "source", p.Source, "error", err)
	}
}

func (k *kind) merge(td *typeDelta, limit int) {
	k.tally.add(td.Tally)
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
	for _, key := range m.changed() {
		ep := m.endpoints[key]
		ep.changed = false
		for _, at := range ep.places() {
			f := ep.fields[at]
			if !f.changed {
				continue
			}
			f.changed = false
			for t, k := range f.types {
				if k != nil && k.tally.Matched > 0 {
					m.say(out, key, ep, at, f, recognizers[t], k)
				}
			}
		}
		m.tell(out, key, ep)
	}
}

// tell tells discovery which classes of data the confirmed fields of an endpoint
// hold, whenever these change: it alone writes the catalog and weighs the risk.
func (m *merger) tell(out *detect.Out, key endpointKey, ep *endpoint) {
	var classes []string
	for _, f := range ep.fields {
		for t, k := range f.types {
			if k != nil && k.confirmed {
				classes = append(classes, recognizers[t].name)
			}
		}
	}
	slices.Sort(classes)
	if classes = slices.Compact(classes); slices.Equal(classes, ep.told) {
		return
	}
	said := dataclass.Statement{Method: ep.method, Template: ep.template, Classes: classes}
	if ep.host == "" || said.Validate() != nil {
		m.metrics.dropped.WithLabelValues("untold_classes").Inc()
		return
	}
	ep.told = classes
	out.Grouped(dataclass.Kind, key.tenant, dataclass.Group(ep.host), ep.host, dataclass.Append(nil, &said))
}

// say puts out what is to be said of one type in one field.
func (m *merger) say(out *detect.Out, key endpointKey, ep *endpoint, at place, f *field, r *recognizer, k *kind) {
	e := k.sample.evidence(f.named&(1<<r.typ) != 0)
	probability, confirmed := r.probability(e), r.confirmed(&m.cfg, e)
	k.confirmed = confirmed
	if probability >= m.cfg.CandidateAt || k.listed {
		k.listed = true
		record := m.record(key, ep, at, f, r, k, probability, confirmed)
		b, err := json.Marshal(record)
		if err != nil { // a plain struct: it cannot fail
			panic("classifier: field record: " + err.Error())
		}
		out.Record(schemas.TopicFields, event.RecordKey(key.tenant, record.ID), b)
	}
	if rule := r.rule(at); rule != nil && (confirmed || k.raised) {
		k.raised = true
		out.Finding(m.finding(rule, key, ep, at, f, r, k, e))
	}
}

// Snapshot writes the state.
func (m *merger) Snapshot(w io.Writer) error { return m.snapshot(w) }

// Restore reads the state that Snapshot wrote.
func (m *merger) Restore(r io.Reader) error { return m.restore(r, m.words) }
