// Package openapi writes endpoints of the catalog as an OpenAPI 3.1 document, for
// mirador inspect and the console.
package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
)

// JSON is the OpenAPI document of endpoints. The same endpoints
// give the same bytes in whatever order they come. What was counted stands in
// extensions (x-mirador-hits, x-mirador-count ...). Endpoints of several hosts that
// share path and method are one operation; x-mirador-hosts says which hosts have it.
func JSON(endpoints []catalog.Endpoint) ([]byte, error) {
	b, err := json.MarshalIndent(document(endpoints), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi of %d endpoints: %w", len(endpoints), err)
	}
	return append(b, '\n'), nil
}

// YAML is the same document as YAML.
func YAML(endpoints []catalog.Endpoint) ([]byte, error) {
	b, err := JSON(endpoints)
	if err != nil {
		return nil, err
	}
	if b, err = yaml.JSONToYAML(b); err != nil {
		return nil, fmt.Errorf("openapi of %d endpoints: yaml: %w", len(endpoints), err)
	}
	return b, nil
}

// object is a JSON object; its keys are written in order.
type object = map[string]any

// operations that a path item of OpenAPI 3.1 has a place for.
var openAPIMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

func document(endpoints []catalog.Endpoint) object {
	endpoints = slices.Clone(endpoints)
	slices.SortFunc(endpoints, func(a, b catalog.Endpoint) int {
		return cmp.Or(strings.Compare(a.Template, b.Template), strings.Compare(a.Method, b.Method),
			strings.Compare(a.Host, b.Host), strings.Compare(a.Tenant, b.Tenant))
	})
	type place struct{ path, method string }
	joined := map[place]*exported{}
	hosts := map[string]bool{}
	for i := range endpoints {
		e := &endpoints[i]
		at := place{pathOf(e.Template), e.Method}
		if joined[at] == nil {
			joined[at] = &exported{path: at.path, method: e.Method}
		}
		joined[at].add(e)
		hosts[e.Host] = true
	}
	paths := object{}
	for at, x := range joined {
		item, ok := paths[at.path].(object)
		if !ok {
			item = object{}
			paths[at.path] = item
		}
		if slices.Contains(openAPIMethods, at.method) {
			item[strings.ToLower(at.method)] = x.operation(len(hosts) > 1)
			continue
		}
		others, ok := item["x-mirador-operations"].(object)
		if !ok {
			others = object{}
			item["x-mirador-operations"] = others
		}
		others[at.method] = x.operation(len(hosts) > 1)
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "API as observed", "version": "1",
			"description": "Learned from traffic. Counts of what was seen stand in x-mirador- extensions.",
		},
		"paths": paths,
		"components": object{"securitySchemes": object{
			"basic": object{"type": "http", "scheme": "basic"}, "bearer": object{"type": "http", "scheme": "bearer"},
			"mtls": object{"type": "mutualTLS"},
		}},
		"x-mirador-endpoints": len(endpoints),
	}
	var servers []object
	for _, h := range keys(hosts) {
		servers = append(servers, server(h))
	}
	if len(servers) > 0 {
		doc["servers"] = servers
	}
	return doc
}

func server(host string) object {
	if host == catalog.NoHost || host == catalog.BadHost {
		return object{"url": "/", "description": "no host was sent"}
	}
	return object{"url": "https://" + host}
}

func keys(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// pathOf is the template with names for its parameters.
func pathOf(template string) string {
	names := catalog.ParamNames(template)
	var b strings.Builder
	for rest := template; ; {
		open := strings.IndexByte(rest, '{')
		end := strings.IndexByte(rest, '}')
		if open < 0 || end < open || len(names) == 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:open] + "{" + names[0] + "}")
		rest, names = rest[end+1:], names[1:]
	}
}

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
}

func (x *exported) add(e *catalog.Endpoint) {
	if x.params == nil {
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
	for _, t := range e.Auth {
		x.auth[t.Name] += t.Count
	}
	for _, p := range e.Params {
		at := [2]string{p.In, p.Name}
		to := x.params[at]
		if to == nil {
			to = &catalog.Param{In: p.In, Name: p.Name}
			x.params[at] = to
		}
		to.Count += p.Count
		to.Types = join(to.Types, p.Types)
	}
}

func join(a, b []catalog.Tally) []catalog.Tally {
	sum := map[string]uint64{}
	for _, t := range a {
		sum[t.Name] += t.Count
	}
	for _, t := range b {
		sum[t.Name] += t.Count
	}
	out := make([]catalog.Tally, 0, len(sum))
	for name, n := range sum {
		out = append(out, catalog.Tally{Name: name, Count: n})
	}
	slices.SortFunc(out, func(a, b catalog.Tally) int { return strings.Compare(a.Name, b.Name) })
	return out
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
		"responses":            x.responses(),
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
	if body := x.of("body"); len(body) > 0 {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": schemaOf(body)}}}
	}
	if security := x.security(); len(security) > 0 {
		op["security"] = security
	}
	return op
}

// operationID is unique, as path and method are: "get.accounts.:accounts_id".
func operationID(method, path string) string {
	b := []byte(strings.ToLower(method))
	for i := range len(path) {
		c := path[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_':
			b = append(b, c)
		case c == '/':
			b = append(b, '.')
		case c == '{':
			b = append(b, ':')
		case c == '}':
		default: // so that /a-b and /a.b differ
			b = fmt.Appendf(b, "-%x", c)
		}
	}
	return string(b)
}
