package learn

import (
	"slices"
	"strings"
)

// Pins are what a person decided. They stand above everything that was learned
// and stay until a person takes them back. A place is the learned template of
// what stands before, with every parameter as {}: "/users" or "/users/{}/cards";
// the root is "".
type Pins struct {
	// Places says, a place and a text, whether the text is a value there. A Pattern says
	// whether what is around values of its form is part of them.
	Places map[string]map[string]bool
	// Values are places at which every literal that is not pinned is a value, those
	// too that come later.
	Values map[string]bool
	// Frozen are places at which no literal that is not pinned becomes a value.
	Frozen map[string]bool
	// Names are names of parameters, by learned template in the same form and the
	// number of the parameter, from 0.
	Names map[string]map[int]string
	// Revision counts the changes.
	Revision int64
}

// PlaceOf is the place that a template names: types fall away.
func PlaceOf(template string) string {
	var b strings.Builder
	for s := range strings.SplitSeq(strings.Trim(template, "/"), "/") {
		if s != "" {
			b.WriteString("/" + affix(s))
		}
	}
	return b.String()
}

// Split keeps texts literal at a place, whatever else is learned.
func (t *Tree) Split(place string, texts ...string) { t.pin(place, false, texts) }

// SplitAll is Split where MergeAll, if it was said, no longer holds.
func (t *Tree) SplitAll(place string, texts ...string) {
	delete(t.pins.Values, PlaceOf(place))
	t.pin(place, false, texts)
}

// Merge makes texts values at a place.
func (t *Tree) Merge(place string, texts ...string) { t.pin(place, true, texts) }

// MergeAll makes every text at a place a value, whenever it comes.
func (t *Tree) MergeAll(place string) {
	place = PlaceOf(place)
	if t.pins.Values == nil {
		t.pins.Values = map[string]bool{}
	}
	t.pins.Values[place] = true
	delete(t.pins.Places, place)
	delete(t.pins.Frozen, place)
	t.changed()
}

// UnpinAll takes MergeAll back; texts that are pinned stay so.
func (t *Tree) UnpinAll(place string) {
	if place = PlaceOf(place); t.pins.Values[place] {
		delete(t.pins.Values, place)
		t.changed()
	}
}

// Unpin gives texts at a place back to what is learned.
func (t *Tree) Unpin(place string, texts ...string) {
	place = PlaceOf(place)
	for _, x := range texts {
		delete(t.pins.Places[place], x)
	}
	if len(t.pins.Places[place]) == 0 {
		delete(t.pins.Places, place)
	}
	t.changed()
}

// Freeze pins a place: what is literal there under the last decision stays so, what
// is a value stays one, and new literals are kept. Thaw takes it back.
func (t *Tree) Freeze(place string) {
	place = PlaceOf(place)
	names, values := t.Texts(place)
	if len(names) > 0 {
		t.pin(place, false, names)
	}
	if len(values) > 0 {
		t.pin(place, true, values)
	}
	if t.pins.Frozen == nil {
		t.pins.Frozen = map[string]bool{}
	}
	t.pins.Frozen[place] = true
	t.changed()
}

// Thaw gives a place and all texts that were pinned at it back.
func (t *Tree) Thaw(place string) {
	place = PlaceOf(place)
	delete(t.pins.Frozen, place)
	delete(t.pins.Values, place)
	delete(t.pins.Places, place)
	t.changed()
}

// Rename gives the parameter at a position of a template a name; an empty one
// takes it back.
func (t *Tree) Rename(template string, position int, name string) {
	place := PlaceOf(template)
	if t.pins.Names == nil {
		t.pins.Names = map[string]map[int]string{}
	}
	if t.pins.Names[place] == nil {
		t.pins.Names[place] = map[int]string{}
	}
	if name == "" {
		delete(t.pins.Names[place], position)
	} else {
		t.pins.Names[place][position] = name
	}
	if len(t.pins.Names[place]) == 0 {
		delete(t.pins.Names, place)
	}
	t.changed()
}

// Name puts the names that persons gave into those of a template's parameters.
func (t *Tree) Name(template string, names []string) []string {
	given := t.pins.Names[PlaceOf(template)]
	if len(given) == 0 {
		return names
	}
	names = slices.Clone(names)
	for i := range names {
		if n, ok := given[i]; ok && !slices.Contains(names, n) {
			names[i] = n
		}
	}
	return names
}

// Revision counts the changes that persons made.
func (t *Tree) Revision() int64 { return t.pins.Revision }

func (t *Tree) pin(place string, value bool, texts []string) {
	place = PlaceOf(place)
	if t.pins.Places == nil {
		t.pins.Places = map[string]map[string]bool{}
	}
	if t.pins.Places[place] == nil {
		t.pins.Places[place] = map[string]bool{}
	}
	for _, x := range texts {
		t.pins.Places[place][strings.Clone(x)] = value
	}
	t.changed()
}

func (t *Tree) changed() {
	t.pins.Revision++
	t.dirty = true
}

// isMixed says whether a segment holds a value among text.
func isMixed(segment string) bool {
	return isTyped(segment) && (segment[0] != '{' || strings.IndexByte(segment, '}') != len(segment)-1)
}

// apply puts the pins of a place over what the evidence says of its words.
func (p *Pins) apply(place string, words []*child, values []bool) {
	pinned, frozen, all := p.Places[place], p.Frozen[place], p.Values[place]
	if len(pinned) == 0 && !frozen && !all {
		return
	}
	for i, c := range words {
		if v, ok := pinned[c.text]; ok {
			values[i] = v
		} else if frozen || all {
			values[i] = all
		}
	}
}
