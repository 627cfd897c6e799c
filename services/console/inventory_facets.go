package console

import "slices"

// facetView is a facet as the page shows it: what it would let through beside
// everything else that is picked.
type facetView struct {
	Name, Label string
	Choices     []facetChoice
	More        []facetChoice // beyond shownChoices, folded away
	Picked      bool
}

// facetChoice is one value: following Href puts it in or takes it out.
type facetChoice struct {
	Label, Href string
	Count       uint64
	On          bool
}

// shownChoices is how many values of a facet stand on the page unfolded.
const shownChoices = 8

// facetViews lays the counts out. Values that are picked always show, also where
// nothing is left of them.
func facetViews(f inventory, counts [][]facetCount) []facetView {
	var out []facetView
	for i, kind := range facets() {
		v := facetView{Name: kind.Name, Label: kind.Label, Picked: len(f.Picked[i]) > 0}
		add := func(name, label string, n uint64) {
			v.Choices = append(v.Choices, facetChoice{label, f.toggled(i, name).address(), n, slices.Contains(f.Picked[i], name)})
		}
		of := func(name string) uint64 {
			for _, c := range counts[i] {
				if c.Value == name {
					return c.Count
				}
			}
			return 0
		}
		if kind.Values != nil {
			for _, x := range kind.Values {
				if n := of(x.Name); n > 0 || slices.Contains(f.Picked[i], x.Name) {
					add(x.Name, x.Label, n)
				}
			}
		} else {
			for _, p := range f.Picked[i] {
				add(p, p, of(p))
			}
			for _, c := range counts[i] {
				if !slices.Contains(f.Picked[i], c.Value) {
					add(c.Value, c.Value, c.Count)
				}
			}
		}
		if len(v.Choices) > shownChoices+1 {
			cut := max(shownChoices, len(f.Picked[i]))
			v.Choices, v.More = v.Choices[:cut], v.Choices[cut:]
		}
		if len(v.Choices) > 0 {
			out = append(out, v)
		}
	}
	return out
}

// pick is one value that is picked, with the way to drop it.
type pick struct{ Facet, Label, Href string }

// Picks are all values that are picked.
func (f inventory) Picks() []pick {
	var out []pick
	for i, kind := range facets() {
		for _, name := range f.Picked[i] {
			label := name
			for _, v := range kind.Values {
				if v.Name == name {
					label = v.Label
				}
			}
			out = append(out, pick{kind.Label, label, f.toggled(i, name).address()})
		}
	}
	return out
}

// Hidden are the picked values and the order, for the form of the text: it must
// not lose them.
func (f inventory) Hidden() []pair {
	var out []pair
	for i, kind := range facets() {
		for _, v := range f.Picked[i] {
			out = append(out, pair{kind.Name, v})
		}
	}
	if f.Sort != "risk" {
		out = append(out, pair{"sort", f.Sort})
	}
	return out
}

type pair struct{ Name, Value string }

// sortLink is one order, with its address.
type sortLink struct {
	Label, Href string
	On          bool
}

// Orders are the orders that the list can have.
func (f inventory) Orders() []sortLink {
	var out []sortLink
	for _, s := range sortOrders() {
		to := f
		to.Sort, to.Page = s.Name, 1
		out = append(out, sortLink{s.Label, to.address(), s.Name == f.Sort})
	}
	return out
}
