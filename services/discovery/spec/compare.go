package spec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Kind of a Difference.
type Kind string

// Kinds.
const (
	Shadow Kind = "shadow" // observed, in no specification
	Zombie Kind = "zombie" // observed, deprecated by its specification
	Orphan Kind = "orphan" // in a specification, not observed for long
	Drift  Kind = "drift"  // observed otherwise than specified
)

// Difference is one thing in which an API and its specification disagree.
type Difference struct {
	Kind Kind `json:"kind"`
	// Aspect of a drift is parameter, required, status, type, value, auth, media or body.
	Aspect string `json:"aspect,omitempty"`
	// Name is what differs: "query:limit", "response 2xx:items[].id", "jwt".
	Name     string           `json:"name,omitempty"`
	Severity finding.Severity `json:"severity"`
	// Endpoint is "METHOD host/template", empty for an orphan that was never seen.
	Endpoint   string `json:"endpoint,omitempty"`
	EndpointID string `json:"endpoint_id,omitempty"`
	// Operation is what the document calls it.
	Operation string `json:"operation,omitempty"`
	// Where the document says it, or would have to.
	Where  Place  `json:"where"`
	Digest string `json:"digest,omitempty"`
	// Count of Of transactions show the difference; Callers is 0 where not known.
	Count     uint64    `json:"count"`
	Of        uint64    `json:"of,omitempty"`
	Callers   uint64    `json:"callers,omitempty"`
	FirstSeen time.Time `json:"first_seen,omitzero"`
	LastSeen  time.Time `json:"last_seen,omitzero"`
	// Summary is one sentence that an analyst can check.
	Summary string `json:"summary"`
}

// Options are the settings of Compare. Start from Defaults.
type Options struct {
	MinCallers   int           `yaml:"min_callers" doc:"Callers that must have been served before a shadow endpoint or a drift is said, where their number is known."`
	MinObserved  time.Duration `yaml:"min_observed" doc:"How long an endpoint must have been observed before a shadow endpoint or a drift is said."`
	MinCount     int           `yaml:"min_count" doc:"Transactions that must show a drift."`
	OrphanAfter  time.Duration `yaml:"orphan_after" doc:"How long an operation must not have been seen to be an orphan. 0: never at all."`
	MissingShare float64       `yaml:"missing_share" doc:"Share of messages that must lack what is required. Truncated messages lack fields too."`
	MaxDrifts    int           `yaml:"max_drifts" doc:"Drifts said of one endpoint; how many more there are is said."`
	Hosts        []string      `yaml:"hosts" doc:"Hosts that the specifications speak for, instead of those that they name."`

	// Since is when observation began; zero is the first endpoint's first sight.
	Since time.Time `yaml:"-"`
}

// Defaults are the guards that keep a single client's oddities from being said.
func Defaults() Options {
	return Options{MinCallers: 3, MinObserved: time.Hour, MinCount: 3, OrphanAfter: 30 * 24 * time.Hour, MissingShare: 0.05, MaxDrifts: 50}
}

// Validate reports every error of o at once.
func (o Options) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(o.MinCallers >= 0, "min_callers is %d, want 0 or more", o.MinCallers)
	check(o.MinObserved >= 0, "min_observed is %v, want 0 or more", o.MinObserved)
	check(o.MinCount >= 1, "min_count is %d, want 1 or more", o.MinCount)
	check(o.OrphanAfter >= 0, "orphan_after is %v, want 0 or more", o.OrphanAfter)
	check(o.MissingShare >= 0 && o.MissingShare <= 1, "missing_share is %v, want 0 to 1", o.MissingShare)
	check(o.MaxDrifts >= 1, "max_drifts is %d, want 1 or more", o.MaxDrifts)
	return errors.Join(errs...)
}

// Compare says in what the endpoints of one tenant and the specifications
// disagree. An endpoint is documented when any specification has it. The result
// has an order of its own and depends on nothing but the arguments.
func Compare(specs []*Specification, endpoints []catalog.Endpoint, now time.Time, o Options) []Difference {
	var list []observed
	for i := range endpoints {
		if endpoints[i].Hits > 0 && endpoints[i].Source != catalog.Specification {
			list = append(list, observe(&endpoints[i]))
		}
	}
	return compare(specs, list, now, o)
}

func compare(specs []*Specification, endpoints []observed, now time.Time, o Options) []Difference {
	c := &comparison{o: o, now: now, specs: specs, endpoints: endpoints, matcher: newMatcher(specs), seen: map[*Operation]sight{}}
	if len(o.Hosts) > 0 {
		for i := range c.matcher.patterns {
			c.matcher.patterns[i].host = ""
		}
	}
	slices.SortFunc(c.endpoints, func(a, b observed) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.template, b.template), strings.Compare(a.method, b.method), strings.Compare(a.id, b.id))
	})
	c.match()
	c.scope()
	for i := range c.endpoints {
		c.endpoint(i)
	}
	c.orphans()
	return c.out
}

