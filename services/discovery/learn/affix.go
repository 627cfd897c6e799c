package learn

import (
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// What stands around a value may belong to the endpoint: /files/{string}.json is not
// /files/{string}, and /ops/{string}:cancel does something else. Or it is part of the
// value: next.js, jane.doe, example.com. Where many values differ before few endings, and
// nearly all that have an ending have one of these, it belongs to the endpoint.

const (
	// leastStems is how many values must have an ending or a mark.
	leastStems = 3
	// leastAlone is the same for extensions where no value comes with two of them, or with
	// one and without.
	leastAlone = 4
	// mostVerbs and mostExtensions are how many endings a place may have; of extensions
	// mostAlone where no value comes with two: of more the names are files'.
	mostVerbs, mostExtensions, mostAlone = 16, 8, 2
	// leastShare is one in how many of all values must have an extension that none comes
	// without.
	leastShare = 5
)

// ending is what the values at a place have around them in one form.
type ending struct {
	members []int
	known   bool
}

// known says whether what is around a value may belong to the endpoint: of files, if it
// is an extension.
func known(around string) bool {
	return around != "" && (around[0] != '.' || catalog.IsExtension(around[strings.LastIndexByte(around, '.')+1:]))
}

// spill is the child of n that stands for a literal that found no room: {string}, with
// what is around the value.
func (n *node) spill(segment string) string {
	open, end := catalog.Affixes(segment)
	if !known(segment[:open] + segment[end:]) {
		return overflow
	}
	key := segment[:open] + overflow + segment[end:]
	if n.children[key] == nil && len(n.children)-n.literals >= mostVerbs {
		return overflow
	}
	return key
}

// spilled are those of the children with text around a value that spill made.
func spilled(mixed []*child) (out, rest []*child) {
	for _, c := range mixed {
		if strings.Contains(c.text, overflow) && c.text[len(c.text)-1] != ')' { // the lexer's own: Users({string})
			out = append(out, c)
		} else {
			rest = append(rest, c)
		}
	}
	return out, rest
}

// apart says of each word that is a value what is around it that belongs to the
// endpoint: "{}.json", or "" where nothing does.
func apart(at context, words []*child, values []bool) []string {
	out := make([]string, len(words))
	if at.host.teacher != nil {
		return out
	}
	pinned := at.host.pins.Places[at.place]
	kinds := map[byte]map[string]*ending{} // by the first byte of what is around
	stems := map[string]int{}
	n := 0
	for i, c := range words {
		if !values[i] {
			continue
		}
		n++
		open, end := catalog.Affixes(c.text)
		stems[c.text[open:end]]++
		around := c.text[:open] + c.text[end:]
		if around == "" {
			continue
		}
		kind := around[0]
		if kinds[kind] == nil {
			kinds[kind] = map[string]*ending{}
		}
		key := c.text[:open] + "{}" + c.text[end:]
		e := kinds[kind][key]
		if e == nil {
			e = &ending{known: known(around)}
			kinds[kind][key] = e
		}
		e.members = append(e.members, i)
	}
	for kind, endings := range kinds {
		belong := belongs(kind, endings, n, func(i int) bool {
			open, end := catalog.Affixes(words[i].text)
			return !isTyped(words[i].text) && stems[words[i].text[open:end]] > 1
		})
		for key, e := range endings {
			value, said := pinned[strings.Replace(key, "{}", "*", 1)]
			if said && !value || !said && belong && e.known {
				for _, i := range e.members {
					out[i] = key
				}
			}
		}
	}
	return out
}

// belongs says whether endings of one kind belong to endpoints. shared says of a value
// whether it is there with another ending, or without.
func belongs(kind byte, endings map[string]*ending, values int, shared func(int) bool) bool {
	all, most, many, both := 0, 0, 0, 0
	for _, e := range endings {
		all += len(e.members)
		if !e.known || len(e.members) < leastStems {
			continue
		}
		most = max(most, len(e.members))
		many += len(e.members)
		for _, i := range e.members {
			both += int(flag(shared(i)))
		}
	}
	if most == 0 || many*4 < all*3 {
		return false
	}
	switch kind {
	case '.':
		return len(endings) <= mostExtensions && both*3 >= many || len(endings) <= mostAlone && most >= leastAlone && many*leastShare >= values
	case ':':
		return len(endings) <= mostVerbs
	}
	return true
}

// families are the words that stand apart, as children that hold a value among text.
func families(words []*child, keys []string) []*child {
	by := map[string]*child{}
	for i, c := range words {
		if keys[i] == "" {
			continue
		}
		f := by[keys[i]]
		if f == nil {
			f = &child{text: strings.Replace(keys[i], "{}", overflow, 1)}
			by[keys[i]] = f
		}
		f.nodes = append(f.nodes, c.nodes...)
	}
	var out []*child
	for _, k := range sortedKeys(by) {
		out = append(out, by[k])
	}
	return out
}

// holds is what s is where it holds a value among text.
func (v *view) holds(s string) (affixed, bool) {
	if isTyped(s) {
		if a, ok := v.affixed[s]; ok { // a constant
			return a, true
		}
		a, ok := v.affixed[affix(s)]
		return a, ok
	}
	open, end := catalog.Affixes(s)
	a, ok := v.affixed[s[:open]+"{}"+s[end:]]
	return a, ok && strings.Contains(a.template, overflow)
}

// reads is how a place names a segment that stands at v.
func (v *view) reads(s string) string {
	if v.literals[s] != nil {
		return s
	}
	if a, ok := v.holds(s); ok {
		return affix(a.template)
	}
	return "{}"
}
