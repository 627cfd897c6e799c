package discovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"golang.org/x/net/publicsuffix"
)

// Hosts that differ in one label and have most of their endpoints alike are one
// API: "acme.api.example.com" and its neighbours become "{string}.api.example.com",
// a host like any other, which takes in what they had. What comes for one of them
// later goes there at once.
//
// One merger has all hosts of an organisation, see order.Group, so nothing has to be
// agreed on. What was joined is not taken apart again by what is seen later, only by
// settings, for its counters are one: so it takes many hosts, and never those of
// different owners as the list of public suffixes has them.

// Bounds of what is alike.
const (
	// leastAlike are endpoints that tell APIs apart which a host must share.
	leastAlike = 2
	// alikeShare of a host's must be among those of the others: 3 in 4.
	alikeParts, alikeOf = 3, 4
)

// hostTemplates holds what is known of host templates.
type hostTemplates struct {
	// members are hosts that are part of a template.
	members map[host]string
	// given are the templates of the settings, by shape; apart are hosts that are
	// part of none.
	given map[string]string
	apart map[string]bool
}

// newHostTemplates takes valid settings.
func newHostTemplates(c *Config) hostTemplates {
	t := hostTemplates{members: map[host]string{}, given: map[string]string{}, apart: map[string]bool{}}
	for _, h := range c.Hosts {
		shape, _ := catalog.HostShape(h)
		t.given[shape] = h
	}
	for _, h := range c.HostsApart {
		t.apart[h] = true
	}
	return t
}

func validHosts(c *Config) (errs []error) {
	for _, h := range c.Hosts {
		shape, ok := catalog.HostShape(h)
		if !ok || h != strings.ToLower(h) {
			errs = append(errs, fmt.Errorf("discovery.hosts: %q is not a host in lower case of which one label, and none of the last two, is a name in braces, as {tenant}.api.example.com", h))
		} else if !within(shape, strings.Replace(shape, wild, "x", 1)) {
			errs = append(errs, fmt.Errorf("discovery.hosts: %q is for hosts of different owners: what is in braces is the name that a public registry gives", h))
		}
	}
	return errs
}

const wild = "{" + catalog.TypeString + "}"

// within says whether the label of a shape that varies is not part of the name that
// a registry gives, for a host of that shape.
func within(shape, host string) bool {
	owner, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && strings.Index(shape, wild) < len(host)-len(owner)
}

// belongs is where what comes for a host goes.
func (m *merger) belongs(at host) host {
	if t := m.templates.members[at]; t != "" {
		return host{at.tenant, t}
	}
	if len(m.templates.given) == 0 || m.templates.apart[at.name] {
		return at
	}
	to := at
	catalog.HostShapes(at.name, func(shape string) bool {
		t := m.templates.given[shape]
		if t != "" {
			to.name = t
		}
		return t == ""
	})
	if to != at && m.hosts[at] == nil { // what it had before is to be joined first
		return to
	}
	return at
}

// isTemplate says whether s is the site of a host template.
func (s *site) isTemplate() bool { return strings.IndexByte(s.host.name, '{') >= 0 }

// joinHosts looks which hosts are one API. It is called at fixed points of event time.
func (m *merger) joinHosts(out *detect.Out) {
	if m.cfg.MinHosts == 0 && len(m.templates.given) == 0 {
		return
	}
	shapes := map[host][]*site{}
	fresh := map[host]bool{}
	note := func(shape host, s *site) {
		fresh[shape] = fresh[shape] || s.listed != s.looked
	}
	for _, at := range m.sortedHosts() {
		s := m.hosts[at]
		if s.isTemplate() {
			shape, _ := catalog.HostShape(at.name)
			note(host{at.tenant, shape}, s)
			continue
		}
		// A host of which a person said something is what that person looked at.
		if m.templates.apart[at.name] || s.tree.Pins() > 0 {
			continue
		}
		catalog.HostShapes(at.name, func(shape string) bool {
			if (s.listed > 0 || m.templates.given[shape] != "") && within(shape, at.name) {
				k := host{at.tenant, shape}
				shapes[k] = append(shapes[k], s)
				note(k, s)
			}
			return true
		})
	}
	keys := make([]host, 0, len(shapes))
	for k := range shapes {
		if fresh[k] {
			keys = append(keys, k)
		}
	}
	// The shape that most hosts have comes first: they may have two.
	slices.SortFunc(keys, func(a, b host) int {
		return cmp.Or(cmp.Compare(len(shapes[b]), len(shapes[a])), strings.Compare(a.tenant, b.tenant), strings.Compare(a.name, b.name))
	})
	for _, k := range keys {
		m.joinShape(k, shapes[k], out)
	}
	for _, s := range m.hosts {
		s.looked = s.listed
	}
}

