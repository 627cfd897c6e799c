package behavior

import (
	"fmt"
	"math"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Fuzz01 are the settings of FUZZ-01.
type Fuzz01 struct {
	Capacity    float64 `yaml:"capacity" doc:"Different violations at once that alert."`
	LeakPerHour float64 `yaml:"leak_per_hour" doc:"Violations that are forgotten in an hour."`
	Values      int     `yaml:"values" doc:"Values of a parameter that must have been seen before one can be of another type."`
	Shared      int     `yaml:"shared" doc:"Principals with the same violation for it to be the service's change and nobody's attack."`
}

func defaultFuzz01() Fuzz01 { return Fuzz01{Capacity: 8, LeakPerHour: 2, Values: 30, Shared: 3} }

func (c *Fuzz01) validate(l *limits) {
	l.number("fuzz_01.capacity", c.Capacity, 2, maxPlaces)
	l.number("fuzz_01.leak_per_hour", c.LeakPerHour, 0.01, 10_000)
	l.integer("fuzz_01.values", c.Values, 2, 1_000_000)
	l.integer("fuzz_01.shared", c.Shared, 2, maxSenders)
}

// FUZZ-01: one source sends what a service does not take, in many places.
//
// Method: a violation is a parameter of another type than nearly all have had at the
// endpoint (learned by principals), one that comes twice, a text that is no text, a
// document that does not parse, or a request that was refused as malformed (400, 422).
// Different ones (endpoint, parameter and kind) fill a leaky bucket of the principal.
//
// Guard: a violation that Shared principals show, and one in a hundred of those who use
// the endpoint, is a release or a broken client, and counts for nobody. The same one again does not count.
var fuzz01 = finding.Rule{
	ID: "FUZZ-01", Title: "Parameters tampered with", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API8", "API3"}, CWE: []string{"CWE-20", "CWE-235"}, ATTACK: []string{"T1595.002"},
	Remediation: "Validate every request against the endpoint's schema before it reaches code, and answer all violations alike.",
}

const (
	maxPlaces = 64
	maxTyped  = 32 // leaves of a request whose types are looked at
	maxAtOnce = 3  // violations of one request that count: a release may change all of it
)

type fuzz struct {
	cfg     *Config
	metrics *Metrics
	params  *keyed.Table[paramTypes] // by endpoint and parameter
	seen    *keyed.Table[crowd]      // by violation
	clients *keyed.Table[crowd]      // by endpoint
	states  *keyed.Table[fuzzState]  // by principal
}

// paramTypes counts a parameter's values by type.
type paramTypes struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	By       [5]uint32
	Who      crowd
}

func (p *paramTypes) valid() error { return p.Who.valid() }

type fuzzState struct {
	_msgpack  struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Level     float64
	At        int64
	Kinds     [violations]uint32
	Places    keyed.List[uint32] // hashes of the violations of the episode, the last ones
	Next      uint8
	Endpoints keyed.List[uint32] // hashes of some endpoints
	Episode   episode
}

func (s *fuzzState) valid() error {
	if len(s.Places) > maxPlaces || int(s.Next) > maxPlaces || len(s.Endpoints) > maxNames || !finite(s.Level) {
		return fmt.Errorf("bucket of %d places at level %v", len(s.Places), s.Level)
	}
	return s.Episode.valid()
}

// Kinds of violations.
const (
	wrongType = iota
	twice
	noText
	noDocument
	refused
	violations
)

var violationNames = [violations]string{"values of another type", "parameters that came twice", "texts that are none", "documents that do not parse", "requests refused as malformed"}

func newFuzz(cfg *Config, m *Metrics) *fuzz {
	return &fuzz{cfg: patient(cfg), metrics: m, params: keyed.NewTable[paramTypes](cfg.MaxKeys, m.eviction("parameters")),
		seen: keyed.NewTable[crowd](cfg.MaxKeys, m.eviction("violations")), clients: keyed.NewTable[crowd](cfg.MaxLogins*10, m.eviction("parameter_clients")), states: keyed.NewTable[fuzzState](cfg.MaxKeys, m.eviction("FUZZ-01"))}
}

func (r *fuzz) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if len(tx.Event.Query) == 0 && !writes(tx.Event) {
		return
	}
	doc := tx.Request()
	all := r.clients.Touch(o.endpoint)
	all.add(o.who)
	added := 0
	count := func(kind int, place uint64) {
		key := mix(mix(o.endpoint, place), uint64(kind)+1)
		same := r.seen.Touch(key)
		if same.add(o.who); same.commonTo(all, r.cfg.Fuzz.Shared) {
			r.metrics.suppressed.WithLabelValues("fuzz_shared").Inc()
			return
		}
		if added < maxAtOnce && r.violate(r.states.Touch(o.who), o, kind, uint32(key)) {
			added++
		}
	}
	typed := 0
	for i := range doc.Leaves {
		l := &doc.Leaves[i]
		if l.Location != content.Query && l.Location != content.Body || len(l.Value) == 0 {
			continue
		}
		if typed++; typed > maxTyped {
			break
		}
		place := o.hash.of(l.Path)
		if r.odd(o, place, l.Type) {
			count(wrongType, place)
		}
	}
	for i := range doc.Issues {
		switch x := &doc.Issues[i]; x.Kind {
		case content.DuplicateKey:
			count(twice, o.hash.of(x.Path))
		case content.BadUTF8, content.BadEncoding:
			count(noText, o.hash.of(x.Path))
		case content.BadSyntax, content.TypeMismatch:
			count(noDocument, 0)
		}
	}
	if st := tx.Event.Status; st == 400 || st == 422 {
		// What was refused is told apart by what was in it.
		var what uint64
		for i := range doc.Leaves {
			if l := &doc.Leaves[i]; l.Location == content.Query || l.Location == content.Body {
				what = mix(what, mix(o.hash.of(l.Path), uint64(l.Type)))
			}
		}
		count(refused, what)
	}
	if added == 0 {
		return
	}
	s := r.states.Get(o.who)
	s.Episode.see(tx, o.now, r.cfg, o.place)
	if s.Level < r.cfg.Fuzz.Capacity || !s.Episode.due(o.now, r.cfg) {
		return
	}
	out.Finding(r.finding(o, s))
}

