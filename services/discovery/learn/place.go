package learn

import "strings"

// Texts are the literals that were seen at a place and are remembered: those that
// are names under the last decision, and those that are values. Both are sorted.
// What the lexer typed is neither.
func (t *Tree) Texts(place string) (names, values []string) {
	nodes, v := t.at(PlaceOf(place))
	if v == nil {
		return nil, nil
	}
	all := map[string]bool{}
	for _, n := range nodes {
		for k := range n.children {
			if !isTyped(k) {
				all[k] = true
			}
		}
	}
	for _, k := range sortedKeys(all) {
		if !isTyped(v.reads(k)) {
			names = append(names, k)
		} else {
			values = append(values, k)
		}
	}
	return names, values
}

// Held are the texts at a place that are remembered as values of a segment of a learned
// template: of "{string}.json" those that end so.
func (t *Tree) Held(place, segment string) (texts []string) {
	_, v := t.at(PlaceOf(place))
	_, values := t.Texts(place)
	for _, k := range values {
		if v.reads(k) == affix(segment) {
			texts = append(texts, k)
		}
	}
	return texts
}

// at are the nodes that stand at a place under the last decision, and its part of
// the templates; nil where there is none.
func (t *Tree) at(place string) ([]*node, *view) {
	nodes, v := []*node{t.root}, t.view
	for s := range strings.SplitSeq(strings.TrimPrefix(place, "/"), "/") {
		if s == "" || v == nil {
			continue
		}
		var next []*node
		for _, n := range nodes {
			for _, k := range sortedKeys(n.children) {
				if v.reads(k) == s {
					next = append(next, n.children[k])
				}
			}
		}
		nodes = next
		switch {
		case s == "{}":
			v = v.param
		case v.literals[s] != nil:
			v = v.literals[s]
		case v.affixed[s].next != nil:
			v = v.affixed[s].next
		default:
			v = v.constant(s)
		}
	}
	return nodes, v
}

// constant is what stands behind a constant of that text.
func (v *view) constant(text string) *view {
	for _, k := range sortedKeys(v.affixed) {
		if a := v.affixed[k]; isTyped(k) && !isMixed(k) && a.template == text {
			return a.next
		}
	}
	return nil
}

// Pinned are the texts at a place that persons said are names, and are values; all
// says that every other text there is one.
func (t *Tree) Pinned(place string) (names, values []string, all bool) {
	place = PlaceOf(place)
	pinned := t.pins.Places[place]
	for _, k := range sortedKeys(pinned) {
		if pinned[k] {
			values = append(values, k)
		} else {
			names = append(names, k)
		}
	}
	return names, values, t.pins.Values[place]
}

// Named is the name that a person gave to a parameter of a template, or "".
func (t *Tree) Named(template string, position int) string {
	return t.pins.Names[PlaceOf(template)][position]
}

// Pins is how many texts and names of parameters persons have pinned.
func (t *Tree) Pins() int {
	n := len(t.pins.Values)
	for _, texts := range t.pins.Places {
		n += len(texts)
	}
	for _, names := range t.pins.Names {
		n += len(names)
	}
	return n
}
