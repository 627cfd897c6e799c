package learn

import (
	"slices"
	"strings"
)

// view is a place in the learned templates of a host.
type view struct {
	literals map[string]*view
	affixed  map[string]affixed // segments that hold a value and text, by text; by type what is a constant; other spellings of literals
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
	uses  []use // of the place itself
}

func decide(nodes []*node, at context) *view {
	v := &view{}
	for _, n := range nodes {
		for i := range n.uses {
			if !slices.Contains(v.methods, n.uses[i].method) {
				v.methods = append(v.methods, n.uses[i].method)
			}
			at.uses = append(at.uses, n.uses[i])
		}
	}
	slices.Sort(v.methods)
	typed, mixed, words := at.host.childrenOf(nodes)
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
		if values[i] && around[i] == "" {
			general = append(general, c.nodes...)
			types = append(types, overflow)
		}
	}
	v.name(words, values, at)
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

// name adds the words that are names.
func (v *view) name(words []*child, values []bool, at context) {
	other := spellings(words, values, at.host.pins.Places[at.place])
	nodes := map[*child][]*node{}
	for _, c := range words {
		if to := other[c]; to != nil {
			nodes[to] = append(nodes[to], c.nodes...)
		}
	}
	for i, c := range words {
		if values[i] || other[c] != nil {
			continue
		}
		if v.literals == nil {
			v.literals = map[string]*view{}
		}
		v.literals[c.text] = decide(append(nodes[c], c.nodes...), context{depth: at.depth + 1, last: c.text, host: at.host, place: at.place + "/" + c.text})
	}
	for c, to := range other {
		v.affix(c.text, affixed{to.text, v.literals[to.text]})
	}
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
