package behavior

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Gql01 are the settings of GQL-01.
type Gql01 struct {
	Depth   int `yaml:"depth" doc:"Fields within fields that an ordinary query has."`
	Aliases int `yaml:"aliases" doc:"Fields under another name that an ordinary query has."`
	Batch   int `yaml:"batch" doc:"Operations that an ordinary request has."`
	Cost    int `yaml:"cost" doc:"Fields in all that an ordinary request asks for."`
	// Capacity is how much a source may be beyond these before it alerts, in multiples
	// of them; LeakPerHour is what it gets back.
	Capacity    float64 `yaml:"capacity" doc:"Excess that alerts: one request of this many times a limit, or several that add up to it."`
	LeakPerHour float64 `yaml:"leak_per_hour" doc:"Excess that is forgotten in an hour."`
	Popular     int     `yaml:"popular" doc:"Principals who send a query for it to count as the application's own."`
}

func defaultGql01() Gql01 {
	return Gql01{Depth: 6, Aliases: 15, Batch: 10, Cost: 500, Capacity: 3, LeakPerHour: 6, Popular: 3}
}

func (c *Gql01) validate(l *limits) {
	l.integer("gql_01.depth", c.Depth, 2, 100)
	l.integer("gql_01.aliases", c.Aliases, 1, 10_000)
	l.integer("gql_01.batch", c.Batch, 1, 10_000)
	l.integer("gql_01.cost", c.Cost, 10, 1_000_000)
	l.number("gql_01.capacity", c.Capacity, 1, 1000)
	l.number("gql_01.leak_per_hour", c.LeakPerHour, 0.01, 10_000)
	l.integer("gql_01.popular", c.Popular, 2, maxSenders)
}

// GQL-01: queries made to be expensive, or to try many things in one request.
//
// Method: the syntax tree is measured before anything runs, as in the cost analyses of
// Hartig and Pérez ("Semantics and Complexity of GraphQL", WWW 2018) and Cha et al. ("A
// Principled Approach to GraphQL Query Cost Analysis", FSE 2020): depth, aliases,
// operations in a batch, fields in all. How many times the largest of them is beyond
// what is ordinary fills a leaky bucket of the principal at the endpoint. Asking for the
// schema fills it by more than half.
//
// Guard: a query that several principals send, and one in a hundred of those who use the
// endpoint, is the application's own, however large; a persisted one has no text.
var gql01 = finding.Rule{
	ID: "GQL-01", Title: "GraphQL made to be expensive", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API4"}, CWE: []string{"CWE-770"}, ATTACK: []string{"T1499.003"},
	Remediation: "Limit depth, aliases, operations in a batch and cost before a query is run; take persisted queries alone from outside, and switch introspection off there.",
}

// maxSenders bounds the settings that name how many make a thing common.
const maxSenders = 1000

type gql struct {
	cfg     *Config
	metrics *Metrics
	states  *keyed.Table[gqlState] // by principal and endpoint
	queries *keyed.Table[crowd]    // by endpoint and query
	clients *keyed.Table[crowd]    // by endpoint
}

type gqlState struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Level    float64
	At       int64
	// The most that a request of the episode had.
	Depth, Aliases, Batch, Cost uint32
	Asked                       uint32 // times that the schema was asked for
	Episode                     episode
}

func (s *gqlState) valid() error {
	if !finite(s.Level) {
		return errors.New("bucket is not a number")
	}
	return s.Episode.valid()
}

func newGql(cfg *Config, m *Metrics) *gql {
	return &gql{cfg: cfg, metrics: m, states: keyed.NewTable[gqlState](cfg.MaxKeys, m.eviction("GQL-01")),
		queries: keyed.NewTable[crowd](cfg.MaxLogins*10, m.eviction("queries")), clients: keyed.NewTable[crowd](cfg.MaxLogins*10, m.eviction("graphql_clients"))}
}

// asksGraphQL says whether a request may hold a query, without a look into its body.
func asksGraphQL(e *event.Event) bool {
	if len(e.Query) == 0 && len(e.RequestBody.Data) == 0 {
		return false
	}
	return bytes.Contains(e.Path, []byte("graphql")) || bytes.Contains(e.Path, []byte("gql")) || bytes.Contains(e.RequestBody.ContentType, []byte("graphql")) ||
		bytes.HasPrefix(e.Query, []byte("query=")) || bytes.Contains(e.Query, []byte("&query="))
}

// measure is what a request asks for.
type measure struct{ depth, aliases, batch, cost, asked int }

