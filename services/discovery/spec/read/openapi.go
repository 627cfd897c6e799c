package read

import (
	"net/url"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// openapi reads OpenAPI 3.x and Swagger 2.0: one walk, for the two differ in where
// bodies and servers stand and in little else.
type openapi struct {
	problems
	set     *document.Set
	root    *document.Node
	swagger bool
	schemas *schemas
	// auth are the security schemes by name.
	auth map[string]spec.Auth
	out  *spec.Specification
}

func openAPI(set *document.Set, root *document.Node) (*spec.Specification, error) {
	r := &openapi{set: set, root: root, auth: map[string]spec.Auth{}, out: &spec.Specification{}}
	r.schemas = newSchemas(set, &r.problems)
	version := root.Get("openapi")
	name := "openapi"
	if version == nil {
		version, name, r.swagger = root.Get("swagger"), "swagger", true
	}
	text := version.String()
	if r.swagger && text != "2.0" && text != "2" || !r.swagger && !strings.HasPrefix(text, "3.") {
		return nil, version.Errorf("%s %q is not read: 3.0, 3.1 and Swagger 2.0 are", name, text)
	}
	r.out.Format = name + " " + text
	r.out.Title, r.out.Version = root.At("info", "title").String(), root.At("info", "version").String()
	if r.swagger {
		r.out.Servers = swaggerServers(root)
	} else {
		r.out.Servers = r.servers(root.Get("servers"))
	}
	r.schemes()
	paths := root.Get("paths")
	if paths == nil && root.Get("webhooks") == nil && root.Get("components") == nil {
		return nil, root.Errorf("the document has no paths")
	}
	for _, f := range paths.Members() {
		if strings.HasPrefix(f.Name, "x-") {
			continue
		}
		if !strings.HasPrefix(f.Name, "/") {
			r.at(f.Value, "path %q does not begin with /", f.Name)
			continue
		}
		r.path(f.Name, f.Value)
	}
	r.out.Problems = r.list
	return r.out, nil
}

// follow resolves n; what leads nowhere is a problem and nil.
func (r *openapi) follow(n *document.Node) *document.Node {
	if n == nil {
		return nil
	}
	to, err := r.set.Resolve(n)
	if err != nil {
		r.err(n, err)
		return nil
	}
	return to
}

func swaggerServers(root *document.Node) []spec.Server {
	s := spec.Server{Host: hostName(root.Get("host").String()), Path: basePath(root.Get("basePath").String())}
	if s == (spec.Server{}) {
		return nil
	}
	return []spec.Server{s}
}

// servers are those of a list; variables stay in braces, as any value of theirs
// is that server.
func (r *openapi) servers(list *document.Node) []spec.Server {
	var out []spec.Server
	for _, n := range list.Elements() {
		text := n.Get("url").String()
		var s spec.Server
		if _, rest, ok := strings.Cut(text, "://"); ok {
			host, path, _ := strings.Cut(rest, "/")
			s = spec.Server{Host: hostName(host), Path: basePath("/" + path)}
		} else if rest, ok := strings.CutPrefix(text, "//"); ok {
			host, path, _ := strings.Cut(rest, "/")
			s = spec.Server{Host: hostName(host), Path: basePath("/" + path)}
		} else if strings.HasPrefix(text, "{") && !strings.Contains(text, "/") {
			s = spec.Server{} // the whole URL is a variable
		} else {
			s = spec.Server{Path: basePath(text)}
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// hostName is the host as the catalog writes it.
func hostName(s string) string {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		s = s[:i]
	}
	return strings.ToLower(strings.TrimSuffix(s, "."))
}

func basePath(s string) string {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, "/")
	if s == "" || s == "." {
		return ""
	}
	if u, err := url.PathUnescape(s); err == nil {
		s = u
	}
	return "/" + s
}

func (r *openapi) schemes() {
	list := r.root.At("components", "securitySchemes")
	if r.swagger {
		list = r.root.Get("securityDefinitions")
	}
	for _, f := range list.Members() {
		n := r.follow(f.Value)
		a := spec.Auth{Kind: "other"}
		switch n.Get("type").String() {
		case "basic":
			a.Kind = "basic"
		case "oauth2", "openIdConnect":
			a.Kind = "bearer"
		case "mutualTLS":
			a.Kind = "mtls"
		case "http":
			switch strings.ToLower(n.Get("scheme").String()) {
			case "basic":
				a.Kind = "basic"
			case "bearer":
				a.Kind = "bearer"
			}
		case "apiKey":
			a = spec.Auth{Kind: "api-key", In: n.Get("in").String(), Name: n.Get("name").String()}
			switch {
			case a.In == "cookie":
				a.Kind = "cookie"
			case strings.EqualFold(a.Name, "authorization"):
				a.Kind = "authorization"
			}
		}
		r.auth[f.Name] = a
	}
}

// security are the requirements at n, of which one must be met. One of several
// schemes counts as each of them: an event shows the strongest.
func (r *openapi) security(o *spec.Operation, n *document.Node) {
	if n == nil || n.Kind != document.List {
		return
	}
	o.AuthWhere = place(n)
	for _, requirement := range n.Items {
		if len(requirement.Members()) == 0 {
			o.Anonymous = true
		}
		for _, f := range requirement.Members() {
			a, ok := r.auth[f.Name]
			if !ok {
				r.at(f.Value, "security scheme %q is not defined", f.Name)
				a = spec.Auth{Kind: "other"}
			}
			if !slices.Contains(o.Auth, a) {
				o.Auth = append(o.Auth, a)
			}
		}
	}
	if len(n.Items) == 0 {
		o.Anonymous = true
	}
}

var pathMethods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}

func (r *openapi) path(template string, item *document.Node) {
	if item = r.follow(item); item == nil {
		return
	}
	template, _, _ = strings.Cut(template, "#")
	template, _, _ = strings.Cut(template, "?")
	for _, f := range item.Members() {
		if slices.Contains(pathMethods, f.Name) {
			r.operation(template, strings.ToUpper(f.Name), item, f.Value)
		}
	}
	for _, f := range item.Get("additionalOperations").Members() {
		r.operation(template, f.Name, item, f.Value)
	}
}

func (r *openapi) operation(template, method string, item, n *document.Node) {
	if n.Kind != document.Object {
		r.at(n, "operation %s %s is no object", method, template)
		return
	}
	o := spec.Operation{
		Protocol: "rest", Name: n.Get("operationId").String(), Method: method, Template: template,
		Deprecated: n.Get("deprecated").True(), Where: place(n),
	}
	if !r.swagger {
		o.Servers = r.servers(item.Get("servers"))
		if own := r.servers(n.Get("servers")); len(own) > 0 {
			o.Servers = own
		}
	}
	if own := n.Get("security"); own != nil {
		r.security(&o, own)
	} else {
		r.security(&o, r.root.Get("security"))
	}
	r.params(&o, n, item)
	if !r.swagger {
		body := r.follow(n.Get("requestBody"))
		for _, m := range body.Get("content").Members() {
			o.Request = append(o.Request, r.content("", m, body.Get("required").True()))
		}
	}
	r.responses(&o, n)
	add(r.out, &r.problems, n, o)
}

func (r *openapi) content(status string, m document.Field, required bool) spec.Body {
	media := r.follow(m.Value)
	b := spec.Body{Status: status, Media: mediaType(m.Name), Required: required, Where: place(m.Value)}
	if s := media.Get("schema"); s != nil {
		b.Schema = r.schemas.of(s)
	}
	return b
}

// mediaType is without parameters, in lower case.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

func (r *openapi) responses(o *spec.Operation, n *document.Node) {
	for _, f := range n.Get("responses").Members() {
		if strings.HasPrefix(f.Name, "x-") {
			continue
		}
		o.Statuses = append(o.Statuses, spec.Status{Name: strings.ToUpper(f.Name), Where: place(f.Value)})
		if f.Name == "default" {
			o.Statuses[len(o.Statuses)-1].Name = "default"
		}
		response := r.follow(f.Value)
		status := o.Statuses[len(o.Statuses)-1].Name
		if !r.swagger {
			for _, m := range response.Get("content").Members() {
				o.Responses = append(o.Responses, r.content(status, m, false))
			}
			continue
		}
		schema := response.Get("schema")
		if schema == nil {
			continue
		}
		for _, media := range r.media(n, "produces") {
			o.Responses = append(o.Responses, spec.Body{Status: status, Media: media, Schema: r.schemas.of(schema), Where: place(schema)})
		}
	}
	slices.SortStableFunc(o.Statuses, func(a, b spec.Status) int { return strings.Compare(a.Name, b.Name) })
}

// media are the types that a Swagger operation consumes or produces.
func (r *openapi) media(n *document.Node, what string) []string {
	list := n.Get(what)
	if list == nil {
		list = r.root.Get(what)
	}
	var out []string
	for _, m := range list.Elements() {
		if t := mediaType(m.String()); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		out = []string{"application/json"}
	}
	return out
}
