package read

import (
	"regexp"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// collection makes a draft of the requests of a Postman collection 2.x and of
// the answers saved with them.
type collection struct {
	*drafts
	variables map[string]string
}

func postman(root *document.Node) (*spec.Specification, error) {
	schema := root.At("info", "schema").String()
	if schema != "" && !strings.Contains(schema, "/v2.") {
		return nil, root.At("info", "schema").Errorf("collection of schema %q is not read: v2.0 and v2.1 are", schema)
	}
	if root.Get("item") == nil || root.Get("item").Kind != document.List {
		return nil, root.Errorf("the collection has no list \"item\"")
	}
	c := &collection{newDrafts(root.At("info", "name").String(), "postman"), map[string]string{}}
	c.out.Version = root.At("info", "version").String()
	for _, v := range root.Get("variable").Elements() {
		if key := v.Get("key").String(); key != "" {
			c.variables[key] = v.Get("value").String()
		}
	}
	c.items(root.Get("item"), root.Get("auth"))
	return c.finish(), nil
}

// items goes down the folders; auth is what holds unless an item says otherwise.
func (c *collection) items(list, auth *document.Node) {
	for _, item := range list.Elements() {
		own := auth
		if a := item.Get("auth"); a != nil && !a.Is("null") {
			own = a
		}
		if sub := item.Get("item"); sub != nil {
			c.items(sub, own)
		}
		if r := item.Get("request"); r != nil {
			c.request(item, r, own)
		}
	}
}

func (c *collection) request(item, r, auth *document.Node) {
	link := r.Get("url")
	method := strings.ToUpper(r.Get("method").String())
	if r.Kind == document.Scalar { // the URL alone
		link, method = r, "GET"
	}
	if method == "" {
		method = "GET"
	}
	where := place(r)
	o := spec.Operation{Protocol: "rest", Name: item.Get("name").String(), Method: method, Where: where}
	if !c.url(&o, link) {
		c.at(item, "request %q has no url", o.Name)
		return
	}
	for _, h := range r.Get("header").Elements() {
		if name := strings.ToLower(h.Get("key").String()); c.isParam(name) && !h.Get("disabled").True() {
			o.Params = append(o.Params, spec.Param{In: "header", Name: name, Schema: c.text(h.Get("value"), h), Where: place(h)})
		}
	}
	c.body(&o, r.Get("body"))
	if a := r.Get("auth"); a != nil && !a.Is("null") {
		auth = a
	}
	c.auth(&o, auth)
	for _, a := range item.Get("response").Elements() {
		code := a.Get("code").String()
		if len(code) != 3 {
			continue
		}
		o.Statuses = append(o.Statuses, spec.Status{Name: code, Where: place(a)})
		media := ""
		for _, h := range a.Get("header").Elements() {
			if strings.EqualFold(h.Get("key").String(), "content-type") {
				media = mediaType(h.Get("value").String())
			}
		}
		if text := a.Get("body").String(); text != "" {
			if media == "" && a.Get("_postman_previewlanguage").String() == "json" {
				media = "application/json"
			}
			o.Responses = append(o.Responses, spec.Body{Status: code, Media: media, Where: place(a), Schema: example(media, text, place(a))})
		}
	}
	c.add(o, item)
}

// isParam leaves out the headers of HTTP itself.
func (c *collection) isParam(name string) bool {
	switch name {
	case "", "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection", "content-length",
		"content-type", "cookie", "host", "origin", "referer", "user-agent":
		return false
	}
	return true
}

var variable = regexp.MustCompile(`\{\{([^{}]*)\}\}`)

// resolve puts in the variables that the collection has; those of environments stay.
func (c *collection) resolve(s string) string {
	for range 5 { // variables of variables
		next := variable.ReplaceAllStringFunc(s, func(m string) string {
			if v, ok := c.variables[strings.TrimSpace(m[2:len(m)-2])]; ok && v != "" && len(v) < 2000 {
				return v
			}
			return m
		})
		if next == s || len(next) > 8000 {
			break
		}
		s = next
	}
	return s
}

// url fills in server, template and the parameters of path and query.
func (c *collection) url(o *spec.Operation, n *document.Node) bool {
	raw := n.String()
	if n != nil && n.Kind == document.Object {
		raw = n.Get("raw").String()
		if raw == "" {
			raw = joined(n.Get("host"), ".") + "/" + joined(n.Get("path"), "/")
		}
	}
	if raw == "" || raw == "/" && n.Kind == document.Object {
		return false
	}
	raw = c.resolve(raw)
	raw, _, _ = strings.Cut(raw, "#")
	raw, query, _ := strings.Cut(raw, "?")
	if _, rest, ok := strings.Cut(raw, "://"); ok {
		raw = rest
	}
	host, path, _ := strings.Cut(raw, "/")
	if !strings.Contains(host, "{{") {
		o.Servers = []spec.Server{{Host: hostName(host)}}
	} // a variable of an environment: the host is not known
	if strings.HasPrefix(raw, "/") {
		o.Servers, path = nil, raw[1:]
	}
	descriptions := map[string]*document.Node{}
	for _, v := range n.Get("variable").Elements() {
		descriptions[v.Get("key").String()] = v
	}
	var segments []string
	for s := range strings.SplitSeq(path, "/") {
		if s == "" {
			continue
		}
		if name, ok := strings.CutPrefix(s, ":"); ok && name != "" {
			s = "{{" + name + "}}"
		}
		segments = append(segments, variable.ReplaceAllStringFunc(s, func(m string) string {
			name := strings.TrimSpace(m[2 : len(m)-2])
			p := spec.Param{In: "path", Name: name, Required: true, Where: o.Where}
			if d := descriptions[name]; d != nil {
				p.Schema, p.Where = c.text(d.Get("value"), d), place(d)
			}
			o.Params = append(o.Params, p)
			return "{" + name + "}"
		}))
	}
	o.Template = "/" + strings.Join(segments, "/")
	list := n.Get("query").Elements()
	for _, q := range list {
		if name := q.Get("key").String(); name != "" {
			o.Params = append(o.Params, spec.Param{In: "query", Name: name, Schema: c.text(q.Get("value"), q), Where: place(q)})
		}
	}
	if len(list) == 0 && query != "" {
		for pair := range strings.SplitSeq(query, "&") {
			if name, _, _ := strings.Cut(pair, "="); name != "" {
				o.Params = append(o.Params, spec.Param{In: "query", Name: name, Where: o.Where})
			}
		}
	}
	return true
}

// joined is a host or path, which is a text or a list of its parts.
func joined(n *document.Node, by string) string {
	if n == nil || n.Kind != document.List {
		return n.String()
	}
	var parts []string
	for _, e := range n.Items {
		if e.Kind == document.Object {
			e = e.Get("value")
		}
		parts = append(parts, e.String())
	}
	return strings.Join(parts, by)
}

// text is the schema of an example, nil where it is a variable or none.
func (c *collection) text(v, at *document.Node) *spec.Schema {
	if v.String() == "" || strings.Contains(v.Text, "{{") {
		return nil
	}
	return textSchema(v.Text, place(at))
}

func (c *collection) body(o *spec.Operation, n *document.Node) {
	b := spec.Body{Where: place(n)}
	switch mode := n.Get("mode").String(); mode {
	case "raw":
		switch n.At("options", "raw", "language").String() {
		case "xml":
			b.Media = "application/xml"
		case "json":
			b.Media = "application/json"
		}
		text := c.resolve(n.Get("raw").String())
		b.Schema = example(b.Media, text, b.Where)
		if b.Schema != nil && b.Media == "" {
			b.Media = "application/json"
		}
	case "urlencoded":
		b.Media, b.Schema = "application/x-www-form-urlencoded", pairsSchema(n.Get(mode).Elements(), "key", b.Where)
	case "formdata":
		b.Media, b.Schema = "multipart/form-data", pairsSchema(n.Get(mode).Elements(), "key", b.Where)
	case "graphql":
		b.Media = "application/json"
		b.Schema = &spec.Schema{Types: []string{"object"}, Where: b.Where, Properties: []spec.Property{
			{Name: "query", Schema: &spec.Schema{Types: []string{"string"}, Where: b.Where}}, {Name: "variables"}}}
	case "file":
		b.Media = "application/octet-stream"
	default:
		return
	}
	o.Request = []spec.Body{b}
}

func (c *collection) auth(o *spec.Operation, n *document.Node) {
	o.AuthWhere = place(n)
	switch typ := n.Get("type").String(); typ {
	case "":
	case "noauth":
		o.Anonymous = true
	case "basic":
		o.Auth = []spec.Auth{{Kind: "basic"}}
	case "bearer", "oauth2", "jwt":
		o.Auth = []spec.Auth{{Kind: "bearer"}}
	case "apikey":
		a := spec.Auth{Kind: "api-key", In: "header"}
		for _, p := range n.Get("apikey").Elements() {
			switch p.Get("key").String() {
			case "key":
				a.Name = p.Get("value").String()
			case "in":
				a.In = p.Get("value").String()
			}
		}
		o.Auth = []spec.Auth{a}
	default:
		o.Auth = []spec.Auth{{Kind: "other"}}
	}
}
