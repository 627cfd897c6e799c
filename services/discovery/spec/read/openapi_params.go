package read

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// params reads the parameters of an operation, which take the place of those of
// its path by place and name. In Swagger bodies are parameters too.
func (r *openapi) params(o *spec.Operation, n, item *document.Node) {
	at := map[[2]string]int{}
	var form []*document.Node
	bodies := map[string]*document.Node{}
	for _, list := range [...]*document.Node{item.Get("parameters"), n.Get("parameters")} {
		for _, e := range list.Elements() {
			p := r.follow(e)
			in, name := p.Get("in").String(), p.Get("name").String()
			switch {
			case p == nil:
				continue // said already
			case in == "body" && r.swagger:
				bodies[in] = p
				continue
			case in == "formData" && r.swagger:
				form = slices.DeleteFunc(form, func(q *document.Node) bool { return q.Get("name").String() == name })
				form = append(form, p)
				continue
			case name == "" || !slices.Contains([]string{"path", "query", "header", "cookie", "querystring"}, in):
				r.at(p, "parameter %q in %q is none", name, in)
				continue
			case in == "header":
				name = strings.ToLower(name)
			}
			param := spec.Param{
				In: in, Name: name, Required: p.Get("required").True(), Deprecated: p.Get("deprecated").True(), Where: place(p),
			}
			param.Schema = r.paramSchema(p)
			key := [2]string{in, name}
			if i, ok := at[key]; ok {
				o.Params[i] = param
				continue
			}
			at[key] = len(o.Params)
			o.Params = append(o.Params, param)
		}
	}
	if p := bodies["body"]; p != nil {
		for _, media := range r.media(n, "consumes") {
			o.Request = append(o.Request, spec.Body{
				Media: media, Required: p.Get("required").True(), Schema: r.schemas.of(p.Get("schema")), Where: place(p),
			})
		}
	} else if len(form) > 0 {
		r.form(o, n, form)
	}
}

// paramSchema is under "schema", for complex ones under "content", and in Swagger
// the parameter itself.
func (r *openapi) paramSchema(p *document.Node) *spec.Schema {
	if r.swagger {
		return r.schemas.of(p)
	}
	if s := p.Get("schema"); s != nil {
		return r.schemas.of(s)
	}
	return nil // content: the parameter holds a document of its own
}

// form is the body that form parameters make together.
func (r *openapi) form(o *spec.Operation, n *document.Node, form []*document.Node) {
	s := &spec.Schema{Types: []string{"object"}, Where: place(form[0])}
	required := false
	for _, p := range form {
		q := spec.Property{Name: p.Get("name").String(), Required: p.Get("required").True(), Schema: r.schemas.of(p)}
		required = required || q.Required
		s.Properties = append(s.Properties, q)
	}
	slices.SortStableFunc(s.Properties, func(a, b spec.Property) int { return strings.Compare(a.Name, b.Name) })
	media := r.media(n, "consumes")
	if n.Get("consumes") == nil && r.root.Get("consumes") == nil {
		media = []string{"application/x-www-form-urlencoded", "multipart/form-data"}
	}
	for _, m := range media {
		o.Request = append(o.Request, spec.Body{Media: m, Required: required, Schema: s, Where: place(form[0])})
	}
}