type comparison struct {
	o         Options
	now       time.Time
	specs     []*Specification
	endpoints []observed
	matcher   *matcher
	// found is the operation of each endpoint, nil for none.
	found []*pattern
	how   []fit
	seen  map[*Operation]sight
	// scopes are the hosts that a specification speaks for.
	scopes map[*Specification]map[string]bool
	out    []Difference
}

// sight is the last of an operation.
type sight struct {
	at        time.Time
	label, id string
}

func (c *comparison) match() {
	c.found, c.how = make([]*pattern, len(c.endpoints)), make([]fit, len(c.endpoints))
	for i := range c.endpoints {
		e := &c.endpoints[i]
		if !c.speaks(e.host) {
			continue
		}
		mark := func(p *pattern) {
			if s := c.seen[p.op]; s.at.Before(e.last) {
				c.seen[p.op] = sight{e.last, e.label, e.id}
			}
		}
		for _, name := range e.operations {
			for _, k := range c.matcher.names[name] {
				if p := &c.matcher.patterns[k]; hostCovers(p.host, e.host) {
					c.found[i] = p
					mark(p)
				}
			}
		}
		if e.protocol == "graphql" {
			continue
		}
		// A merged endpoint may be each of the operations that it covers.
		var all []*pattern
		c.found[i], c.how[i] = c.matcher.find(e.host, e.method, segments(e.template), func(p *pattern) { all = append(all, p) })
		switch {
		case c.found[i] == nil:
		case c.how[i].merged == 0:
			mark(c.found[i])
		default:
			for _, p := range all {
				mark(p)
			}
		}
	}
}

// speaks says whether settings let the specifications speak for a host.
func (c *comparison) speaks(host string) bool {
	return len(c.o.Hosts) == 0 || slices.ContainsFunc(c.o.Hosts, func(h string) bool { return hostCovers(strings.ToLower(h), host) })
}

// adopted is how many operations of a specification that names no host must be seen on a host
// for it to speak for that host: one, such as GET /health, is everywhere.
const adopted = 2

// scope finds what hosts each specification speaks for: those it names, and where
// it names none, those on which it was recognised.
func (c *comparison) scope() {
	c.scopes = map[*Specification]map[string]bool{}
	on := map[*Specification]map[string]map[*Operation]bool{}
	for i, p := range c.found {
		if p == nil {
			continue
		}
		if on[p.spec] == nil {
			on[p.spec] = map[string]map[*Operation]bool{}
		}
		if host := c.endpoints[i].host; on[p.spec][host] == nil {
			on[p.spec][host] = map[*Operation]bool{}
		}
		on[p.spec][c.endpoints[i].host][p.op] = true
	}
	for _, s := range c.specs {
		hosts := map[string]bool{}
		c.scopes[s] = hosts
		var named []string
		anywhere := false
		for i := range s.Operations {
			for _, at := range s.ServersOf(&s.Operations[i]) {
				anywhere = anywhere || at.Host == ""
				if at.Host != "" && !slices.Contains(named, at.Host) {
					named = append(named, at.Host)
				}
			}
		}
		for i := range c.endpoints {
			host := c.endpoints[i].host
			switch {
			case len(c.o.Hosts) > 0:
				hosts[host] = hosts[host] || c.speaks(host)
			case slices.ContainsFunc(named, func(n string) bool { return hostCovers(n, host) }):
				hosts[host] = true
			case anywhere && len(on[s][host]) >= min(adopted, len(s.Operations)):
				hosts[host] = true
			}
		}
	}
}

