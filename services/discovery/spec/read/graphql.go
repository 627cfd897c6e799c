package read

import (
	"errors"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// GraphQLPath is where GraphQL is served when nothing else is known: its schema
// language has no word for it.
const GraphQLPath = "/graphql"

// maxTokens bounds a GraphQL schema.
const maxTokens = 2_000_000

// graphql reads a schema as it is written. It is not validated: directives of a
// gateway need not be defined in it, and a service's part is no whole schema.
type graphql struct {
	problems
	file  string
	types map[string][]*ast.Definition // with extensions
	done  map[string]*spec.Schema
	open  map[string]bool
	out   *spec.Specification
}

func graphQL(name string, b []byte) (*spec.Specification, error) {
	doc, err := parser.ParseSchemaWithLimit(&ast.Source{Name: name, Input: string(b)}, maxTokens)
	if err != nil {
		var at *gqlerror.Error
		if errors.As(err, &at) {
			line := 0
			if len(at.Locations) > 0 {
				line = at.Locations[0].Line
			}
			return nil, &document.Error{File: name, Line: line, Err: errors.New(at.Message)}
		}
		return nil, &document.Error{File: name, Err: err}
	}
	r := &graphql{
		file: name, types: map[string][]*ast.Definition{}, done: map[string]*spec.Schema{}, open: map[string]bool{},
		out: &spec.Specification{Title: name, Format: "graphql"},
	}
	for _, list := range [...]ast.DefinitionList{doc.Definitions, doc.Extensions} {
		for _, d := range list {
			r.types[d.Name] = append(r.types[d.Name], d)
		}
	}
	roots := []struct{ operation, typ string }{{"query", "Query"}, {"mutation", "Mutation"}, {"subscription", "Subscription"}}
	for _, list := range [...]ast.SchemaDefinitionList{doc.Schema, doc.SchemaExtension} {
		for _, d := range list {
			for _, t := range d.OperationTypes {
				for i := range roots {
					if roots[i].operation == string(t.Operation) {
						roots[i].typ = t.Type
					}
				}
			}
		}
	}
	for _, root := range roots {
		for _, d := range r.types[root.typ] {
			for _, f := range d.Fields {
				if !strings.HasPrefix(f.Name, "__") {
					r.field(root.operation, root.typ, f)
				}
			}
		}
	}
	if len(r.out.Operations) == 0 {
		return nil, &document.Error{File: name, Err: errors.New("the schema has no field of Query, Mutation or Subscription")}
	}
	r.out.Problems = r.list
	return r.out, nil
}

func (r *graphql) place(p *ast.Position, coordinate string) spec.Place {
	line := 0
	if p != nil {
		line = p.Line
	}
	return spec.Place{File: r.file, Pointer: coordinate, Line: line}
}

func (r *graphql) field(operation, root string, f *ast.FieldDefinition) {
	coordinate := root + "." + f.Name
	o := spec.Operation{
		Protocol: "graphql", Name: operation + " " + f.Name, Method: "POST", Template: GraphQLPath,
		Deprecated: f.Directives.ForName("deprecated") != nil, Where: r.place(f.Position, coordinate),
	}
	for _, a := range f.Arguments {
		o.Params = append(o.Params, spec.Param{
			In: "argument", Name: a.Name, Required: a.Type.NonNull && a.DefaultValue == nil,
			Deprecated: a.Directives.ForName("deprecated") != nil, Schema: r.schema(a.Type, 0),
			Where: r.place(a.Position, coordinate+"("+a.Name+":)"),
		})
	}
	o.Responses = []spec.Body{{Status: "2XX", Media: "application/json", Schema: r.schema(f.Type, 0), Where: o.Where}}
	o.Statuses = []spec.Status{{Name: "2XX", Where: o.Where}}
	if len(r.out.Operations) >= maxOperations {
		r.put(spec.Problem{Where: o.Where, Text: "more operations than are read"})
		return
	}
	slices.SortStableFunc(o.Params, func(a, b spec.Param) int { return strings.Compare(a.Name, b.Name) })
	r.out.Operations = append(r.out.Operations, o)
}

// schema is that of a type reference; lists in lists go as deep as the parser does.
func (r *graphql) schema(t *ast.Type, depth int) *spec.Schema {
	if t == nil || depth > maxChain {
		return nil
	}
	if t.Elem != nil {
		s := &spec.Schema{Types: []string{"array"}, Items: r.schema(t.Elem, depth+1), Where: r.place(t.Position, "")}
		if !t.NonNull {
			s.Types = append(s.Types, "null")
		}
		return s
	}
	named := r.named(t.NamedType)
	if named == nil || t.NonNull || slices.Contains(named.Types, "null") {
		return named
	}
	s := *named
	if len(s.Types) > 0 {
		s.Types = append(slices.Clone(s.Types), "null")
		slices.Sort(s.Types)
	}
	return &s
}

var scalars = map[string]spec.Schema{
	"Int": {Types: []string{"integer"}}, "Float": {Types: []string{"number"}}, "Boolean": {Types: []string{"boolean"}},
	"String": {Types: []string{"string"}}, "ID": {Types: []string{"integer", "string"}},
}

func (r *graphql) named(name string) *spec.Schema {
	if s, ok := scalars[name]; ok && r.types[name] == nil {
		return &s
	}
	if s, ok := r.done[name]; ok {
		return s
	}
	if r.open[name] || len(r.open) >= maxChain || len(r.types[name]) == 0 {
		return nil
	}
	r.open[name] = true
	s := r.convert(r.types[name])
	delete(r.open, name)
	r.done[name] = s
	return s
}

func (r *graphql) convert(parts []*ast.Definition) *spec.Schema {
	first := parts[0]
	s := &spec.Schema{Where: r.place(first.Position, first.Name)}
	switch first.Kind {
	case ast.Enum:
		s.Types = []string{"string"}
		for _, d := range parts {
			for _, v := range d.EnumValues {
				s.Enum = append(s.Enum, v.Name)
			}
		}
		slices.Sort(s.Enum)
	case ast.Object, ast.InputObject:
		// Only what a client asks for is answered, so nothing of an answer is required.
		s.Types = []string{"object"}
		for _, d := range parts {
			for _, f := range d.Fields {
				p := spec.Property{Name: f.Name, Schema: r.schema(f.Type, 0)}
				p.Required = first.Kind == ast.InputObject && f.Type.NonNull && f.DefaultValue == nil
				s.Properties = append(s.Properties, p)
			}
		}
		slices.SortStableFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
		s.Properties = slices.CompactFunc(s.Properties, func(a, b spec.Property) bool { return a.Name == b.Name })
		s.Closed = first.Kind == ast.InputObject
	case ast.Interface, ast.Union:
		s.Types = []string{"object"} // of any of its kinds
	}
	return s
}
