package learn

import (
	"slices"
	"strings"
)

// child is a segment at a place and all that was seen below it.
type child struct {
	text  string
	nodes []*node
	hits  uint64
	odd   float64
	reads reading
	uses  []use          // at the place itself, by method
	subs  []string       // names of the next two levels, sorted; no values, no versions
	count []int          // of the places below with each of them
	wild  bool           // there are parameters at the next level
	deep  map[string]int // names of all levels below, and in how many nodes each is
	// near are the names of the next level, and in how many nodes each is.
	near    map[string]int
	profile profile
}

// telling are the typed segments beside words as far as they say that the words are
// values as well: one odd request that somebody made up must not rename what many ask
// for.
func telling(typed, words []*child) []*child {
	few, many := uint64(0), uint64(0)
	for _, c := range typed {
		few += c.hits
	}
	for _, c := range words {
		many += c.hits
	}
	if few < leastTelling && few*20 < many {
		return nil
	}
	return typed
}

// leastTelling is in how many answers typed segments always tell.
const leastTelling = 5

// childrenOf are the children of all nodes together, each kind sorted by text.
func (h *host) childrenOf(nodes []*node) (typed, mixed, words []*child) {
	all := map[string]*child{}
	for _, n := range nodes {
		for k, c := range n.children {
			x := all[k]
			if x == nil {
				x = &child{text: k}
				all[k] = x
			}
			x.nodes = append(x.nodes, c)
			x.hits += c.hits
		}
	}
	for _, k := range sortedKeys(all) {
		c := all[k]
		c.look(h)
		switch {
		case !isTyped(k):
			c.odd, c.reads = h.oddness(k), h.read(k)
			words = append(words, c)
		case k[0] == '{' && strings.IndexByte(k, '}') == len(k)-1:
			typed = append(typed, c)
		default:
			mixed = append(mixed, c)
		}
	}
	return typed, byAffix(mixed), words
}

func byAffix(mixed []*child) []*child {
	slices.SortStableFunc(mixed, func(a, b *child) int { return strings.Compare(affix(a.text), affix(b.text)) })
	return mixed
}

func (c *child) look(h *host) {
	c.near, c.profile, c.deep = map[string]int{}, profile{}, map[string]int{}
	for _, n := range c.nodes {
		c.dig(h, n, 0)
		for k, below := range n.children {
			next := "{}"
			if isTyped(k) {
				c.wild = true
			} else if h.oddness(k) < nameless {
				next = k
				c.near[k]++
				c.name(k)
			}
			c.profile[next] += float64(below.hits)
			for k := range below.children {
				if !isTyped(k) && h.oddness(k) < nameless {
					c.name(k)
				}
			}
		}
		for i := range n.uses {
			c.uses = addUse(c.uses, &n.uses[i])
		}
	}
	for i := range c.uses {
		c.profile[" "+c.uses[i].method] = float64(c.uses[i].hits)
	}
}

// mostDeep bounds the names below a child that are looked at, deepest how deep.
const mostDeep, deepest = 256, 8

func (c *child) dig(h *host, n *node, depth int) {
	for _, k := range sortedKeys(n.children) {
		if !isTyped(k) && !isVersion(k) && h.oddness(k) < nameless && (len(c.deep) < mostDeep || c.deep[k] > 0) {
			c.deep[k]++
		}
		if depth < deepest {
			c.dig(h, n.children[k], depth+1)
		}
	}
}

func (c *child) name(k string) {
	if isVersion(k) {
		return
	}
	i, found := slices.BinarySearch(c.subs, k)
	if !found {
		c.subs, c.count = slices.Insert(c.subs, i, k), slices.Insert(c.count, i, 0)
	}
	c.count[i]++
}

// addUse adds u to a list sorted by method; nothing of u is shared.
func addUse(list []use, u *use) []use {
	i, found := slices.BinarySearchFunc(list, u.method, func(x use, m string) int { return strings.Compare(x.method, m) })
	if !found {
		list = slices.Insert(list, i, use{method: u.method})
	}
	list[i].hits += u.hits
	list[i].response = addFields(list[i].response, u.response, 64)
	list[i].request = addFields(list[i].request, u.request, 64)
	return list
}
