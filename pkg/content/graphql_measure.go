package content

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

const (
	// maxFields is how many fields at the top of an operation are listed.
	maxFields = 50
	// maxSelections is where counting ends: fragments within fragments multiply.
	maxSelections = 1 << 30
)

// extent is how far a selection goes, fragments counted wherever they are spread.
type extent struct{ depth, fields, aliases int }

// measurer measures the operations of one document.
type measurer struct {
	fragments ast.FragmentDefinitionList
	extents   map[string]extent
}

// measure fills in what made, which is o, asks for.
func measure(made *Operation, o *ast.OperationDefinition, fragments ast.FragmentDefinitionList) {
	m := measurer{fragments: fragments, extents: map[string]extent{}}
	x := m.extent(o.SelectionSet)
	made.Depth, made.Selections, made.Aliases = x.depth, x.fields, x.aliases
	m.top(o.SelectionSet, map[string]bool{}, made)

	h := digestOf(o.SelectionSet)
	parts := [][]byte{}
	for _, f := range fragments {
		d := digestOf(f.SelectionSet)
		parts = append(parts, append([]byte("..."+f.Name+"\x00"), d[:]...))
	}
	slices.SortFunc(parts, bytes.Compare)
	all := append([]byte(o.Operation), h[:]...)
	for _, p := range parts {
		all = append(all, p...)
	}
	sum := sha256.Sum256(all)
	made.Hash = hex.EncodeToString(sum[:8])
}

func (m *measurer) extent(set ast.SelectionSet) (x extent) {
	for _, s := range set {
		var below extent
		switch s := s.(type) {
		case *ast.Field:
			below = m.extent(s.SelectionSet)
			below.depth++
			below.fields++
			if s.Alias != s.Name {
				below.aliases++
			}
		case *ast.InlineFragment:
			below = m.extent(s.SelectionSet)
		case *ast.FragmentSpread:
			below = m.fragment(s.Name)
		}
		x.depth = max(x.depth, below.depth)
		x.fields = min(x.fields+below.fields, maxSelections)
		x.aliases = min(x.aliases+below.aliases, maxSelections)
	}
	return x
}

// fragment measures each fragment once; within itself it counts nothing.
func (m *measurer) fragment(name string) extent {
	if x, ok := m.extents[name]; ok {
		return x
	}
	m.extents[name] = extent{}
	if f := m.fragments.ForName(name); f != nil {
		m.extents[name] = m.extent(f.SelectionSet)
	}
	return m.extents[name]
}

// top lists the fields that an operation begins with.
func (m *measurer) top(set ast.SelectionSet, seen map[string]bool, o *Operation) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__schema" || s.Name == "__type" {
				o.Introspection = true
			}
			if name := operationName([]byte(s.Name)); len(o.Fields) < maxFields && !slices.Contains(o.Fields, name) {
				o.Fields = append(o.Fields, name)
			}
		case *ast.InlineFragment:
			m.top(s.SelectionSet, seen, o)
		case *ast.FragmentSpread:
			if f := m.fragments.ForName(s.Name); f != nil && !seen[s.Name] {
				seen[s.Name] = true
				m.top(f.SelectionSet, seen, o)
			}
		}
	}
}

type digest [sha256.Size]byte

// digestOf is of the names of fields, arguments and types alone, and of each set
// sorted and without repeats: what a client varies from call to call (literals,
// variables, aliases) leaves it as it is.
func digestOf(set ast.SelectionSet) digest {
	parts := make([]digest, 0, len(set))
	for _, s := range set {
		parts = append(parts, digestOne(s))
	}
	slices.SortFunc(parts, func(a, b digest) int { return bytes.Compare(a[:], b[:]) })
	parts = slices.Compact(parts)
	h := sha256.New()
	for i := range parts {
		h.Write(parts[i][:])
	}
	return digest(h.Sum(nil))
}

func digestOne(s ast.Selection) digest {
	var names []string
	var below ast.SelectionSet
	var directives ast.DirectiveList
	switch s := s.(type) {
	case *ast.Field:
		names, below, directives = []string{s.Name}, s.SelectionSet, s.Directives
		for _, a := range s.Arguments {
			names = append(names, "("+a.Name)
		}
	case *ast.InlineFragment:
		names, below, directives = []string{"... on " + s.TypeCondition}, s.SelectionSet, s.Directives
	case *ast.FragmentSpread:
		names, directives = []string{"..." + s.Name}, s.Directives
	}
	for _, x := range directives {
		names = append(names, "@"+x.Name)
	}
	slices.Sort(names[1:])
	h := sha256.New()
	for _, n := range names {
		h.Write([]byte(n))
		h.Write([]byte{0})
	}
	if len(below) > 0 {
		d := digestOf(below)
		h.Write(d[:])
	}
	return digest(h.Sum(nil))
}
