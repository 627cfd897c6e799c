package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// object is a JSON object; its keys are written in order.
type object = map[string]any

// OpenAPI writes the REST operations of s as an OpenAPI 3.1 document: what becomes of
// a Postman collection or a HAR, which a person then goes on with. Operations that share
// path and method (on several hosts) are one; what differs only in the names of path
// parameters too.
func OpenAPI(s *Specification) ([]byte, error) {
	paths := object{}
	byShape := map[string]string{} // the path that was written first
	done := map[string]bool{}
	schemes := object{}
	ids := map[string]bool{}
	for i := range s.Operations {
		o := &s.Operations[i]
		if o.Protocol != "rest" {
			continue
		}
		path, ok := byShape[shape(o.Template)]
		if !ok {
			path = o.Template
			byShape[shape(o.Template)] = path
			paths[path] = object{}
		}
		item := paths[path].(object) // nothing else is put there
		method := strings.ToLower(o.Method)
		if done[method+path] {
			continue
		}
		done[method+path] = true
		op := operationObject(o, path, schemes)
		op["operationId"] = unique(ids, method, path)
		if slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}, method) {
			item[method] = op
		} else {
			others, _ := item["x-mirador-operations"].(object)
			if others == nil {
				others = object{}
				item["x-mirador-operations"] = others
			}
			others[o.Method] = op
		}
	}
	doc := object{
		"openapi": "3.1.0", "paths": paths,
		"info": object{"title": or(s.Title, s.File), "version": or(s.Version, "1"), "description": "Converted from " + s.Format + "; a draft: examples show neither what is required nor all values."},
	}
	if servers := serverObjects(s.Servers); len(servers) > 0 {
		doc["servers"] = servers
	}
	if len(schemes) > 0 {
		doc["components"] = object{"securitySchemes": schemes}
	}
	b, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("openapi of %s: %w", s.File, err)
	}
	return append(b, '\n'), nil
}

// unique is an operationId of method and path.
func unique(ids map[string]bool, method, path string) string {
	b := []byte(method)
	for i := range len(path) {
		c := path[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
			b = append(b, c)
		case c == '/':
			b = append(b, '.')
		}
	}
	id := string(b)
	for n := 2; ids[id]; n++ {
		id = fmt.Sprintf("%s.%d", b, n)
	}
	ids[id] = true
	return id
}

func serverObjects(list []Server) []object {
	var out []object
	for _, s := range list {
		if strings.Contains(s.Host+s.Path, "{") {
			continue // a variable would need a default
		}
		if s.Host == "" || s.Host == "-" || s.Host == "invalid" {
			out = append(out, object{"url": or(s.Path, "/")})
		} else {
			out = append(out, object{"url": "https://" + s.Host + s.Path})
		}
	}
	return out
}

func operationObject(o *Operation, path string, schemes object) object {
	op := object{}
	if o.Name != "" {
		op["summary"] = o.Name
	}
	if o.Deprecated {
		op["deprecated"] = true
	}
	if servers := serverObjects(o.Servers); len(servers) > 0 {
		op["servers"] = servers
	}
	if params := paramObjects(o, path); len(params) > 0 {
		op["parameters"] = params
	}
	if len(o.Request) > 0 {
		op["requestBody"] = object{"content": contentObject(o.Request)}
	}
	responses := object{}
	for _, st := range o.Statuses {
		r := object{"description": "Seen as " + st.Name}
		var list []Body
		for _, b := range o.Responses {
			if b.Status == st.Name {
				list = append(list, b)
			}
		}
		if len(list) > 0 {
			r["content"] = contentObject(list)
		}
		responses[st.Name] = r
	}
	if len(responses) == 0 {
		responses["default"] = object{"description": "No response is known"}
	}
	op["responses"] = responses
	var security []object
	for _, a := range o.Auth {
		if name, scheme := schemeObject(a); name != "" {
			schemes[name] = scheme
			security = append(security, object{name: []string{}})
		}
	}
	if o.Anonymous && len(security) > 0 {
		security = append(security, object{})
	}
	if len(security) > 0 {
		op["security"] = security
	}
	return op
}

func schemeObject(a Auth) (string, object) {
	switch a.Kind {
	case "basic", "bearer":
		return a.Kind, object{"type": "http", "scheme": a.Kind}
	case "mtls":
		return a.Kind, object{"type": "mutualTLS"}
	case "authorization":
		return a.Kind, object{"type": "apiKey", "in": "header", "name": "Authorization"}
	case "api-key", "cookie":
		in := a.In
		if a.Kind == "cookie" {
			in = "cookie"
		}
		if a.Name == "" || !slices.Contains([]string{"header", "query", "cookie"}, in) {
			return "", nil
		}
		return "key-" + unique(map[string]bool{}, in, "/"+a.Name), object{"type": "apiKey", "in": in, "name": a.Name}
	}
	return "", nil
}

func contentObject(list []Body) object {
	content := object{}
	for _, b := range list {
		m := object{}
		if b.Schema != nil {
			left := MaxFields
			m["schema"] = schemaObject(b.Schema, MaxDepth, &left)
		}
		content[or(b.Media, "*/*")] = m
	}
	return content
}

// paramObjects declares every parameter of the path, in its order, and the others.
func paramObjects(o *Operation, path string) []object {
	var out []object
	write := func(in, name string, required bool, s *Schema) {
		left := MaxFields
		p := object{"in": in, "name": name, "schema": schemaObject(s, MaxDepth, &left)}
		if required {
			p["required"] = true
		}
		out = append(out, p)
	}
	declared := map[string]bool{}
	for rest := path; ; {
		open := strings.IndexByte(rest, '{')
		_, next, ok := cutParam(rest)
		if !ok {
			break
		}
		name := rest[open+1 : len(rest)-len(next)-1]
		rest = next
		if declared[name] {
			continue
		}
		declared[name] = true
		var s *Schema
		for i := range o.Params {
			if o.Params[i].In == "path" && o.Params[i].Name == name {
				s = o.Params[i].Schema
			}
		}
		if s == nil {
			s = &Schema{Types: []string{"string"}}
		}
		write("path", name, true, s)
	}
	for _, in := range [...]string{"query", "header", "cookie"} {
		seen := map[string]bool{}
		for i := range o.Params {
			if p := &o.Params[i]; p.In == in && !seen[p.Name] {
				seen[p.Name] = true
				write(in, p.Name, p.Required, p.Schema)
			}
		}
	}
	return out
}

func schemaObject(s *Schema, depth int, left *int) object {
	out := object{}
	if s == nil || depth == 0 {
		return out
	}
	switch len(s.Types) {
	case 0:
	case 1:
		out["type"] = s.Types[0]
	default:
		out["type"] = s.Types
	}
	if s.Format != "" {
		out["format"] = s.Format
	}
	if len(s.Enum) > 0 && slices.Contains(s.Types, "string") {
		out["enum"] = s.Enum
	}
	if s.Items != nil {
		out["items"] = schemaObject(s.Items, depth-1, left)
	}
	if s.Additional != nil {
		out["additionalProperties"] = schemaObject(s.Additional, depth-1, left)
	} else if s.Closed {
		out["additionalProperties"] = false
	}
	properties := object{}
	var required []string
	for _, p := range s.Properties {
		if *left--; *left < 0 {
			break
		}
		properties[p.Name] = schemaObject(p.Schema, depth-1, left)
		if p.Required {
			required = append(required, p.Name)
		}
	}
	if len(properties) > 0 {
		out["properties"] = properties
	}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