// joinShape joins those of the hosts of one shape that are alike.
func (m *merger) joinShape(shape host, sites []*site, out *detect.Out) {
	sites = slices.DeleteFunc(sites, func(s *site) bool { return m.hosts[s.host] != s }) // joined by another
	at, given := host{shape.tenant, shape.name}, m.templates.given[shape.name]
	at.name = cmp.Or(given, at.name)
	switch to := m.hosts[at]; {
	case given != "":
	case m.cfg.MinHosts == 0:
		return
	case to != nil:
		core := common{}
		core.add(to)
		sites = slices.DeleteFunc(sites, func(s *site) bool { return !core.has(s, 1) })
	default:
		sites = m.alike(sites)
	}
	if len(sites) > 0 {
		m.join(at, sites, out)
	}
}

// alike are those of some hosts that have most of their endpoints in common: none,
// where they are fewer than settings ask for.
func (m *merger) alike(sites []*site) []*site {
	// At first what several have counts, then what most of those have that are left:
	// so of two APIs with many hosts each, one is found or none, never both as one.
	least := max(2, m.cfg.MinHosts/2)
	for len(sites) >= m.cfg.MinHosts {
		core, n, before := common{}, len(sites), least
		for _, s := range sites {
			core.add(s)
		}
		sites = slices.DeleteFunc(slices.Clone(sites), func(s *site) bool { return !core.has(s, least) })
		if least = len(sites)/2 + 1; len(sites) == n && least == before {
			return sites
		}
	}
	return nil
}

// common counts, by method and template, how many hosts have an endpoint.
type common map[string]int

func (c common) add(s *site) {
	s.telling(func(key string) { c[key]++ })
}

// has says whether enough of what s has is had by least hosts.
func (c common) has(s *site, least int) bool {
	all, alike := 0, 0
	s.telling(func(key string) {
		if all++; c[key] >= least {
			alike++
		}
	})
	return alike >= leastAlike && alike*alikeOf >= all*alikeParts
}

// telling are the endpoints of s that tell one API from another: paths, not the
// operations within one, that have a name, and none that every server has.
func (s *site) telling(f func(key string)) {
	look := func(op *operation) {
		if _, operation := catalog.SplitOperation(op.template); operation != "" {
			return
		}
		names := 0
		for segment := range strings.SplitSeq(strings.Trim(op.template, "/"), "/") {
			switch segment = strings.ToLower(segment); {
			case everywhere[segment]:
				return
			case segment == "" || segment == "api" || segment == "rest" || segment[0] == 'v' && len(segment) < 4 || strings.IndexByte(segment, '{') >= 0:
			default:
				names++
			}
		}
		if names > 0 {
			f(op.method + " " + op.template)
		}
	}
	for _, e := range s.entries {
		if e.group == nil && e.candidate == nil {
			look(&e.operation)
		}
	}
	for _, g := range s.groups {
		look(&g.sum)
	}
}

// everywhere are names of what servers have whatever their API is.
var everywhere = map[string]bool{
	"health": true, "healthz": true, "healthcheck": true, "ready": true, "readyz": true, "readiness": true, "live": true, "livez": true, "liveness": true,
	"alive": true, "ping": true, "status": true, "info": true, "version": true, "metrics": true, "actuator": true, "prometheus": true, "favicon.ico": true,
	"robots.txt": true, ".well-known": true, "docs": true, "redoc": true, "swagger": true, "swagger-ui": true, "swagger.json": true, "openapi.json": true,
	"openapi.yaml": true, "api-docs": true, "login": true, "logout": true, "token": true, "oauth": true, "oauth2": true,
}
