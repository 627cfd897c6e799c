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

// form is how a literal would stand as a value with text around, "{}.json", and what
// the value were. The form of what is one as a whole is "{}".
func form(literal string) (around, value string) {
	open, end := catalog.Affixes(literal)
	return literal[:open] + "{}" + literal[end:], literal[open:end]
}

// kindOf is the first byte of what is around the value: '.' of extensions, ':' of verbs,
// else a mark; 0 where there is nothing.
func kindOf(form string) byte {
	if around := strings.Replace(form, "{}", "", 1); around != "" {
		return around[0]
	}
	return 0
}

// mayBelong says whether what is around the value may belong to the endpoint.
func mayBelong(form string) bool {
	kind := kindOf(form)
	return kind != 0 && (kind != '.' || catalog.IsExtension(form[strings.LastIndexByte(form, '.')+1:]))
}

// valued is a form with the type that all texts have.
func valued(form string) string { return strings.Replace(form, "{}", overflow, 1) }

// Pattern is how a pin names all texts that stand at a segment of a learned template, or
// like a literal: "{string}.json" and "jane.json" give "*.json". It is "" where nothing
// is around the value.
func Pattern(segment string) string {
	around := affix(segment)
	if !isTyped(segment) {
		around, _ = form(segment)
	}
	if !mayBelong(around) {
		return ""
	}
	return strings.Replace(around, "{}", "*", 1)
}

// spill is the child of n that stands for a literal that found no room.
func (n *node) spill(literal string) string {
	around, _ := form(literal)
	if key := valued(around); mayBelong(around) && (n.children[key] != nil || len(n.children)-int(n.literals) < mostVerbs) {
		return key
	}
	return overflow
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

// apart gives each word that is a value and stands apart from the others its form.
func apart(at context, words []*child, values []bool) []string {
	out := make([]string, len(words))
	if at.host.teacher != nil {
		return out
	}
	forms, seen := map[string][]*child{}, map[string]int{}
	for i, c := range words {
		if values[i] {
			around, value := form(c.text)
			if around != "{}" {
				out[i] = around
			}
			forms[around] = append(forms[around], c)
			seen[value]++
		}
	}
	belongs := map[byte]bool{}
	for around := range forms {
		kind := kindOf(around)
		if _, asked := belongs[kind]; !asked && kind != 0 {
			belongs[kind] = belong(kind, forms, seen)
		}
	}
	pinned := at.host.pins.Places[at.place]
	for i, around := range out {
		value, said := pinned[strings.Replace(around, "{}", "*", 1)]
		if said && value || !said && !(mayBelong(around) && belongs[kindOf(around)]) {
			out[i] = ""
		}
	}
	return out
}

// belong says whether forms of one kind belong to endpoints; seen is how often each
// value is there, in any form.
func belong(kind byte, forms map[string][]*child, seen map[string]int) bool {
	all, total, count, most, many, shared := 0, 0, 0, 0, 0, 0
	for around, members := range forms {
		total += len(members)
		if kindOf(around) != kind {
			continue
		}
		count++
		all += len(members)
		if !mayBelong(around) || len(members) < leastStems {
			continue
		}
		most = max(most, len(members))
		many += len(members)
		for _, c := range members {
			if _, value := form(c.text); !isTyped(value) && seen[value] > 1 {
				shared++
			}
		}
	}
	switch {
	case most == 0 || many*4 < all*3:
		return false
	case kind == '.':
		return count <= mostExtensions && shared*3 >= many || count <= mostAlone && most >= leastAlone && many*leastShare >= total
	default:
		return count <= mostVerbs
	}
}

// families are the words that stand apart, as children that hold a value among text.
func families(words []*child, forms []string) []*child {
	by := map[string]*child{}
	for i, c := range words {
		if forms[i] == "" {
			continue
		}
		f := by[forms[i]]
		if f == nil {
			f = &child{text: valued(forms[i])}
			by[forms[i]] = f
		}
		f.nodes = append(f.nodes, c.nodes...)
	}
	var out []*child
	for _, k := range sortedKeys(by) {
		out = append(out, by[k])
	}
	return out
}

// holds is what s is where it holds a value among text, or is a name spelled otherwise.
func (v *view) holds(s string) (affixed, bool) {
	if len(v.affixed) == 0 {
		return affixed{}, false
	}
	if a, ok := v.affixed[s]; ok { // a constant, or another spelling
		return a, true
	}
	if isTyped(s) {
		a, ok := v.affixed[affix(s)]
		return a, ok
	}
	around, _ := form(s)
	a, ok := v.affixed[around]
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
