package learn

import (
	"math"
	"slices"
	"strings"
)

// view is a place in the learned templates of a host.
type view struct {
	literals map[string]*view
	affixed  map[string]affixed // segments that hold a value and text, by text; and by type what is a constant
	param    *view
	typ      string // of param
	methods  []string
}

// affixed is a segment that holds a value and text: "{int}.json".
type affixed struct {
	template string
	next     *view
}

// Decide looks at everything that was fed and makes the templates. They are a
// function of what was fed alone: neither of its order nor of earlier decisions. It
// says whether there was something to look at.
func (t *Tree) Decide() bool {
	if t.view != nil && !t.dirty {
		return false
	}
	t.dirty = false
	t.view = decide([]*node{t.root}, context{host: t.host()})
	return true
}

// context is what stands before a place.
type context struct {
	depth int
	last  string // the segment before when it is a literal
	param bool   // the segment before is a parameter
	// place is all that stands before, as Pins has it.
	place string
	host  *host
}

// host is what is known of all places together.
type host struct {
	places map[string]int // in how many places a literal stands
	// after says how often a literal stands right behind a typed segment, and how often
	// behind another literal.
	after map[string][2]int
	// level is the logarithm of the mean hits of a lexical endpoint: hits are looked
	// at in its terms, so that a day of traffic looks as an hour does.
	level   float64
	uses    int
	pins    *Pins
	weights Weights
	teacher *teacher // nil but where weights are fitted
}

func (t *Tree) host() *host {
	h := &host{places: map[string]int{}, after: map[string][2]int{}, pins: &t.pins, weights: t.cfg.Weights}
	h.count(t.root, "")
	h.level = math.Log(float64(max(1, t.root.hits)) / float64(max(1, h.uses)))
	return h
}

func (h *host) count(n *node, last string) {
	h.uses += len(n.uses)
	for k, c := range n.children {
		if !isTyped(k) {
			h.places[k]++
			a := h.after[k]
			if isTyped(last) {
				a[0]++
			} else if last != "" {
				a[1]++
			}
			h.after[k] = a
		}
		h.count(c, k)
	}
}

func decide(nodes []*node, at context) *view {
	v := &view{}
	for _, n := range nodes {
		for i := range n.uses {
			if !slices.Contains(v.methods, n.uses[i].method) {
				v.methods = append(v.methods, n.uses[i].method)
			}
		}
	}
	slices.Sort(v.methods)
	typed, mixed, words := childrenOf(nodes)
	typed, fixed := constants(at, typed)
	spilled, mixed := spilled(mixed)
	values := assign(at, telling(slices.Concat(typed, spilled), words), words)
	at.host.pins.apply(at.place, words, values)
	for _, c := range spilled {
		words, values = append(words, c), append(values, true)
	}
	around := apart(at, words, values)
	mixed = byAffix(append(mixed, families(words, around)...))
	for c, text := range fixed {
		v.affix(c.text, affixed{text, decide(c.nodes, context{depth: at.depth + 1, last: text, host: at.host, place: at.place + "/" + text})})
	}
	var general []*node
	var types []string
	for _, c := range typed {
		general = append(general, c.nodes...)
		types = append(types, c.text)
	}
	for i, c := range words {
		if values[i] {
			if around[i] == "" {
				general = append(general, c.nodes...)
				types = append(types, overflow)
			}
			continue
		}
		if v.literals == nil {
			v.literals = map[string]*view{}
		}
		v.literals[c.text] = decide(c.nodes, context{depth: at.depth + 1, last: c.text, host: at.host, place: at.place + "/" + c.text})
	}
	if len(general) > 0 {
		v.typ = types[0]
		for _, x := range types {
			if x != v.typ {
				v.typ = overflow
			}
		}
		v.param = decide(general, context{depth: at.depth + 1, param: true, host: at.host, place: at.place + "/{}"})
	}
	for i := 0; i < len(mixed); {
		j := i
		var group []*node
		text := mixed[i].text
		for ; j < len(mixed) && affix(mixed[j].text) == affix(mixed[i].text); j++ {
			group = append(group, mixed[j].nodes...)
			if mixed[j].text != text {
				open, end := strings.IndexByte(text, '{'), strings.IndexByte(text, '}')
				text = text[:open] + overflow + text[end+1:]
			}
		}
		v.affix(affix(mixed[i].text), affixed{text, decide(group, context{depth: at.depth + 1, param: true, host: at.host, place: at.place + "/" + affix(mixed[i].text)})})
		i = j
	}
	return v
}

func (v *view) affix(key string, a affixed) {
	if v.affixed == nil {
		v.affixed = map[string]affixed{}
	}
	v.affixed[key] = a
}

// affix is a segment without the type of its value: "{int}.json" gives "{}.json".
func affix(s string) string {
	open, end := strings.IndexByte(s, '{'), strings.IndexByte(s, '}')
	if open < 0 || end < open {
		return s
	}
	return s[:open+1] + s[end:]
}

// child is a segment at a place and all that was seen below it.
type child struct {
	text  string
	nodes []*node
	hits  uint64
	odd   float64
	uses  []use    // at the place itself, by method
	subs  []string // names of the next two levels, sorted; no values, no versions
	count []int    // of the places below with each of them
	wild  bool     // there are parameters at the next level
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
func childrenOf(nodes []*node) (typed, mixed, words []*child) {
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
		c.look()
		switch {
		case !isTyped(k):
			c.odd = oddness(k)
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

func (c *child) look() {
	c.near, c.profile = map[string]int{}, profile{}
	for _, n := range c.nodes {
		for k, below := range n.children {
			next := "{}"
			if isTyped(k) {
				c.wild = true
			} else if oddness(k) < nameless {
				next = k
				c.near[k]++
				c.name(k)
			}
			c.profile[next] += float64(below.hits)
			for k := range below.children {
				if !isTyped(k) && oddness(k) < nameless {
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
