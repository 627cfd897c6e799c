package discovery

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// Flush puts out every endpoint that changed, and takes back those that became
// part of another, in the order of ids.
func (m *merger) Flush(out *detect.Out) {
	for _, id := range slices.Sorted(maps.Keys(m.gone)) {
		if !m.stands(id) {
			out.Record(schemas.TopicCatalog, event.RecordKey(m.gone[id], id), nil)
		}
	}
	carried := map[host]map[string]dataclass.Statement{}
	for _, id := range slices.Sorted(maps.Keys(m.dirty)) {
		var e catalog.Endpoint
		if g, x := m.groups[id], m.entries[id]; g != nil {
			e = g.record()
			g.published = true
		} else if m.stands(id) {
			e = x.record()
			x.published = true
		} else {
			continue
		}
		at := host{e.Tenant, e.Host}
		s := m.hosts[at]
		if len(s.classes) > 0 && carried[at] == nil {
			carried[at] = s.carried()
		}
		m.put(named(carrying(e, carried[at][id]), s.tree), out)
	}
	clear(m.gone)
	clear(m.dirty)
}

// stands says whether id is an endpoint of the catalog.
func (m *merger) stands(id string) bool {
	e := m.entries[id]
	return m.groups[id] != nil || e != nil && e.group == nil && e.candidate == nil
}

func (m *merger) put(e catalog.Endpoint, out *detect.Out) {
	value, err := catalog.EncodeEndpoint(&e)
	if err != nil { // plain strings and numbers: a fault of the program
		panic(fmt.Sprintf("discovery: %v", err))
	}
	out.Record(schemas.TopicCatalog, e.Key(), value)
}

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
		if p := learn.Pattern(segment); slices.Contains(names, p) {
			out = append(out, catalog.Pin{Segment: i, Text: p})
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
