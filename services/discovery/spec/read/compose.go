package read

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// compose joins what is composed: with allOf all that the parts say, with oneOf and
// anyOf what any of them permits.
func (c *schemas) compose(s *spec.Schema, n *document.Node) {
	for _, e := range n.Get("allOf").Elements() {
		if part := c.of(e); part != nil && c.mayCopy(n, s, part) {
			both(s, part)
		}
	}
	for _, word := range [...]string{"oneOf", "anyOf"} {
		list := n.Get(word).Elements()
		if len(list) == 0 {
			continue
		}
		var any *spec.Schema
		free := false
		for _, e := range list {
			part := c.of(e)
			if part.Free() {
				free = free || !onlyRequires(e)
				continue
			}
			if any == nil {
				copied := *part
				any = &copied
				continue
			}
			if c.mayCopy(n, any, part) {
				any = either(any, part)
			} else {
				free = true
			}
		}
		switch {
		case any == nil:
		case free: // one of them permits anything
			s.Types, s.Additional = nil, cmp.Or(s.Additional, &spec.Schema{Where: s.Where})
		default:
			both(s, any)
		}
	}
}

// mayCopy takes what joining a and b will write out off what is left.
func (c *schemas) mayCopy(n *document.Node, a, b *spec.Schema) bool {
	c.copied += len(a.Properties) + len(b.Properties) + len(a.Enum) + len(b.Enum)
	if c.copied > maxCopied {
		c.problems.at(n, "compositions of more than %d properties in all: this one is not looked into", maxCopied)
		return false
	}
	return true
}

// onlyRequires is a branch that picks properties of the schema around it.
func onlyRequires(n *document.Node) bool { return n.Get("required") != nil && n.Get("$ref") == nil }

// both adds to s what part says. Constraints of one kind are not intersected:
// the first that is stated holds.
func both(s, part *spec.Schema) {
	if len(part.Places) > 0 { // other schemas may share the map
		places := maps.Clone(part.Places)
		maps.Copy(places, s.Places)
		s.Places = places
	}
	if len(s.Types) == 0 {
		s.Types = part.Types
	}
	s.Format, s.Pattern = cmp.Or(s.Format, part.Format), cmp.Or(s.Pattern, part.Pattern)
	if len(s.Enum) == 0 {
		s.Enum = part.Enum
	}
	s.Minimum, s.Maximum = cmp.Or(s.Minimum, part.Minimum), cmp.Or(s.Maximum, part.Maximum)
	s.MinLength, s.MaxLength = max(s.MinLength, part.MinLength), cmp.Or(s.MaxLength, part.MaxLength)
	s.Additional, s.Items = cmp.Or(s.Additional, part.Additional), cmp.Or(s.Items, part.Items)
	s.Closed = s.Closed || part.Closed
	s.Properties = merge(s.Properties, part.Properties, func(a, b *spec.Property) spec.Property {
		if a == nil {
			return *b
		}
		if b == nil {
			return *a
		}
		p := *a
		p.Required = a.Required || b.Required
		if p.Schema.Free() {
			p.Schema = b.Schema
		}
		return p
	})
}

// either is what a or b permits. A property is required only where both require it.
func either(a, b *spec.Schema) *spec.Schema {
	s := *a
	switch {
	case len(a.Types) == 0 || len(b.Types) == 0:
		s.Types = nil
	default:
		s.Types = slices.Concat(a.Types, b.Types)
		slices.Sort(s.Types)
		s.Types = slices.Compact(s.Types)
	}
	if a.Format != b.Format {
		s.Format = ""
	}
	if len(a.Enum) == 0 || len(b.Enum) == 0 {
		s.Enum = nil
	} else {
		s.Enum = slices.Concat(a.Enum, b.Enum)
		slices.Sort(s.Enum)
		s.Enum = slices.Compact(s.Enum)
	}
	if a.Pattern != b.Pattern {
		s.Pattern = ""
	}
	s.Minimum, s.Maximum, s.MinLength, s.MaxLength = nil, nil, 0, 0
	s.Additional, s.Items = cmp.Or(a.Additional, b.Additional), cmp.Or(a.Items, b.Items)
	if open(a) || open(b) {
		s.Additional = &spec.Schema{Where: a.Where}
	}
	if a.Items != nil && b.Items != nil && a.Items != b.Items {
		s.Items = shallow(a.Items, b.Items)
	}
	s.Closed = a.Closed && b.Closed
	s.Properties = merge(a.Properties, b.Properties, func(a, b *spec.Property) spec.Property {
		switch {
		case a == nil:
			return spec.Property{Name: b.Name, Schema: b.Schema}
		case b == nil:
			return spec.Property{Name: a.Name, Schema: a.Schema}
		case a.Schema == b.Schema:
			return spec.Property{Name: a.Name, Required: a.Required && b.Required, Schema: a.Schema}
		case a.Schema.Free() || b.Schema.Free():
			return spec.Property{Name: a.Name, Required: a.Required && b.Required}
		}
		return spec.Property{Name: a.Name, Required: a.Required && b.Required, Schema: shallow(a.Schema, b.Schema)}
	})
	return &s
}

// open is an object of any properties.
func open(s *spec.Schema) bool {
	return slices.Contains(s.Types, "object") && len(s.Properties) == 0 && s.Additional == nil && !s.Closed
}

// shallow joins two schemas of one property at their first level; going further
// would write out what the document shares.
func shallow(a, b *spec.Schema) *spec.Schema {
	s := spec.Schema{Where: a.Where}
	if len(a.Types) > 0 && len(b.Types) > 0 {
		s.Types = slices.Concat(a.Types, b.Types)
		slices.Sort(s.Types)
		s.Types = slices.Compact(s.Types)
	}
	if len(a.Enum) > 0 && len(b.Enum) > 0 {
		s.Enum = slices.Concat(a.Enum, b.Enum)
		slices.Sort(s.Enum)
		s.Enum = slices.Compact(s.Enum)
	}
	return &s
}

// merge joins two sorted lists of properties.
func merge(a, b []spec.Property, f func(a, b *spec.Property) spec.Property) []spec.Property {
	if len(b) == 0 && len(a) == 0 {
		return nil
	}
	out := make([]spec.Property, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = strings.Compare(a[0].Name, b[0].Name)
		}
		switch {
		case order < 0:
			out, a = append(out, f(&a[0], nil)), a[1:]
		case order > 0:
			out, b = append(out, f(nil, &b[0])), b[1:]
		default:
			out, a, b = append(out, f(&a[0], &b[0])), a[1:], b[1:]
		}
	}
	return out
}
