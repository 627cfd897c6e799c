package content

import "github.com/vektah/gqlparser/v2/ast"

// queryWalk goes through one GraphQL document.
type queryWalk struct {
	d    *Document
	l    Location
	text []byte // nil where positions, which count runes, say nothing of bytes
	root int32
	path []string
	deep bool // noted that it is
}

// under calls f with name on the path.
func (w *queryWalk) under(name string, f func()) {
	w.path = append(w.path, name)
	f()
	w.path = w.path[:len(w.path)-1]
}

func (w *queryWalk) selections(set ast.SelectionSet) {
	for _, s := range set {
		if w.d.budget <= 0 {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			w.under(s.Name, func() {
				for _, a := range s.Arguments {
					w.under("@"+a.Name, func() { w.value(a.Value) })
				}
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

func (w *queryWalk) directives(list ast.DirectiveList) {
	for _, x := range list {
		w.under("@@"+x.Name, func() {
			for _, a := range x.Arguments {
				w.under("@"+a.Name, func() { w.value(a.Value) })
			}
		})
	}
}

// value adds a literal; a variable's value stands in the variables.
func (w *queryWalk) value(v *ast.Value) {
	if v == nil || w.d.budget <= 0 {
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
	d := w.d
	start := len(d.scratch)
	d.scratch = append(d.scratch, v.Raw...)
	value := d.scratch[start:len(d.scratch):len(d.scratch)]
	raw := value
	if p := v.Position; w.text != nil && p != nil && p.Start >= 0 && p.Start < p.End && p.End <= len(w.text) {
		raw = w.text[p.Start:p.End]
	}
	d.leaf(w.l, w.node(), value, raw, t)
}

// node is where the path leads, as far down as containers may nest.
func (w *queryWalk) node() int32 {
	at := w.root
	for i, name := range w.path {
		if i >= w.d.limits.Depth {
			if !w.deep {
				w.deep = true
				w.d.issue(DepthLimit, w.l, at)
			}
			break
		}
		at = w.d.child(at, []byte(name), w.l, 0)
	}
	return at
}
