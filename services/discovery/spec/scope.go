package spec

import (
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

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

// Silent are the specifications that speak for no host of the endpoints: that
// nothing differs from them says nothing.
func Silent(specs []*Specification, endpoints []catalog.Endpoint, o Options) []*Specification {
	c := newComparison(specs, observeAll(endpoints), time.Time{}, o)
	var out []*Specification
	for _, s := range specs {
		speaks := false
		for _, yes := range c.scopes[s] {
			speaks = speaks || yes
		}
		if !speaks {
			out = append(out, s)
		}
	}
	return out
}
