// Package openapi writes endpoints of the catalog as an OpenAPI 3.1 document, for
// mirador inspect and the console.
package openapi

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
)

// JSON is the OpenAPI document of endpoints. The same endpoints
// give the same bytes in whatever order they come. What was counted stands in
// extensions (x-mirador-hits, x-mirador-count ...). Endpoints of several hosts that
// share path and method are one operation; x-mirador-hosts says which hosts have it.
func JSON(endpoints []catalog.Endpoint) ([]byte, error) {
	doc := document(endpoints)
	b := []byte("{")
	for _, key := range sections {
		v, ok := doc[key]
		if !ok {
			continue
		}
		text, err := json.MarshalIndent(v, "  ", "  ")
		if err != nil {
			return nil, fmt.Errorf("openapi of %d endpoints: %s: %w", len(endpoints), key, err)
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(fmt.Appendf(b, "\n  %q: ", key), text...)
	}
	return append(b, "\n}\n"...), nil
}

// sections are the keys of a document in the order in which a person reads them.
var sections = []string{"openapi", "info", "servers", "paths", "components", "x-mirador-endpoints"}

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
	asked := map[place][]object{}
	hosts := map[string]bool{}
	for i := range endpoints {
		e := &endpoints[i]
		path, operation := catalog.SplitOperation(e.Path())
		at := place{pathOf(path), e.Method}
		if operation != "" { // OpenAPI has no word for it
			asked[at] = append(asked[at], object{"name": operation, "protocol": e.Protocol, "hits": e.Hits, "endpoint": e.ID})
			continue
		}
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
		operation := x.operation(len(hosts) > 1)
		if list := asked[at]; len(list) > 0 {
			operation["x-mirador-asked"] = list
		}
		if slices.Contains(openAPIMethods, at.method) {
			item[strings.ToLower(at.method)] = operation
			continue
		}
		others, ok := item["x-mirador-operations"].(object)
		if !ok {
			others = object{}
			item["x-mirador-operations"] = others
		}
		others[at.method] = operation
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "API as observed", "version": "1",
			"description": "Learned from traffic. Counts of what was seen stand in x-mirador- extensions.",
		},
		"paths":               paths,
		"components":          object{"securitySchemes": securitySchemes(sorted(joined))},
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
	s := object{"url": "https://" + host}
	if open, end := strings.IndexByte(host, '{'), strings.IndexByte(host, '}'); open >= 0 && end > open {
		s["variables"] = object{host[open+1 : end]: object{"default": "any", "description": "varies from host to host"}}
	}
	return s
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
