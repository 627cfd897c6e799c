package discovery

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// record is the catalog's record of g.
func (g *group) record() catalog.Endpoint {
	e := g.sum.endpoint(g.host.tenant, g.host.name)
	e.Supersedes = slices.Clone(g.aliases)
	e.Version += int64(len(g.aliases))
	// Values that the lexer left literal were not counted as parameters.
	for _, name := range g.names {
		i, found := slices.BinarySearchFunc(e.Params, name, func(p catalog.Param, name string) int {
			return cmp.Or(strings.Compare(p.In, "path"), strings.Compare(p.Name, name))
		})
		if !found {
			e.Params = slices.Insert(e.Params, i, catalog.Param{In: "path", Name: name})
		}
		p := &e.Params[i]
		if p.Count >= g.sum.successes {
			continue
		}
		missing := g.sum.successes - p.Count
		p.Count += missing
		j, found := slices.BinarySearchFunc(p.Types, "string", func(t catalog.Tally, name string) int { return strings.Compare(t.Name, name) })
		if !found {
			p.Types = slices.Insert(p.Types, j, catalog.Tally{Name: "string"})
		}
		p.Types[j].Count += missing
	}
	return e
}

// named puts the names that a person gave to path parameters into a record.
func named(e catalog.Endpoint, tree *learn.Tree) catalog.Endpoint {
	e.Version += tree.Revision()
	old := catalog.ParamNames(e.Template)
	given := tree.Name(e.Template, old)
	for i, name := range old {
		for j := range e.Params {
			if p := &e.Params[j]; p.In == "path" && p.Name == name {
				p.Name = given[i]
				break
			}
		}
	}
	e.Pins = pinsOf(e.Template, tree)
	slices.SortStableFunc(e.Params, func(a, b catalog.Param) int {
		return cmp.Or(strings.Compare(a.In, b.In), strings.Compare(a.Name, b.Name))
	})
	return e
}

// maxListedPins bounds what a record says of one segment.
const maxListedPins = 100

// pinsOf are what persons said of a template's segments.
func pinsOf(template string, tree *learn.Tree) (out []catalog.Pin) {
	if tree.Pins() == 0 {
		return nil
	}
	w := wish{segments: (&order.Order{Template: template}).Segments()}
	number := 0
	for i, segment := range w.segments {
		names, values, all := tree.Pinned(w.place(i))
		if !isParameter(segment) {
			if slices.Contains(names, segment) {
				out = append(out, catalog.Pin{Segment: i, Text: segment})
			}
			continue
		}
		if all {
			out = append(out, catalog.Pin{Segment: i, Text: order.All, Value: true})
		}
		for _, text := range values[:min(len(values), maxListedPins)] {
			out = append(out, catalog.Pin{Segment: i, Text: text, Value: true})
		}
		if name := tree.Named(template, number); name != "" {
			out = append(out, catalog.Pin{Segment: i, Name: name})
		}
		number++
	}
	return out
}
