package classifier

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/vmihailenco/msgpack/v5"
)

// state is what a stage knows of candidate fields. The detector's sums are those
// not sent yet, the merger's are totals; the rest is the same.
type state struct {
	endpoints               map[endpointKey]*endpoint
	maxEndpoints, maxFields int
	metrics                 *metrics
}

func newState(maxEndpoints, maxFields int, m *metrics) *state {
	return &state{endpoints: map[endpointKey]*endpoint{}, maxEndpoints: maxEndpoints, maxFields: maxFields, metrics: m}
}

type endpointKey struct{ tenant, id string }

type endpoint struct {
	label, service string
	// host, method and template are what its id was made of, empty in a state of an
	// older version until the endpoint is seen again.
	host, method, template string
	fields                 map[place]*field
	changed                bool     // since the last Flush
	told                   []string // of the merger: the classes that discovery knows
}

type field struct {
	named   uint8 // types that the name agrees with
	seen    uint64
	changed bool // of the merger
	types   [types]*kind
}

// kind is what is known of one type in one field.
type kind struct {
	sample sample
	shapes least[shape]
	events least[reference]
	tally  tally

	// Of the detector: what entered the samples since the last Flush, and the
	// event that counted last.
	novel     []uint64
	newShapes []shape
	newEvents []reference
	counted   uint64

	// Of the merger: what was said, so that it can be taken back.
	listed, raised, confirmed bool
}

// endpoint is the endpoint of key, made if need be; nil at the limit.
func (s *state) endpoint(key endpointKey) *endpoint {
	ep := s.endpoints[key]
	if ep == nil {
		if len(s.endpoints) >= s.maxEndpoints {
			s.metrics.dropped.WithLabelValues("max_endpoints").Inc()
			return nil
		}
		ep = &endpoint{fields: map[place]*field{}}
		s.endpoints[key] = ep
	}
	return ep
}

// field is the field of ep at p, made if need be; nil at the limit.
func (s *state) field(ep *endpoint, p place, words dictionary) *field {
	f := ep.fields[p]
	if f == nil {
		if len(ep.fields) >= s.maxFields {
			s.metrics.dropped.WithLabelValues("max_fields").Inc()
			return nil
		}
		f = &field{named: words.names(p.path)}
		ep.fields[p] = f
	}
	return f
}

func (f *field) kind(t Type) *kind {
	if f.types[t] == nil {
		f.types[t] = &kind{}
	}
	return f.types[t]
}

// describe keeps one label and one service, the same whichever came first.
func (ep *endpoint) describe(label, service string) {
	if ep.label == "" || label != "" && label < ep.label {
		ep.label = label
	}
	if ep.service == "" || service != "" && service < ep.service {
		ep.service = service
	}
}

// changed are the keys of changed endpoints, in order.
func (s *state) changed() []endpointKey {
	return s.keys(func(ep *endpoint) bool { return ep.changed })
}

func (s *state) keys(which func(*endpoint) bool) []endpointKey {
	var keys []endpointKey
	for k, ep := range s.endpoints {
		if which(ep) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b endpointKey) int { return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.id, b.id)) })
	return keys
}

// places are the places of the endpoint's fields, in order.
func (ep *endpoint) places() []place {
	ps := make([]place, 0, len(ep.fields))
	for p := range ep.fields {
		ps = append(ps, p)
	}
	slices.SortFunc(ps, place.compare)
	return ps
}

// saved forms of the state. Fields are only ever added at the end.
type savedEndpoint struct {
	_msgpack                   struct{} `msgpack:",as_array"`
	Tenant, ID, Label, Service string
	Changed                    bool
	Fields                     list[savedField]
	Host, Method, Template     string
	Told                       list[string]
}

type savedField struct {
	_msgpack            struct{} `msgpack:",as_array"`
	Direction, Location uint8
	Path                string
	Seen                uint64
	Changed             bool
	Kinds               list[savedKind]
}

type savedKind struct {
	_msgpack       struct{} `msgpack:",as_array"`
	Type           string
	Tally          tally
	Sample, Novel  list[uint64]
	Shapes         list[shape]
	NewShapes      list[shape]
	Events         list[reference]
	NewEvents      list[reference]
	Listed, Raised bool
	Confirmed      bool
}

func (s *state) snapshot(w io.Writer) error {
	enc := msgpack.NewEncoder(w)
	keys := s.keys(func(*endpoint) bool { return true })
	if err := enc.EncodeArrayLen(len(keys)); err != nil {
		return fmt.Errorf("classifier: snapshot: %w", err)
	}
	for _, key := range keys {
		ep := s.endpoints[key]
		se := savedEndpoint{Tenant: key.tenant, ID: key.id, Label: ep.label, Service: ep.service, Changed: ep.changed,
			Host: ep.host, Method: ep.method, Template: ep.template, Told: ep.told}
		for _, p := range ep.places() {
			f := ep.fields[p]
			sf := savedField{Direction: uint8(p.direction), Location: uint8(p.location), Path: p.path, Seen: f.seen, Changed: f.changed}
			for t, k := range f.types {
				if k != nil {
					sf.Kinds = append(sf.Kinds, savedKind{Type: Type(t).String(), Tally: k.tally, Sample: list[uint64](k.sample), Novel: k.novel,
						Shapes: list[shape](k.shapes), NewShapes: k.newShapes, Events: list[reference](k.events), NewEvents: k.newEvents, Listed: k.listed, Raised: k.raised, Confirmed: k.confirmed})
				}
			}
			se.Fields = append(se.Fields, sf)
		}
		if err := enc.Encode(&se); err != nil {
			return fmt.Errorf("classifier: snapshot of endpoint %s: %w", key.id, err)
		}
	}
	return nil
}

func (s *state) restore(r io.Reader, words dictionary) error {
	dec := msgpack.NewDecoder(r)
	n, err := dec.DecodeArrayLen()
	if err != nil {
		return fmt.Errorf("classifier: restore: %w", err)
	}
	for i := range n {
		var se savedEndpoint
		if err := dec.Decode(&se); err != nil {
			return fmt.Errorf("classifier: restore of endpoint %d of %d: %w", i+1, n, err)
		}
		ep := &endpoint{label: se.Label, service: se.Service, changed: se.Changed, host: se.Host, method: se.Method, template: se.Template, told: se.Told, fields: make(map[place]*field, len(se.Fields))}
		for _, sf := range se.Fields {
			p := place{direction(sf.Direction), content.Location(sf.Location), sf.Path}
			f := &field{named: words.names(p.path), seen: sf.Seen, changed: sf.Changed}
			for _, sk := range sf.Kinds {
				t, ok := typeNamed(sk.Type)
				if !ok {
					return fmt.Errorf("classifier: restore of endpoint %s: type %q is not known to this version", se.ID, sk.Type)
				}
				f.types[t] = &kind{sample: sample(sk.Sample), shapes: least[shape](sk.Shapes), events: least[reference](sk.Events), tally: sk.Tally, novel: sk.Novel,
					newShapes: sk.NewShapes, newEvents: sk.NewEvents, listed: sk.Listed, raised: sk.Raised, confirmed: sk.Confirmed}
			}
			ep.fields[p] = f
		}
		s.endpoints[endpointKey{se.Tenant, se.ID}] = ep
	}
	return nil
}
