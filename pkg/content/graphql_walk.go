package content

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// queryText is what the text of a GraphQL document says. It is never changed once
// read.
type queryText struct {
	wrong      string // the kind of issue that the text is, if any
	deep       bool   // some literals stand deeper than containers may
	literals   []literal
	operations []Operation
}

// literal is a value that the text itself has.
type literal struct {
	path       []string
	value, raw []byte
	typ        Type
}

// readQuery parses text. Its result depends on nothing but the arguments.
func readQuery(text string, limits *Limits) *queryText {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	w := queryWalk{depth: limits.Depth, most: limits.NestedLeaves}
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "token limit"): // the library has no other word for it
		w.wrong = TokenLimit
	default:
		w.wrong = BadSyntax
	}
	if doc == nil {
		return &w.queryText
	}
	if ascii([]byte(text)) {
		w.text = text
	}
	for _, f := range doc.Fragments {
		w.under("..."+f.Name, func() { w.selections(f.SelectionSet) })
	}
	for i, o := range doc.Operations {
		for _, v := range o.VariableDefinitions {
			w.after(v.Position)
			w.under("$"+v.Variable, func() { w.value(v.DefaultValue) })
		}
		w.directives(o.Directives)
		w.selections(o.SelectionSet)
		if i > limits.Operations { // one more than there may be, so that it is said
			continue
		}
		made := Operation{Protocol: GraphQLOperation, Type: string(o.Operation), Name: operationName([]byte(o.Name))}
		if err == nil {
			measure(&made, o, doc.Fragments)
		}
		w.operations = append(w.operations, made)
	}
	return &w.queryText
}

// queryWalk goes through one GraphQL document.
type queryWalk struct {
	queryText
	depth, most int
	text        string // empty where positions, which count runes, say nothing of bytes
	path        []string
	last        int // where the last name or literal stands
}

// under calls f with name on the path.
func (w *queryWalk) under(name string, f func()) {
	w.path = append(w.path, name)
	f()
	w.path = w.path[:len(w.path)-1]
}

func (w *queryWalk) selections(set ast.SelectionSet) {
	for _, s := range set {
		if len(w.literals) > w.most {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			w.under(s.Name, func() {
				w.arguments(s.Arguments)
				w.directives(s.Directives)
				w.selections(s.SelectionSet)
			})
		case *ast.InlineFragment:
			w.directives(s.Directives)
			w.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			w.directives(s.Directives)
		}
	}
}

func (w *queryWalk) arguments(list ast.ArgumentList) {
	for _, a := range list {
		w.after(a.Position)
		w.under("@"+a.Name, func() { w.value(a.Value) })
	}
}

// after remembers that a value comes behind p.
func (w *queryWalk) after(p *ast.Position) {
	if p != nil {
		w.last = p.Start
	}
}

func (w *queryWalk) directives(list ast.DirectiveList) {
	for _, x := range list {
		w.under("@@"+x.Name, func() { w.arguments(x.Arguments) })
	}
}

// value adds a literal; a variable's value stands in the variables.
func (w *queryWalk) value(v *ast.Value) {
	if v == nil || len(w.literals) > w.most { // one more than there may be, as above
		return
	}
	t := String
	switch v.Kind {
	case ast.Variable:
		return
	case ast.ListValue:
		w.under("[]", func() {
			for _, c := range v.Children {
				w.value(c.Value)
			}
		})
		return
	case ast.ObjectValue:
		for _, c := range v.Children {
			w.under(c.Name, func() { w.value(c.Value) })
		}
		return
	case ast.IntValue:
		t = Integer
	case ast.FloatValue:
		t = Number
	case ast.BooleanValue:
		t = Boolean
	case ast.NullValue:
		t = Null
	}
	// Behind what is wrong the parser meets its last token again and again.
	if p := v.Position; p != nil {
		if w.wrong != "" && p.Start <= w.last {
			return
		}
		w.last = p.Start
	}
	value := []byte(v.Raw)
	raw := value
	if p := v.Position; p != nil && p.Start >= 0 && p.Start < p.End && p.End <= len(w.text) {
		raw = []byte(w.text[p.Start:p.End])
	}
	w.literals = append(w.literals, literal{path: w.here(), value: slices.Clip(value), raw: slices.Clip(raw), typ: t})
}

// here is the path, as far down as containers may nest.
func (w *queryWalk) here() []string {
	w.deep = w.deep || len(w.path) > w.depth
	return slices.Clone(w.path[:min(len(w.path), w.depth)])
}
