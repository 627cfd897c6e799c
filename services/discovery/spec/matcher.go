package spec

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// matcher finds the operation of an endpoint.
type matcher struct {
	patterns []pattern
	// by method and number of segments; the open-ended ones by method alone.
	exact map[key][]*group
	open  map[string][]int
	names map[string][]int // GraphQL operations
}

type key struct {
	method   string
	segments int
}

// group are patterns that have literals at the same places: an endpoint with
// literals there too is looked up by them.
type group struct {
	literal []bool
	by      map[string][]int
	all     []int
}

func newMatcher(specs []*Specification) *matcher {
	m := &matcher{exact: map[key][]*group{}, open: map[string][]int{}, names: map[string][]int{}}
	for _, s := range specs {
		for i := range s.Operations {
			o := &s.Operations[i]
			for _, at := range s.ServersOf(o) {
				p := newPattern(s, o, at)
				n := len(m.patterns)
				m.patterns = append(m.patterns, p)
				switch {
				case o.Protocol == "graphql":
					m.names[o.Name] = append(m.names[o.Name], n)
				case p.rest:
					m.open[o.Method] = append(m.open[o.Method], n)
				default:
					m.add(n, &p)
				}
			}
		}
	}
	return m
}

func (m *matcher) add(n int, p *pattern) {
	literal := make([]bool, len(p.segments))
	for i, s := range p.segments {
		literal[i] = strings.IndexByte(s, '{') < 0
	}
	k := key{p.op.Method, len(p.segments)}
	i := slices.IndexFunc(m.exact[k], func(g *group) bool { return slices.Equal(g.literal, literal) })
	if i < 0 {
		i = len(m.exact[k])
		m.exact[k] = append(m.exact[k], &group{literal: literal, by: map[string][]int{}})
	}
	g := m.exact[k][i]
	name, _ := g.name(p.segments)
	g.by[name] = append(g.by[name], n)
	g.all = append(g.all, n)
}

// name joins the segments at the places of literals; plain says that they are
// literals.
func (g *group) name(segments []string) (name string, plain bool) {
	var b strings.Builder
	for i, s := range segments {
		if !g.literal[i] {
			continue
		}
		if strings.IndexByte(s, '{') >= 0 {
			return "", false
		}
		b.WriteString(s)
		b.WriteByte('/')
	}
	return b.String(), true
}

// find is the pattern that fits best, of equal ones the first; nil is none. all,
// where not nil, is told of every pattern that fits.
func (m *matcher) find(host, method string, learned []string, all func(*pattern)) (best *pattern, how fit) {
	at := -1
	try := func(list []int) {
		for _, i := range list {
			p := &m.patterns[i]
			if !hostCovers(p.host, host) {
				continue
			}
			f, ok := p.covers(learned)
			if !ok {
				continue
			}
			if all != nil {
				all(p)
			}
			if best == nil || f.less(how) || f == how && i < at {
				best, how, at = p, f, i
			}
		}
	}
	n := len(learned)
	if n > 0 && learned[n-1] == "{"+catalog.TypeRest+"}" {
		for _, k := range m.keys(method, n) {
			for _, g := range m.exact[k] {
				try(g.all)
			}
		}
	} else {
		for _, g := range m.exact[key{method, n}] {
			if name, plain := g.name(learned); plain {
				try(g.by[name])
			} else {
				try(g.all)
			}
		}
	}
	try(m.open[method])
	return best, how
}

// keys of at least n segments, in order.
func (m *matcher) keys(method string, n int) []key {
	var out []key
	for k := range m.exact {
		if k.method == method && k.segments >= n {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b key) int { return a.segments - b.segments })
	return out
}
