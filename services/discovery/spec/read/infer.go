package read

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// Schemas of examples. No value is kept, for it may be personal, and nothing is
// required: a few examples cannot show that.

// infer is the schema that n is an example of. where is the place of the example.
func infer(n *document.Node, where spec.Place) *spec.Schema {
	if n == nil {
		return nil
	}
	s := &spec.Schema{Where: where}
	switch n.Kind {
	case document.Object:
		s.Types = []string{"object"}
		for _, f := range n.Fields {
			s.Properties = append(s.Properties, spec.Property{Name: f.Name, Schema: infer(f.Value, where)})
		}
		slices.SortFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
	case document.List:
		s.Types = []string{"array"}
		for _, e := range n.Items {
			s.Items = join(s.Items, infer(e, where))
		}
	default:
		s.Types = []string{n.Type}
		if n.Type == "string" {
			s.Format = format(n.Text)
		}
	}
	return s
}

// format is the format of a string that schemas have a name for.
func format(text string) string {
	if len(text) < 6 || len(text) > 64 {
		return ""
	}
	switch catalog.Classify([]byte(text)) {
	case catalog.TypeUUID:
		return "uuid"
	case catalog.TypeEmail:
		return "email"
	case catalog.TypeDate:
		switch {
		case len(text) > len("2006-01-02"):
			return "date-time"
		case len(text) == len("2006-01-02"):
			return "date"
		}
	}
	return ""
}

// join is the schema that the examples of both are examples of. It may change a.
func join(a, b *spec.Schema) *spec.Schema {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if slices.Contains(a.Types, "string") && slices.Contains(b.Types, "string") && a.Format != b.Format {
		a.Format = ""
	} else if a.Format == "" && !slices.Contains(a.Types, "string") {
		a.Format = b.Format
	}
	a.Types = append(slices.Clone(a.Types), b.Types...)
	slices.Sort(a.Types)
	a.Types = slices.Compact(a.Types)
	a.Items = join(a.Items, b.Items)
	a.Properties = merge(a.Properties, b.Properties, func(p, q *spec.Property) spec.Property {
		switch {
		case p == nil:
			return *q
		case q == nil:
			return *p
		}
		return spec.Property{Name: p.Name, Schema: join(p.Schema, q.Schema)}
	})
	return a
}

// drafts gathers operations of examples: several of one place are one operation.
type drafts struct {
	problems
	out   *spec.Specification
	index map[string]int // of operations
}

func newDrafts(title, format string) *drafts {
	return &drafts{out: &spec.Specification{Title: title, Format: format}, index: map[string]int{}}
}

// add is for an operation and its server.
func (d *drafts) add(o spec.Operation, n *document.Node) {
	key := o.Method + " " + o.Template
	for _, s := range o.Servers {
		key += " " + s.Host + s.Path
	}
	i, ok := d.index[key]
	if !ok {
		before := len(d.out.Operations)
		if add(d.out, &d.problems, n, o); len(d.out.Operations) > before {
			d.index[key] = before
		}
		return
	}
	to := &d.out.Operations[i]
	for _, p := range o.Params {
		k := slices.IndexFunc(to.Params, func(q spec.Param) bool { return q.In == p.In && q.Name == p.Name })
		if k < 0 {
			to.Params = append(to.Params, p)
		} else {
			to.Params[k].Schema = join(to.Params[k].Schema, p.Schema)
		}
	}
	slices.SortStableFunc(to.Params, func(a, b spec.Param) int {
		if c := strings.Compare(a.In, b.In); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	to.Request, to.Responses = bodies(to.Request, o.Request), bodies(to.Responses, o.Responses)
	for _, s := range o.Statuses {
		if !slices.ContainsFunc(to.Statuses, func(t spec.Status) bool { return t.Name == s.Name }) {
			to.Statuses = append(to.Statuses, s)
		}
	}
	slices.SortFunc(to.Statuses, func(a, b spec.Status) int { return strings.Compare(a.Name, b.Name) })
	for _, a := range o.Auth {
		if !slices.Contains(to.Auth, a) {
			to.Auth = append(to.Auth, a)
		}
	}
	to.Anonymous = to.Anonymous || o.Anonymous
}

func bodies(to, from []spec.Body) []spec.Body {
	for _, b := range from {
		i := slices.IndexFunc(to, func(c spec.Body) bool { return c.Status == b.Status && c.Media == b.Media })
		if i < 0 {
			to = append(to, b)
		} else {
			to[i].Schema = join(to[i].Schema, b.Schema)
		}
	}
	return to
}

// finish is the specification, in order.
func (d *drafts) finish() *spec.Specification {
	d.out.Problems = d.list
	return d.out
}

// example is the schema of a body given as text, nil for what is no JSON and no form.
func example(media, text string, where spec.Place) *spec.Schema {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if trimmed == "" {
		return nil
	}
	if strings.Contains(media, "json") || media == "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		f, err := document.Parse("", []byte(text), document.Limits{Bytes: 4 << 20, Nodes: 50_000})
		if err == nil {
			return infer(f.Root, where)
		}
	}
	return nil
}

// pairsSchema is the schema of a form or of anything given as names and values.
func pairsSchema(list []*document.Node, name string, where spec.Place) *spec.Schema {
	s := &spec.Schema{Types: []string{"object"}, Where: where}
	for _, e := range list {
		if n := e.Get(name).String(); n != "" && !e.Get("disabled").True() {
			s.Properties = append(s.Properties, spec.Property{Name: n, Schema: textSchema(e.Get("value").String(), place(e))})
		}
	}
	slices.SortStableFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
	s.Properties = slices.CompactFunc(s.Properties, func(a, b spec.Property) bool { return a.Name == b.Name })
	return s
}

// textSchema is the schema of a value that has only text.
func textSchema(text string, where spec.Place) *spec.Schema {
	s := &spec.Schema{Types: []string{"string"}, Where: where, Format: format(text)}
	switch catalog.Classify([]byte(text)) {
	case catalog.TypeInt:
		s.Types = []string{"integer"}
	case catalog.TypeNumber:
		s.Types = []string{"number"}
	case catalog.TypeBool:
		s.Types = []string{"boolean"}
	}
	return s
}
