package openapi

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// exported is one operation, of all endpoints that share its path and method.
type exported struct {
	path, method   string
	hits           uint64
	first, last    time.Time
	statuses, auth map[string]uint64
	hosts          map[string]bool
	services       map[string]bool
	protocols      map[string]bool
	ids            []string
	params         map[[2]string]*catalog.Param // by in, name
	request        []catalog.Body
	responses      []catalog.Body
}

func (x *exported) add(e *catalog.Endpoint) {
	known := x.params != nil
	if !known {
		x.statuses, x.auth, x.params = map[string]uint64{}, map[string]uint64{}, map[[2]string]*catalog.Param{}
		x.hosts, x.services, x.protocols = map[string]bool{}, map[string]bool{}, map[string]bool{}
		x.first, x.last = e.FirstSeen, e.LastSeen
	}
	if e.FirstSeen.Before(x.first) {
		x.first = e.FirstSeen
	}
	if e.LastSeen.After(x.last) {
		x.last = e.LastSeen
	}
	x.hits += e.Hits
	x.ids = append(x.ids, e.ID)
	x.hosts[e.Host], x.protocols[e.Protocol] = true, true
	for _, s := range e.Services {
		x.services[s] = true
	}
	for _, t := range e.Statuses {
		x.statuses[t.Name] += t.Count
	}
	auth := e.AuthServed
	if len(auth) == 0 {
		auth = e.Auth
	}
	for _, t := range auth {
		x.auth[t.Name] += t.Count
	}
	x.request, x.responses = joinBodies(x.request, e.Request), joinBodies(x.responses, e.Responses)
	x.addParams(e, known)
}

// addParams joins the parameters of e; of what only some endpoints have, none is
// required.
func (x *exported) addParams(e *catalog.Endpoint, known bool) {
	has := map[[2]string]bool{}
	for _, p := range e.Params {
		if p.In == "body" || p.In == "response" { // the bodies say more
			continue
		}
		at := [2]string{p.In, p.Name}
		has[at] = true
		s := catalog.Schema{}
		if p.Schema != nil {
			s = *p.Schema
		}
		to := x.params[at]
		if to == nil {
			s.Required = s.Required && !known
			x.params[at] = &catalog.Param{In: p.In, Name: p.Name, Count: p.Count, Schema: &s}
			continue
		}
		s = join(to.Schema, &s)
		to.Schema, to.Count = &s, to.Count+p.Count
	}
	for at, p := range x.params {
		if !has[at] && p.Schema.Required {
			s := *p.Schema
			s.Required = false
			p.Schema = &s
		}
	}
}

func joinBodies(a, b []catalog.Body) []catalog.Body {
	for _, body := range b {
		i := slices.IndexFunc(a, func(o catalog.Body) bool { return o.Status == body.Status && o.Media == body.Media })
		if i < 0 {
			a = append(slices.Clip(a), body)
			continue
		}
		a = slices.Clone(a)
		a[i].Seen += body.Seen
		a[i].Schema = join(&a[i].Schema, &body.Schema)
	}
	slices.SortFunc(a, func(a, b catalog.Body) int {
		return cmp.Or(strings.Compare(a.Status, b.Status), strings.Compare(a.Media, b.Media))
	})
	return a
}

// of are the parameters in one place, by name.
func (x *exported) of(in string) []*catalog.Param {
	var out []*catalog.Param
	for at, p := range x.params {
		if at[0] == in {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *catalog.Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (x *exported) operation(several bool) object {
	op := object{
		"operationId":          operationID(x.method, x.path),
		"responses":            x.responsesObject(),
		"x-mirador-hits":       x.hits,
		"x-mirador-first-seen": x.first.UTC().Format(time.RFC3339Nano),
		"x-mirador-last-seen":  x.last.UTC().Format(time.RFC3339Nano),
		"x-mirador-auth":       x.auth,
		"x-mirador-endpoint":   x.ids,
		"x-mirador-protocol":   keys(x.protocols),
	}
	if len(x.services) > 0 {
		op["x-mirador-services"] = keys(x.services)
	}
	if several {
		op["x-mirador-hosts"] = keys(x.hosts)
		var servers []object
		for _, h := range keys(x.hosts) {
			servers = append(servers, server(h))
		}
		op["servers"] = servers
	}
	if params := x.parameters(); len(params) > 0 {
		op["parameters"] = params
	}
	if len(x.request) > 0 {
		op["requestBody"] = x.requestBody()
	}
	if security := x.security(); len(security) > 0 {
		op["security"] = security
	}
	return op
}

func (x *exported) parameters() []object {
	var out []object
	// Every name in the path must be declared, seen or not.
	seen := map[string]*catalog.Param{}
	for _, p := range x.of("path") {
		seen[p.Name] = p
	}
	for rest := x.path; ; {
		open := strings.IndexByte(rest, '{')
		end := strings.IndexByte(rest, '}')
		if open < 0 || end < open {
			break
		}
		name := rest[open+1 : end]
		rest = rest[end+1:]
		p := object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}}
		if s := seen[name]; s != nil {
			p["schema"], p["x-mirador-count"] = schemaOf(s.Schema), s.Count
		}
		out = append(out, p)
	}
	key, _ := x.keyHeader()
	for _, in := range [...]string{"query", "header", "cookie"} {
		for _, s := range x.of(in) {
			if in == "header" && x.auth["api-key"] > 0 && s.Name == key {
				continue // the security scheme says it
			}
			p := object{"name": s.Name, "in": in, "schema": schemaOf(s.Schema), "x-mirador-count": s.Count}
			if s.Schema.Required {
				p["required"] = true
			}
			out = append(out, p)
		}
	}
	return out
}

// served is how many transactions could show a body: parameters are not learned
// from refusals.
func (x *exported) served() uint64 { return x.statuses["2xx"] + x.statuses["3xx"] }

func (x *exported) requestBody() object {
	media, seen := object{}, uint64(0)
	for i := range x.request {
		b := &x.request[i]
		media[b.Media] = object{"schema": schemaOf(&b.Schema), "x-mirador-count": b.Seen}
		seen += b.Seen
	}
	out := object{"content": media, "x-mirador-count": seen}
	if n := x.served(); n >= 200 && float64(seen) >= .995*float64(n) {
		out["required"] = true
	}
	return out
}

// responsesObject has a response for each status class, which is what is counted.
func (x *exported) responsesObject() object {
	out := object{}
	for name, n := range x.statuses {
		if len(name) != 3 || name[1:] != "xx" {
			continue // unanswered
		}
		r := object{"description": "Seen as " + name, "x-mirador-count": n}
		media := object{}
		for i := range x.responses {
			if b := &x.responses[i]; b.Status == name {
				media[b.Media] = object{"schema": schemaOf(&b.Schema), "x-mirador-count": b.Seen}
			}
		}
		if len(media) > 0 {
			r["content"] = media
		}
		out[strings.ToUpper(name)] = r
	}
	if len(out) == 0 {
		out["default"] = object{"description": "No response was seen"}
	}
	return out
}
