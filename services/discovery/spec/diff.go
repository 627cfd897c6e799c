package spec

import (
	"fmt"
	"slices"
	"strings"
)

// Change is one difference between two specifications, or two states of one.
type Change struct {
	// What is "operation added", "parameter removed", "type changed" ...
	What string `json:"what"`
	// Operation is "METHOD /template"; Name what in it changed.
	Operation string `json:"operation"`
	Name      string `json:"name,omitempty"`
	Before    string `json:"before,omitempty"`
	After     string `json:"after,omitempty"`
	// Where the newer document says it, or the older where the newer lacks it.
	Where Place `json:"where"`
}

// String is a line for people.
func (c Change) String() string {
	s := c.What + ": " + c.Operation
	if c.Name != "" {
		s += " " + c.Name
	}
	if c.Before != "" || c.After != "" {
		s += fmt.Sprintf(" (%s -> %s)", or(c.Before, "none"), or(c.After, "none"))
	}
	return s + " at " + c.Where.String()
}

func or(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

// maxChanges bounds a diff.
const maxChanges = 100_000

// Diff says what changed from a to b. Operations are the same when protocol, method
// and the structure of base path and template are: the names of parameters may change.
func Diff(a, b *Specification) []Change {
	d := &differ{}
	before, after := byShape(a), byShape(b)
	var keys []string
	for k := range before {
		keys = append(keys, k)
	}
	for k := range after {
		if before[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		x, y := before[k], after[k]
		switch {
		case x == nil:
			d.add("operation added", y.Label(), "", "", "", y.Where)
		case y == nil:
			d.add("operation removed", x.Label(), "", "", "", x.Where)
		default:
			d.operation(x, y)
		}
	}
	return d.out
}

// byShape are the operations by what makes them one; of several the first.
func byShape(s *Specification) map[string]*Operation {
	out := map[string]*Operation{}
	for i := range s.Operations {
		o := &s.Operations[i]
		key := o.Protocol + " " + shape(s.ServersOf(o)[0].Path+o.Template) + " " + o.Method
		if o.Protocol == "graphql" {
			key += " " + o.Name
		}
		if out[key] == nil {
			out[key] = o
		}
	}
	return out
}

// shape is a template without the names of its parameters.
func shape(template string) string {
	var b strings.Builder
	for {
		literal, rest, ok := cutParam(template)
		b.WriteString(literal)
		if !ok {
			return strings.TrimSuffix(b.String(), "/")
		}
		b.WriteString("{}")
		template = rest
	}
}

type differ struct{ out []Change }

func (d *differ) add(what, operation, name, before, after string, where Place) {
	if len(d.out) < maxChanges {
		d.out = append(d.out, Change{what, operation, name, before, after, where})
	}
}

func (d *differ) operation(x, y *Operation) {
	label := y.Label()
	if x.Deprecated != y.Deprecated {
		d.add("deprecation changed", label, "", yes(x.Deprecated), yes(y.Deprecated), y.Where)
	}
	if p, q := authText(x), authText(y); p != q {
		d.add("auth changed", label, "", p, q, y.Where)
	}
	d.params(label, x, y)
	for _, s := range y.Statuses {
		if !slices.ContainsFunc(x.Statuses, func(t Status) bool { return t.Name == s.Name }) {
			d.add("status added", label, s.Name, "", "", s.Where)
		}
	}
	for _, s := range x.Statuses {
		if !slices.ContainsFunc(y.Statuses, func(t Status) bool { return t.Name == s.Name }) {
			d.add("status removed", label, s.Name, "", "", s.Where)
		}
	}
	d.bodies(label, "request", x.Request, y.Request)
	d.bodies(label, "response", x.Responses, y.Responses)
}

func yes(deprecated bool) string {
	if deprecated {
		return "deprecated"
	}
	return "current"
}

func authText(o *Operation) string {
	var list []string
	for _, a := range o.Auth {
		s := a.Kind
		if a.Name != "" {
			s += " " + a.In + ":" + a.Name
		}
		list = append(list, s)
	}
	slices.Sort(list)
	if o.Anonymous {
		list = append(list, "none")
	}
	return strings.Join(list, " or ")
}

func (d *differ) params(label string, x, y *Operation) {
	find := func(list []Param, p *Param) *Param {
		for i := range list {
			if list[i].In == p.In && list[i].Name == p.Name {
				return &list[i]
			}
		}
		return nil
	}
	for i := range y.Params {
		q := &y.Params[i]
		if q.In == "path" {
			continue // the shape has them
		}
		p := find(x.Params, q)
		name := q.In + ":" + q.Name
		if p == nil {
			d.add("parameter added", label, name, "", typeText(q.Schema), q.Where)
			continue
		}
		if p.Required != q.Required {
			d.add("required changed", label, name, fmt.Sprint(p.Required), fmt.Sprint(q.Required), q.Where)
		}
		d.schema(label, name, p.Schema, q.Schema, q.Where)
	}
	for i := range x.Params {
		if p := &x.Params[i]; p.In != "path" && find(y.Params, p) == nil {
			d.add("parameter removed", label, p.In+":"+p.Name, typeText(p.Schema), "", p.Where)
		}
	}
}

func (d *differ) bodies(label, what string, x, y []Body) {
	find := func(list []Body, b *Body) *Body {
		for i := range list {
			if list[i].Status == b.Status && list[i].Media == b.Media {
				return &list[i]
			}
		}
		return nil
	}
	name := func(b *Body) string {
		return strings.Join(strings.Fields(what+" "+b.Status+" "+b.Media), " ")
	}
	for i := range y {
		if p := find(x, &y[i]); p != nil {
			d.schema(label, name(&y[i]), p.Schema, y[i].Schema, y[i].Where)
		} else {
			d.add("body added", label, name(&y[i]), "", "", y[i].Where)
		}
	}
	for i := range x {
		if find(y, &x[i]) == nil {
			d.add("body removed", label, name(&x[i]), "", "", x[i].Where)
		}
	}
}

func typeText(s *Schema) string {
	if s == nil || len(s.Types) == 0 {
		return ""
	}
	t := strings.Join(s.Types, "|")
	if s.Format != "" {
		t += " " + s.Format
	}
	return t
}

// schema compares two schemas down to MaxDepth and MaxFields: parts are shared, and
// an unbounded walk would meet each as often as it is referred to.
func (d *differ) schema(label, name string, x, y *Schema, where Place) {
	left := MaxFields
	d.walk(label, name, x, y, where, MaxDepth, &left)
}

func (d *differ) walk(label, name string, x, y *Schema, where Place, depth int, left *int) {
	if *left--; *left < 0 || depth == 0 || x == y {
		return
	}
	if x == nil {
		x = &Schema{}
	}
	if y == nil {
		y = &Schema{}
	}
	if y.Where.File != "" {
		where = y.Where
	}
	if p, q := typeText(x), typeText(y); p != q {
		d.add("type changed", label, name, p, q, where)
	}
	if p, q := strings.Join(x.Enum, "|"), strings.Join(y.Enum, "|"); p != q {
		d.add("values changed", label, name, p, q, where)
	}
	if x.Items != nil && y.Items != nil {
		d.walk(label, name+"[]", x.Items, y.Items, where, depth-1, left)
	}
	if x.Additional != nil && y.Additional != nil {
		d.walk(label, name+".{...}", x.Additional, y.Additional, where, depth-1, left)
	}
	for i := range y.Properties {
		q := &y.Properties[i]
		at := name + "." + q.Name
		p := x.Property(q.Name)
		if p == nil {
			d.add("field added", label, at, "", typeText(q.Schema), where)
			continue
		}
		if p.Required != q.Required {
			d.add("required changed", label, at, fmt.Sprint(p.Required), fmt.Sprint(q.Required), where)
		}
		d.walk(label, at, p.Schema, q.Schema, where, depth-1, left)
	}
	for i := range x.Properties {
		if p := &x.Properties[i]; y.Property(p.Name) == nil {
			d.add("field removed", label, name+"."+p.Name, typeText(p.Schema), "", where)
		}
	}
}