// odd learns the type of a value, and says whether nearly all others were of another.
// Numbers are one type: 1 and 1.5 are.
func (r *fuzz) odd(o *observation, place uint64, typ content.Type) bool {
	if typ == content.Number {
		typ = content.Integer
	}
	p := r.params.Touch(mix(o.endpoint, place))
	all := uint32(0)
	for _, n := range p.By {
		all += n
	}
	odd := int(all) >= r.cfg.Fuzz.Values && typ != content.Null && p.By[typ]*100 < all && math.Round(p.Who.size()) >= float64(r.cfg.Fuzz.Shared)
	p.Who.add(o.who)
	if all < 1<<30 {
		p.By[typ]++
	}
	return odd
}

// violate counts a violation, and says whether it was a new one.
func (r *fuzz) violate(s *fuzzState, o *observation, kind int, place uint32) bool {
	if o.now > s.At {
		if s.At != 0 {
			s.Level -= r.cfg.Fuzz.LeakPerHour * float64(o.now-s.At) / float64(hour)
		}
		s.At = o.now
	}
	if s.Level <= 0 {
		s.Level, s.Places, s.Next, s.Endpoints, s.Kinds = 0, s.Places[:0], 0, s.Endpoints[:0], [violations]uint32{}
		s.Episode.idle()
	}
	for _, p := range s.Places {
		if p == place {
			return false
		}
	}
	if len(s.Places) < maxPlaces {
		s.Places = append(s.Places, place)
	} else {
		s.Places[s.Next%maxPlaces] = place
		s.Next = (s.Next + 1) % maxPlaces
	}
	at := uint32(o.endpoint)
	known := len(s.Endpoints) == maxNames
	for _, e := range s.Endpoints {
		known = known || e == at
	}
	if !known {
		s.Endpoints = append(s.Endpoints, at)
	}
	s.Level = min(s.Level+1, 4*r.cfg.Fuzz.Capacity)
	s.Kinds[kind]++
	return true
}

func (r *fuzz) finding(o *observation, s *fuzzState) finding.Finding {
	f := s.Episode.finding(&fuzz01, o.tx, o.tx.Principal)
	if len(s.Endpoints) > 1 {
		f.Subject.Endpoint, f.Subject.EndpointID = "", ""
	}
	kinds, all := 0, 0
	var what []string
	for k, n := range s.Kinds {
		if n > 0 {
			kinds++
			all += int(n)
			what = append(what, fmt.Sprintf("%d %s", n, violationNames[k]))
		}
		f.Features = append(f.Features, finding.Number{Name: strings.ReplaceAll(violationNames[k], " ", "_"), Value: float64(n)})
	}
	f.Features = append(f.Features, finding.Number{Name: "level", Value: s.Level}, finding.Number{Name: "kinds", Value: float64(kinds)})
	f.Baseline = []finding.Number{{Name: "capacity", Value: r.cfg.Fuzz.Capacity}, {Name: "leak_per_hour", Value: r.cfg.Fuzz.LeakPerHour}}
	f.Confidence = min(0.95, 0.55+0.1*float64(kinds)+0.1*min(1, s.Level/(2*r.cfg.Fuzz.Capacity)))
	f.Summary = fmt.Sprintf("%s in %s, at %d endpoints or more: %s", plural(all, "different violation"), spell(s.Episode.Last-s.Episode.Start), len(s.Endpoints), strings.Join(what, ", "))
	f.Counterfactual = fmt.Sprintf("Fewer than %.0f different ones at once, or ones that %d principals show, would not alert", r.cfg.Fuzz.Capacity, r.cfg.Fuzz.Shared)
	return f
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (r *fuzz) capture(c *keyed.Capture) {
	r.params.Capture(c)
	r.seen.Capture(c)
	r.clients.Capture(c)
	r.states.Capture(c)
}

func (r *fuzz) decode(d *msgpack.Decoder) error {
	if err := r.params.Decode(d, (*paramTypes).valid); err != nil {
		return err
	}
	if err := r.seen.Decode(d, (*crowd).valid); err != nil {
		return err
	}
	if err := r.clients.Decode(d, (*crowd).valid); err != nil {
		return err
	}
	return r.states.Decode(d, (*fuzzState).valid)
}
