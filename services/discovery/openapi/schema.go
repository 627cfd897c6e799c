package openapi

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

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
			p["schema"], p["x-mirador-count"] = valueSchema(s.Types), s.Count
		}
		out = append(out, p)
	}
	for _, in := range [...]string{"query", "header", "cookie"} {
		for _, s := range x.of(in) {
			out = append(out, object{"name": s.Name, "in": in, "schema": valueSchema(s.Types), "x-mirador-count": s.Count})
		}
	}
	return out
}

// responses has a response for each status class, which is what is counted.
func (x *exported) responses() object {
	out := object{}
	body := x.of("response")
	for name, n := range x.statuses {
		if len(name) != 3 || name[1:] != "xx" {
			continue // unanswered
		}
		r := object{"description": "Seen as " + name, "x-mirador-count": n}
		if name == "2xx" && len(body) > 0 {
			r["content"] = object{"application/json": object{"schema": schemaOf(body)}}
		}
		out[strings.ToUpper(name)] = r
	}
	if len(out) == 0 {
		out["default"] = object{"description": "No response was seen"}
	}
	return out
}

func (x *exported) security() []object {
	var out []object
	if x.auth["bearer"]+x.auth["jwt"] > 0 {
		out = append(out, object{"bearer": []string{}})
	}
	if x.auth["basic"] > 0 {
		out = append(out, object{"basic": []string{}})
	}
	if x.auth["mtls"] > 0 {
		out = append(out, object{"mtls": []string{}})
	}
	if len(out) > 0 && x.auth["none"] > 0 {
		out = append(out, object{})
	}
	return out
}

// valueSchema is the schema of a value with these types. A format is given only
// where every string had it.
func valueSchema(types []catalog.Tally) object {
	var names []string
	format, formats := "", 0
	for _, t := range types {
		name := t.Name
		switch t.Name {
		case "date", "date-time", "email", "uuid":
			name, format = "string", t.Name
			formats++
		case "ip":
			name = "string"
			formats++
		case "string":
			formats += 2
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if slices.Contains(names, "number") { // every integer is one
		names = slices.DeleteFunc(names, func(n string) bool { return n == "integer" })
	}
	slices.Sort(names)
	s := object{}
	switch len(names) {
	case 0:
	case 1:
		s["type"] = names[0]
	default:
		s["type"] = names
	}
	if formats == 1 && format != "" {
		s["format"] = format
	}
	return s
}

// node is a place in a tree of fields.
type node struct {
	types    []catalog.Tally
	count    uint64
	children map[string]*node // "[]" for items, "{...}" for any key
}

func (n *node) child(name string) *node {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	c := n.children[name]
	if c == nil {
		c = &node{}
		n.children[name] = c
	}
	return c
}

// schemaOf builds the schema of a body of its fields' paths, "items[].id".
func schemaOf(fields []*catalog.Param) object {
	root := &node{}
	for _, f := range fields {
		at := root
		for part := range strings.SplitSeq(f.Name, ".") {
			name := strings.TrimRight(part, "[]")
			if name != "" {
				at = at.child(name)
			}
			for range strings.Count(part[len(name):], "[]") {
				at = at.child("[]")
			}
		}
		at.types, at.count = join(at.types, f.Types), at.count+f.Count
	}
	return root.schema()
}

func (n *node) schema() object {
	s := valueSchema(n.types)
	if n.count > 0 {
		s["x-mirador-count"] = n.count
	}
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	switch t := s["type"].(type) {
	case string:
		names = []string{t}
	case []string:
		names = slices.Clone(t)
	}
	properties := object{}
	var keyed []string // kinds of keys that are values
	for name, c := range n.children {
		switch {
		case name == "[]":
			s["items"] = c.schema()
			add("array")
			continue
		case strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}"):
			keyed = append(keyed, name)
		default:
			properties[name] = c.schema()
		}
		add("object")
	}
	slices.Sort(keyed)
	switch len(keyed) {
	case 0:
	case 1:
		s["additionalProperties"] = n.children[keyed[0]].schema()
	default:
		var kinds []object
		for _, name := range keyed {
			kinds = append(kinds, n.children[name].schema())
		}
		s["additionalProperties"] = object{"anyOf": kinds}
	}
	if len(properties) > 0 {
		s["properties"] = properties
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
	case 1:
		s["type"] = names[0]
	default:
		s["type"] = names
	}
	return s
}
