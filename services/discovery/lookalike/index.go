package lookalike

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// Bounds of the work on one request. The catalog's own templates end at the same
// lengths.
const (
	maxPath     = 1024
	maxSegments = 24
	// maxSteps are visits of nodes over all levels of looking.
	maxSteps = 400
	// minNear is the shortest name that can be nearly another: of shorter ones
	// too many are by chance.
	minNear = 5
	// maxNear bounds the names that one is compared with.
	maxNear = 128
)

// Index is the endpoints of one tenant, to be looked through. It does not change:
// a new one is built when the catalog has changed.
type Index struct{ hosts map[string]*node }

// node is a segment of the paths of a host.
type node struct {
	literals map[string]*node
	// folded are the literals by their lower case, versions those that are versions, names
	// all that are long enough to be nearly another, in order.
	folded   map[string][]string
	versions []string
	names    []string
	params   []param // in order: types before {string}
	methods  map[string]endpoint
}

type param struct {
	text string
	node *node
}

type endpoint struct{ id, label string }

// NewIndex builds the index of endpoints of one tenant.
func NewIndex(endpoints []catalog.Endpoint) *Index {
	x := &Index{hosts: map[string]*node{}}
	superseded := map[string]bool{}
	for i := range endpoints {
		for _, id := range endpoints[i].Supersedes {
			superseded[id] = true
		}
	}
	for i := range endpoints {
		e := &endpoints[i]
		if superseded[e.ID] {
			continue
		}
		host := e.Host
		if shape, ok := catalog.HostShape(host); ok {
			host = shape
		}
		n := x.hosts[host]
		if n == nil {
			n = &node{}
			x.hosts[host] = n
		}
		for s := range strings.SplitSeq(e.Template, "/") {
			if s != "" {
				n = n.child(s)
			}
		}
		if n.methods == nil {
			n.methods = map[string]endpoint{}
		}
		n.methods[e.Method] = endpoint{e.ID, e.Label()}
	}
	for _, n := range x.hosts {
		n.finish()
	}
	return x
}

// host is what stands under a host, or under the template that it is one of.
func (x *Index) host(name string) *node {
	if shape, ok := catalog.HostShape(name); ok {
		return x.hosts[shape]
	}
	n := x.hosts[name]
	if n == nil {
		catalog.HostShapes(name, func(shape string) bool {
			n = x.hosts[shape]
			return n == nil
		})
	}
	return n
}

func (n *node) child(s string) *node {
	if strings.IndexByte(s, '{') >= 0 {
		for i := range n.params {
			if n.params[i].text == s {
				return n.params[i].node
			}
		}
		n.params = append(n.params, param{s, &node{}})
		return n.params[len(n.params)-1].node
	}
	c := n.literals[s]
	if c == nil {
		if n.literals == nil {
			n.literals = map[string]*node{}
		}
		c = &node{}
		n.literals[s] = c
	}
	return c
}

// finish makes the lists in an order that does not depend on the endpoints' own.
func (n *node) finish() {
	for s := range n.literals {
		if isVersion(s) {
			n.versions = append(n.versions, s)
		}
		if len(s) >= minNear-2 {
			n.names = append(n.names, s)
		}
	}
	slices.Sort(n.versions)
	slices.Sort(n.names)
	if len(n.literals) > 0 {
		n.folded = make(map[string][]string, len(n.literals))
	}
	for s, c := range n.literals {
		lower := strings.ToLower(s)
		n.folded[lower] = append(n.folded[lower], s)
		c.finish()
	}
	for _, list := range n.folded {
		slices.Sort(list)
	}
	slices.SortFunc(n.params, func(a, b param) int { return strings.Compare(rank(a.text), rank(b.text)) })
	for _, p := range n.params {
		p.node.finish()
	}
}

// rank puts {string} last: it takes everything.
func rank(text string) string {
	if text == "{"+catalog.TypeString+"}" {
		return "\xff"
	}
	return text
}

// isVersion is v1, v2.1, v1beta1.
func isVersion(s string) bool {
	if len(s) < 2 || len(s) > 16 || s[0]|0x20 != 'v' || s[1] < '0' || s[1] > '9' {
		return false
	}
	for i := 2; i < len(s); i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.') {
			return false
		}
	}
	return true
}

// level is what a search may overlook.
type level struct{ fold, version, near bool }

// walk is one search. One version and one name may differ, each once.
type walk struct {
	level    level
	segments []string
	types    []string // templates of the segments, as needed
	names    []string // the catalog's spelling of the segments on the way, "" for values
	used     []Trick
	left     int
}

// find is the node of the segments from i on, nil when there is none.
func (w *walk) find(n *node, i int) *node {
	if w.left--; w.left < 0 {
		return nil
	}
	if i == len(w.segments) {
		if len(n.methods) == 0 {
			return nil
		}
		return n
	}
	s := w.segments[i]
	if c := n.literals[s]; c != nil {
		w.names[i] = s
		if found := w.find(c, i+1); found != nil {
			return found
		}
	}
	for _, p := range n.params {
		if w.fits(p.text, i) {
			w.names[i] = ""
			if found := w.find(p.node, i+1); found != nil {
				return found
			}
		}
	}
	if !w.level.fold || len(n.literals) == 0 {
		return nil
	}
	for _, name := range n.folded[strings.ToLower(s)] {
		if name != s {
			if found := w.with(Case, n, name, i); found != nil {
				return found
			}
		}
	}
	if w.level.version && !slices.Contains(w.used, Version) && isVersion(s) {
		for _, name := range n.versions {
			if name != s {
				if found := w.with(Version, n, name, i); found != nil {
					return found
				}
			}
		}
	}
	if w.level.near && len(s) >= minNear && !slices.Contains(w.used, NearName) && !isVersion(s) {
		for k, name := range n.names {
			if k == maxNear {
				break
			}
			if near(s, name) {
				if found := w.with(NearName, n, name, i); found != nil {
					return found
				}
			}
		}
	}
	return nil
}

// with reads segment i as a name by a trick, and takes it back when that leads nowhere.
func (w *walk) with(t Trick, n *node, name string, i int) *node {
	before := len(w.used)
	w.used, w.names[i] = append(w.used, t), name
	if found := w.find(n.literals[name], i+1); found != nil {
		return found
	}
	w.used = w.used[:before]
	return nil
}

// fits says whether a segment is a value of a parameter.
func (w *walk) fits(text string, i int) bool {
	if text == "{"+catalog.TypeString+"}" {
		return true
	}
	if w.types[i] == "" {
		w.types[i], _ = catalog.Template([]byte(w.segments[i]))
	}
	return catalog.Takes(text, w.types[i][1:])
}