func (r *gql) observe(o *observation, out *detect.Out) {
	tx := o.tx
	if !asksGraphQL(tx.Event) {
		return
	}
	doc := tx.Request()
	var m measure
	popular := true
	var all *crowd
	for i := range doc.Operations {
		op := &doc.Operations[i]
		if op.Protocol != content.GraphQLOperation || op.Hash == "" { // persisted: no text
			continue
		}
		m.batch++
		m.depth, m.aliases = max(m.depth, op.Depth), m.aliases+op.Aliases
		m.cost += op.Selections
		if op.Introspection {
			m.asked++
		}
		if all == nil {
			all = r.clients.Touch(o.endpoint)
			all.add(o.who)
		}
		same := r.queries.Touch(mix(o.endpoint, o.hash.of(op.Hash)))
		same.add(o.who)
		popular = popular && same.commonTo(all, r.cfg.Gql.Popular)
	}
	cut := 0.0
	for _, issue := range doc.Issues {
		if issue.Kind == content.OperationLimit || issue.Kind == content.TokenLimit { // more than was read
			cut, popular = r.cfg.Gql.Capacity, false
		}
	}
	if m.batch == 0 && cut == 0 {
		return
	}
	c := &r.cfg.Gql
	excess := max(cut, float64(m.depth)/float64(c.Depth), float64(m.aliases)/float64(c.Aliases), float64(m.batch)/float64(c.Batch), float64(m.cost)/float64(c.Cost))
	if excess <= 1 {
		excess = 0
	}
	if m.asked > 0 {
		excess = max(excess, 0.6*c.Capacity)
	}
	if excess == 0 {
		return
	}
	if popular {
		r.metrics.suppressed.WithLabelValues("gql_popular").Inc()
		return
	}
	s := r.states.Touch(mix(o.who, o.endpoint))
	if o.now > s.At {
		if s.At != 0 {
			s.Level = max(0, s.Level-c.LeakPerHour*float64(o.now-s.At)/float64(hour))
		}
		s.At = o.now
	}
	if s.Level == 0 {
		s.Episode.idle()
	}
	s.Level = min(s.Level+excess, 4*c.Capacity)
	s.Episode.see(tx, o.now, r.cfg, nil)
	if s.Episode.Count == 1 {
		s.Depth, s.Aliases, s.Batch, s.Cost, s.Asked = 0, 0, 0, 0, 0
	}
	s.Depth, s.Aliases, s.Batch, s.Cost = max(s.Depth, uint32(m.depth)), max(s.Aliases, uint32(m.aliases)), max(s.Batch, uint32(m.batch)), max(s.Cost, uint32(m.cost))
	s.Asked += uint32(m.asked)
	if s.Level < c.Capacity || !s.Episode.due(o.now, r.cfg) {
		return
	}
	out.Finding(r.finding(o, s, excess))
}

func (r *gql) finding(o *observation, s *gqlState, excess float64) finding.Finding {
	c := &r.cfg.Gql
	f := s.Episode.finding(&gql01, o.tx, o.tx.Principal, o.tx.Endpoint.ID)
	if excess >= 4*c.Capacity {
		f.Severity = finding.High
	}
	f.Confidence = min(0.95, 0.6+0.05*s.Level)
	f.Features = []finding.Number{{Name: "excess", Value: excess}, {Name: "level", Value: s.Level}, {Name: "depth", Value: float64(s.Depth)}, {Name: "aliases", Value: float64(s.Aliases)},
		{Name: "batch", Value: float64(s.Batch)}, {Name: "fields", Value: float64(s.Cost)}, {Name: "schema_asked", Value: float64(s.Asked)}}
	f.Baseline = []finding.Number{{Name: "depth", Value: float64(c.Depth)}, {Name: "aliases", Value: float64(c.Aliases)}, {Name: "batch", Value: float64(c.Batch)}, {Name: "fields", Value: float64(c.Cost)}}
	var what []string
	for _, x := range []struct {
		name    string
		is, lim uint32
	}{{"fields %d deep", s.Depth, uint32(c.Depth)}, {"%d aliases", s.Aliases, uint32(c.Aliases)}, {"%d operations in a request", s.Batch, uint32(c.Batch)}, {"%d fields in a request", s.Cost, uint32(c.Cost)}} {
		if x.is > x.lim {
			what = append(what, fmt.Sprintf(x.name+" (ordinary is %d)", x.is, x.lim))
		}
	}
	if s.Asked > 0 {
		what = append(what, fmt.Sprintf("the schema asked for %d times", s.Asked))
	}
	if len(what) == 0 {
		what = append(what, "more than is read of a request")
	}
	f.Summary = fmt.Sprintf("%d GraphQL requests at %s that nobody else sends: %s", s.Episode.Count, o.tx.Endpoint.Label, strings.Join(what, ", "))
	f.Counterfactual = fmt.Sprintf("Queries within the limits, ones that %d principals send, or persisted ones would not alert", c.Popular)
	return f
}

func (r *gql) capture(c *keyed.Capture) {
	r.states.Capture(c)
	r.queries.Capture(c)
	r.clients.Capture(c)
}

func (r *gql) decode(d *msgpack.Decoder) error {
	if err := r.states.Decode(d, (*gqlState).valid); err != nil {
		return err
	}
	if err := r.queries.Decode(d, (*crowd).valid); err != nil {
		return err
	}
	return r.clients.Decode(d, (*crowd).valid)
}
