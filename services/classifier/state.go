package classifier

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
)

// state is what a stage knows of candidate fields. The detector's sums are those
// not sent yet, the merger's are totals; the rest is the same.
type state struct {
	endpoints map[endpointKey]*endpoint
	since     map[string]int64 // of each tenant, when its first event was seen, in ns
	limits    *Config
	lost      *metrics
}

func newState(cfg *Config, m *metrics) *state {
	return &state{endpoints: map[endpointKey]*endpoint{}, since: map[string]int64{}, limits: cfg, lost: m}
}

// began notes that a tenant was watched at ns.
func (s *state) began(tenant string, ns int64) {
	if at, ok := s.since[tenant]; ns != 0 && (!ok || ns < at) {
		s.since[tenant] = ns
	}
}

type endpointKey struct{ tenant, id string }

type endpoint struct {
	label, service string
	// host, method and template are what its id was made of, empty in a state of an
	// older version until the endpoint is seen again.
	host, method, template string
	fields                 map[place]*field
	steps                  map[place]*step // of the detector
	changed                bool            // since the last Flush
	told                   []string        // of the merger: the classes and fields that discovery knows
}

type field struct {
	seen    uint64
	changed bool    // of the merger
	kinds   []*kind // by class
}

// kind is what is known of one class in one field.
type kind struct {
	class  string
	named  bool // the field's name agrees
	sample sample
	shapes least[shape]
	events least[reference]
	tally  tally
	under  [circumstances]occurrence

	// Of the detector: what entered the samples since the last Flush, and what was
	// counted last.
	novel     []uint64
	newShapes []shape
	newEvents []reference
	counted   uint64
	leaf      *content.Leaf
	dismissed bool
	tables    *Tables // that says what the class is
	meaning   *class

	// Of the merger: what was said, so that it can be taken back. raised has a bit for
	// each rule.
	listed, confirmed bool
	raised            uint32
}

func (k *kind) evidence() evidence {
	e := k.sample.evidence()
	e.named = k.named
	e.consecutive = k.tally.consecutive(e.passed)
	return e
}

// dismiss lets go of what k holds; what was not sent is sent nevertheless.
func (k *kind) dismiss() {
	k.dismissed = true
	k.sample, k.shapes, k.events = nil, nil, nil
}

// endpoint is the endpoint of key, made if need be; nil at the limit.
func (s *state) endpoint(key endpointKey) *endpoint {
	ep := s.endpoints[key]
	if ep == nil {
		if len(s.endpoints) >= s.limits.MaxEndpoints {
			s.lost.dropped.WithLabelValues("max_endpoints").Inc()
			return nil
		}
		ep = &endpoint{fields: map[place]*field{}}
		s.endpoints[key] = ep
	}
	return ep
}

// field is the field of ep at p, made if need be; nil at the limit.
func (s *state) field(ep *endpoint, p place) *field {
	f := ep.fields[p]
	if f == nil {
		if len(ep.fields) >= s.limits.MaxFields {
			s.lost.dropped.WithLabelValues("max_fields").Inc()
			return nil
		}
		f = &field{}
		p.path = strings.Clone(p.path) // a leaf lends it
		ep.fields[p] = f
	}
	return f
}

// kind is what is known of the class in f, nil if nothing is.
func (f *field) kind(class string) *kind {
	for _, k := range f.kinds {
		if k.class == class {
			return k
		}
	}
	return nil
}

func (f *field) add(class string) *kind {
	k := &kind{class: class}
	i, _ := slices.BinarySearchFunc(f.kinds, class, func(k *kind, c string) int { return cmp.Compare(k.class, c) })
	f.kinds = slices.Insert(f.kinds, i, k)
	return k
}

// of is the class of k by t, nil where t has none.
func (k *kind) of(t *Tables) *class {
	if k.tables != t {
		k.tables, k.meaning = t, t.class(k.class)
	}
	return k.meaning
}

// step is a place that the values of an endpoint have, watched or not, and which one came behind it
// lately: messages of an endpoint are alike, so that most fields are found without being looked up.
type step struct {
	place
	field *field // nil where nothing is watched
	next  *step
}

// step is that of p, behind the one before, nil for none. Beyond limit none is kept.
func (ep *endpoint) step(before *step, p place, limit int) *step {
	if before != nil && before.next != nil && before.next.place == p {
		return before.next
	}
	s := ep.steps[p]
	if s == nil {
		p.path = strings.Clone(p.path) // a leaf lends it
		s = &step{place: p, field: ep.fields[p]}
		if len(ep.steps) >= limit {
			return s
		}
		if ep.steps == nil {
			ep.steps = map[place]*step{}
		}
		ep.steps[p] = s
	}
	if before != nil {
		before.next = s
	}
	return s
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
