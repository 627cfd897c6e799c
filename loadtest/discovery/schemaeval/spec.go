// Package schemaeval measures how well schemas are learned: traffic is made from a
// specification, goes through discovery, and what OpenAPI export says of it is
// compared with the specification field by field.
package schemaeval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Spec is an OpenAPI document, as far as traffic is made from it.
type Spec struct {
	Name       string
	Operations []Operation
	schemas    map[string]any
}

// Operation is one method of one path.
type Operation struct {
	Method, Path string
	// Transactions is how many are made.
	Transactions int
	Params       []Param
	Request      *Content
	// Answers are sorted by status.
	Answers []Answer
}

// Param is a parameter.
type Param struct {
	In, Name string
	Required bool
	Schema   map[string]any
}

// Content is a body.
type Content struct {
	Media  string
	Schema map[string]any
}

// Answer is a response.
type Answer struct {
	Status int
	Content
}

type object = map[string]any

// Parse reads a specification whose references are to components/schemas. The
// extensions x-transactions, x-kind and x-keys say what JSON Schema cannot.
func Parse(name string, b []byte) (*Spec, error) {
	var doc object
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("specification %s: %w", name, err)
	}
	s := &Spec{Name: name}
	s.schemas, _ = dig(doc, "components", "schemas").(object)
	paths, _ := doc["paths"].(object)
	for _, path := range sortedKeys(paths) {
		item, _ := paths[path].(object)
		for _, method := range sortedKeys(item) {
			raw, _ := item[method].(object)
			op := Operation{Method: strings.ToUpper(method), Path: path, Transactions: toInt(raw["x-transactions"])}
			if op.Transactions == 0 {
				return nil, fmt.Errorf("specification %s: %s %s lacks x-transactions", name, method, path)
			}
			list, _ := raw["parameters"].([]any)
			for _, p := range list {
				p, _ := p.(object)
				in, _ := p["in"].(string)
				pn, _ := p["name"].(string)
				required, _ := p["required"].(bool)
				op.Params = append(op.Params, Param{In: in, Name: pn, Required: required, Schema: s.resolve(p["schema"])})
			}
			op.Request = s.content(raw["requestBody"])
			responses, _ := raw["responses"].(object)
			for _, status := range sortedKeys(responses) {
				if c := s.content(responses[status]); c != nil {
					op.Answers = append(op.Answers, Answer{Status: toInt(status), Content: *c})
				}
			}
			s.Operations = append(s.Operations, op)
		}
	}
	return s, nil
}

func (s *Spec) content(v any) *Content {
	all, _ := dig(v, "content").(object)
	for _, media := range sortedKeys(all) {
		return &Content{Media: media, Schema: s.resolve(dig(all[media], "schema"))}
	}
	return nil
}

// resolve follows a reference.
func (s *Spec) resolve(v any) object {
	m, _ := v.(object)
	if ref, ok := m["$ref"].(string); ok {
		m, _ = s.schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(object)
	}
	return m
}

func dig(v any, names ...string) any {
	for _, n := range names {
		m, _ := v.(object)
		v = m[n]
	}
	return v
}

func sortedKeys(m object) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func toInt(v any) int {
	switch v := v.(type) {
	case uint64:
		return int(v)
	case int64:
		return int(v)
	case float64:
		return int(v)
	case string:
		n := 0
		for _, c := range v {
			n = n*10 + int(c-'0')
		}
		return n
	}
	return 0
}

// typesOf are the types of a schema, sorted.
func typesOf(s object) []string {
	var out []string
	switch t := s["type"].(type) {
	case string:
		out = []string{t}
	case []any:
		for _, v := range t {
			if name, ok := v.(string); ok {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// enumOf are the values of a schema's enumeration, sorted, without null.
func enumOf(s object) []string {
	list, _ := s["enum"].([]any)
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

func requiredOf(s object) []string {
	list, _ := s["required"].([]any)
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
