package discovery

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/learn"
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
	slices.SortStableFunc(e.Params, func(a, b catalog.Param) int {
		return cmp.Or(strings.Compare(a.In, b.In), strings.Compare(a.Name, b.Name))
	})
	return e
}
