package read

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// schemas converts the schemas of a document, each once: what comes out is as
// large as the document however often its parts are referred to.
type schemas struct {
	set      *document.Set
	problems *problems
	done     map[*document.Node]*spec.Schema
	open     map[*document.Node]bool
	// copied counts the properties that composition wrote out.
	copied int
}

const (
	// maxChain bounds schemas within schemas, through references: the deepest chains
	// of published documents have some dozens.
	maxChain = 400
	// maxCopied bounds what composition writes out, in properties: each schema of a
	// chain of allOf repeats those of all before.
	maxCopied = 2_000_000
)

func newSchemas(set *document.Set, p *problems) *schemas {
	return &schemas{set: set, problems: p, done: map[*document.Node]*spec.Schema{}, open: map[*document.Node]bool{}}
}

// of is the schema at n, nil where there is none or it permits everything. One that
// is being converted is inside itself, and cut.
func (c *schemas) of(n *document.Node) *spec.Schema {
	if n == nil {
		return nil
	}
	to, err := c.set.Resolve(n)
	if err != nil {
		c.problems.err(n, err)
		return nil
	}
	if s, ok := c.done[to]; ok {
		return s
	}
	if c.open[to] {
		return nil
	}
	if len(c.open) >= maxChain {
		c.problems.at(to, "more than %d schemas within each other: cut here", maxChain)
		return nil
	}
	c.open[to] = true
	s := c.convert(to)
	delete(c.open, to)
	c.done[to] = s
	return s
}

func (c *schemas) convert(n *document.Node) *spec.Schema {
	if n.Kind != document.Object {
		return nil // true and false of JSON Schema
	}
	s := &spec.Schema{
		Format: n.Get("format").String(), Pattern: n.Get("pattern").String(),
		Minimum: bound(n, "minimum", "exclusiveMinimum"), Maximum: bound(n, "maximum", "exclusiveMaximum"),
		MinLength: length(n.Get("minLength")), MaxLength: length(n.Get("maxLength")),
		Deprecated: n.Get("deprecated").True(), Where: place(n), Places: constraints(n),
	}
	c.types(s, n)
	c.object(s, n)
	if items := n.Get("items"); items != nil {
		if s.Items = c.of(items); s.Items == nil {
			s.Items = &spec.Schema{Where: place(items)}
		}
	}
	c.compose(s, n)
	if len(s.Types) == 0 { // often left out
		switch {
		case len(s.Properties) > 0 || s.Additional != nil:
			s.Types = []string{"object"}
		case s.Items != nil:
			s.Types = []string{"array"}
		}
	}
	return s
}

// constraints are the places of what a schema says of single values.
func constraints(n *document.Node) map[string]spec.Place {
	var out map[string]spec.Place
	for _, keyword := range [...]string{"enum", "format", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"} {
		at := n.Get(keyword)
		if at == nil {
			continue
		}
		if out == nil {
			out = map[string]spec.Place{}
		}
		switch keyword {
		case "exclusiveMinimum", "exclusiveMaximum":
			keyword = "m" + keyword[len("exclusiveM"):]
			if _, there := out[keyword]; there {
				continue
			}
		}
		out[keyword] = place(at)
	}
	return out
}

// bound is a limit of numbers. Up to OpenAPI 3.0 the exclusive one is a flag beside it,
// since then a number of its own; that the bound itself is no value either way is
// not kept.
func bound(n *document.Node, name, exclusive string) *float64 {
	return cmp.Or(n.Get(name).Number(), n.Get(exclusive).Number())
}

func length(n *document.Node) uint64 {
	if f := n.Number(); f != nil && *f >= 0 && *f < 1<<53 {
		return uint64(*f)
	}
	return 0
}

var jsonTypes = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

func (c *schemas) types(s *spec.Schema, n *document.Node) {
	switch t := n.Get("type"); {
	case t == nil:
	case t.Kind == document.List:
		for _, e := range t.Items {
			s.Types = append(s.Types, e.String())
			if e.Is("null") {
				s.Types[len(s.Types)-1] = "null" // YAML's null for "null"
			}
		}
	case t.String() == "file":
		s.Types, s.Format = []string{"string"}, "binary"
	default:
		s.Types = []string{t.String()}
	}
	if len(s.Types) > 0 && (n.Get("nullable").True() || n.Get("x-nullable").True()) {
		s.Types = append(s.Types, "null")
	}
	s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return !slices.Contains(jsonTypes, t) })
	slices.Sort(s.Types)
	s.Types = slices.Compact(s.Types)
	values := n.Get("enum").Elements()
	if v := n.Get("const"); v != nil {
		values = []*document.Node{v}
	}
	for _, v := range values {
		if v.Kind == document.Scalar && !v.Is("null") {
			s.Enum = append(s.Enum, v.Text)
		}
	}
	slices.Sort(s.Enum)
	s.Enum = slices.Compact(s.Enum)
}

func (c *schemas) object(s *spec.Schema, n *document.Node) {
	required := map[string]bool{}
	for _, r := range n.Get("required").Elements() {
		required[r.String()] = true
	}
	for _, f := range n.Get("properties").Members() {
		p := c.of(f.Value)
		if p == nil {
			p = &spec.Schema{Where: place(f.Value)}
		}
		s.Properties = append(s.Properties, spec.Property{Name: f.Name, Required: required[f.Name], Schema: p})
	}
	slices.SortFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
	additional := n.Get("additionalProperties")
	if patterns := n.Get("patternProperties").Members(); additional == nil && len(patterns) > 0 {
		additional = patterns[0].Value
	}
	switch {
	case additional == nil:
	case additional.Is("boolean"):
		if additional.True() {
			s.Additional = &spec.Schema{Where: place(additional)}
		} else {
			s.Closed = true
		}
	default:
		if s.Additional = c.of(additional); s.Additional == nil {
			s.Additional = &spec.Schema{Where: place(additional)}
		}
	}
}
