package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Compare says in what the endpoints of one tenant and the specifications
// disagree. An endpoint is documented when any specification has it. The result
// has an order of its own and depends on nothing but the arguments.
func Compare(specs []*Specification, endpoints []catalog.Endpoint, now time.Time, o Options) []Difference {
	return compare(specs, observeAll(endpoints), now, o)
}

func observeAll(endpoints []catalog.Endpoint) []observed {
	var list []observed
	for i := range endpoints {
		if e := &endpoints[i]; e.Hits > 0 && e.Source != catalog.Specification && inDocuments(e) {
			list = append(list, observe(e))
		}
	}
	return list
}

func compare(specs []*Specification, endpoints []observed, now time.Time, o Options) []Difference {
	c := newComparison(specs, endpoints, now, o)
	for i := range c.endpoints {
		c.endpoint(i)
	}
	c.orphans()
	return c.out
}

func newComparison(specs []*Specification, endpoints []observed, now time.Time, o Options) *comparison {
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
	return c
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
	c.leaks(e, p)
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
	return " by " + many(callers, "caller")
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}