// speakers are the specifications that speak for an endpoint of that kind.
func (c *comparison) speakers(e *observed) []*Specification {
	var out []*Specification
	for _, s := range c.specs {
		if !c.scopes[s][e.host] {
			continue
		}
		switch e.protocol {
		case "grpc":
			if s.Format != "protobuf" {
				continue
			}
		case "graphql":
			if s.Format != "graphql" || len(e.operations) == 0 {
				continue
			}
		default:
			if s.Format == "protobuf" || s.Format == "graphql" {
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// guarded says that too little is known of an endpoint to blame it.
func (c *comparison) guarded(e *observed) bool {
	return e.last.Sub(e.first) < c.o.MinObserved || e.callers > 0 && e.callers < uint64(c.o.MinCallers)
}

func (c *comparison) endpoint(i int) {
	e, p := &c.endpoints[i], c.found[i]
	if p == nil {
		c.shadow(e)
		return
	}
	if c.how[i].merged > 0 {
		return // it is several operations: nothing can be said of one
	}
	if p.op.Deprecated {
		d := c.difference(Zombie, finding.Medium, e, p, p.op.Where)
		d.Count, d.Of = e.hits, e.hits
		d.Summary = fmt.Sprintf("%s was called %s, last at %s, and %s marks it as deprecated.", e.label, times(e.hits), clock(e.last), p.op.Where)
		c.out = append(c.out, d)
	}
	if !c.guarded(e) {
		c.drifts(e, p)
	}
}

// implied are methods that need no document where their path has one: HEAD where GET is,
// OPTIONS for browsers that ask for permission.
func (c *comparison) implied(e *observed) bool {
	if e.method != "OPTIONS" && e.method != "HEAD" {
		return false
	}
	for _, m := range pathMethods {
		if p, _ := c.matcher.find(e.host, m, segments(e.template), nil); p != nil && (e.method == "OPTIONS" || m == "GET") {
			return true
		}
	}
	return false
}

var pathMethods = []string{"GET", "PUT", "POST", "DELETE", "PATCH"}

func (c *comparison) shadow(e *observed) {
	speakers := c.speakers(e)
	if len(speakers) == 0 || c.guarded(e) || e.answered == 0 && len(e.statuses) > 0 && count(e.statuses, "3xx") == 0 || c.implied(e) {
		return
	}
	where := Place{File: speakers[0].File}
	digest, operation, lists := speakers[0].Digest, "", ""
	for _, m := range pathMethods {
		if p, _ := c.matcher.find(e.host, m, segments(e.template), nil); p != nil && m != e.method {
			if lists == "" {
				where, digest, operation = p.op.Where, p.spec.Digest, p.op.Label()
			}
			lists += "/" + m
		}
	}
	d := c.difference(Shadow, finding.Medium, e, nil, where)
	d.Digest, d.Operation, d.Count, d.Of = digest, operation, e.hits, e.hits
	say := fmt.Sprintf("%s does not document it", speakers[0].File)
	if len(speakers) > 1 {
		names := make([]string, 0, 3)
		for _, s := range speakers[:min(len(speakers), 3)] {
			names = append(names, s.File)
		}
		say = fmt.Sprintf("none of the %d specifications of %s documents it (%s)", len(speakers), e.host, strings.Join(names, ", "))
	}
	if lists != "" {
		say = fmt.Sprintf("%s documents only %s there", where, lists[1:])
	}
	d.Summary = fmt.Sprintf("%s was called %s%s between %s and %s, and %s.", e.label, times(e.hits), by(e.callers), clock(e.first), clock(e.last), say)
	c.out = append(c.out, d)
}

func (c *comparison) orphans() {
	since := c.o.Since
	if since.IsZero() {
		for i := range c.endpoints {
			if since.IsZero() || c.endpoints[i].first.Before(since) {
				since = c.endpoints[i].first
			}
		}
	}
	if since.IsZero() {
		return // nothing was observed
	}
	observable := map[string]bool{} // GraphQL and gRPC are seen only where their traffic is
	for i := range c.endpoints {
		observable[c.endpoints[i].protocol] = observable[c.endpoints[i].protocol] || c.endpoints[i].protocol != "graphql" || len(c.endpoints[i].operations) > 0
	}
	for _, s := range c.specs {
		if len(c.scopes[s]) == 0 {
			continue // none of its hosts is observed
		}
		for i := range s.Operations {
			o := &s.Operations[i]
			if o.Protocol != "rest" && !observable[o.Protocol] {
				continue
			}
			last, ever := c.seen[o]
			from := since
			if ever {
				from = last.at
			}
			if c.now.Sub(from) < c.o.OrphanAfter || ever && c.o.OrphanAfter == 0 {
				continue
			}
			d := Difference{
				Kind: Orphan, Severity: finding.Info, Operation: o.Label(), Where: o.Where, Digest: s.Digest,
				Endpoint: last.label, EndpointID: last.id, FirstSeen: from, LastSeen: from,
			}
			say := "was never seen since observation began at " + clock(from)
			if ever {
				say = "was last seen at " + clock(from)
			}
			d.Summary = fmt.Sprintf("%s, documented at %s, %s: %s.", o.Label(), o.Where, say, days(c.now.Sub(from)))
			c.out = append(c.out, d)
		}
	}
}

func (c *comparison) difference(k Kind, severity finding.Severity, e *observed, p *pattern, where Place) Difference {
	d := Difference{
		Kind: k, Severity: severity, Endpoint: e.label, EndpointID: e.id, Where: where, Callers: e.callers, FirstSeen: e.first, LastSeen: e.last,
	}
	if p != nil {
		d.Operation, d.Digest = p.op.Label(), p.spec.Digest
	}
	return d
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func by(callers uint64) string {
	if callers == 0 {
		return ""
	}
	return fmt.Sprintf(" by %d callers", callers)
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// Speaks says whether any specification speaks for one of the hosts by what its
// servers name, or names none.
func Speaks(specs []*Specification, hosts map[string]bool) bool {
	for _, s := range specs {
		for i := range s.Operations {
			for _, at := range s.ServersOf(&s.Operations[i]) {
				for h := range hosts {
					if at.Host == "" || hostCovers(at.Host, h) {
						return true
					}
				}
			}
		}
	}
	return len(hosts) == 0
}
