package openapi

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// schemaOf is s in JSON Schema 2020-12. What was observed but is no rule, as the
// largest number so far, stands in x-mirador-observed.
func schemaOf(s *catalog.Schema) object {
	out := object{}
	if s == nil {
		return out
	}
	var types []any
	null := false
	for _, t := range s.Types {
		if t.Name == "null" {
			null = true // last, as people write it
		} else {
			types = append(types, t.Name)
		}
	}
	if null {
		types = append(types, "null")
	}
	switch len(types) {
	case 0:
	case 1:
		out["type"] = types[0]
	default:
		out["type"] = types
		counts := object{}
		for _, t := range s.Types {
			counts[t.Name] = t.Count
		}
		out["x-mirador-types"] = counts
	}
	if s.Format != "" {
		out["format"] = s.Format
	}
	if len(s.Enum) > 0 {
		values := make([]any, 0, len(s.Enum)+1)
		for _, v := range s.Enum {
			values = append(values, v)
		}
		if null {
			values = append(values, nil)
		}
		out["enum"] = values
	}
	if s.Seen > 0 {
		out["x-mirador-count"] = s.Seen
	}
	if s.Deprecated {
		out["deprecated"] = true
	}
	if o := observed(s); len(o) > 0 {
		out["x-mirador-observed"] = o
	}
	container(out, s)
	return out
}

// container adds what s holds.
func container(out object, s *catalog.Schema) {
	if len(s.Properties) > 0 {
		properties := object{}
		var required []string
		for i := range s.Properties {
			p := &s.Properties[i]
			properties[p.Name] = schemaOf(&p.Schema)
			if p.Schema.Required {
				required = append(required, p.Name)
			}
		}
		out["properties"] = properties
		if len(required) > 0 {
			out["required"] = required
		}
	}
	if s.Additional != nil {
		out["additionalProperties"] = schemaOf(s.Additional)
	}
	if s.Items != nil {
		out["items"] = schemaOf(s.Items)
	}
}

func observed(s *catalog.Schema) object {
	o := object{}
	if s.Minimum != nil && s.Maximum != nil {
		o["minimum"], o["maximum"] = *s.Minimum, *s.Maximum
	}
	if s.MaxLength > 0 {
		o["minLength"], o["maxLength"] = s.MinLength, s.MaxLength
	}
	return o
}

// join is a schema of what either has. What only one of the two has is not required.
func join(a, b *catalog.Schema) catalog.Schema {
	out := catalog.Schema{
		Types: joinTallies(a.Types, b.Types), Seen: a.Seen + b.Seen, Required: a.Required && b.Required, Deprecated: a.Deprecated && b.Deprecated,
		Minimum: extreme(a.Minimum, b.Minimum, -1), Maximum: extreme(a.Maximum, b.Maximum, 1),
		MinLength: shortest(a, b), MaxLength: max(a.MaxLength, b.MaxLength),
		Additional: either(a.Additional, b.Additional), Items: either(a.Items, b.Items),
	}
	if a.Format == b.Format {
		out.Format = a.Format
	}
	if len(a.Enum) > 0 && len(b.Enum) > 0 {
		out.Enum = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.Enum, b.Enum))))
	}
	for i, k := 0, 0; i < len(a.Properties) || k < len(b.Properties); {
		order := 0
		switch {
		case i == len(a.Properties):
			order = 1
		case k == len(b.Properties):
			order = -1
		default:
			order = strings.Compare(a.Properties[i].Name, b.Properties[k].Name)
		}
		var p catalog.Property
		switch {
		case order < 0:
			p = a.Properties[i]
			p.Schema.Required = false
			i++
		case order > 0:
			p = b.Properties[k]
			p.Schema.Required = false
			k++
		default:
			p = catalog.Property{Name: a.Properties[i].Name, Schema: join(&a.Properties[i].Schema, &b.Properties[k].Schema)}
			i, k = i+1, k+1
		}
		out.Properties = append(out.Properties, p)
	}
	return out
}

func either(a, b *catalog.Schema) *catalog.Schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	s := join(a, b)
	return &s
}

// shortest is the smaller length; what never was a text has none.
func shortest(a, b *catalog.Schema) uint64 {
	switch {
	case !isText(a):
		return b.MinLength
	case !isText(b):
		return a.MinLength
	}
	return min(a.MinLength, b.MinLength)
}

func isText(s *catalog.Schema) bool {
	return slices.ContainsFunc(s.Types, func(t catalog.Tally) bool { return t.Name == "string" && t.Count > 0 })
}

// extreme is the smaller of two numbers where sign is -1, else the larger.
func extreme(a, b *float64, sign float64) *float64 {
	if a == nil || b != nil && (*b-*a)*sign > 0 {
		return b
	}
	return a
}

func joinTallies(a, b []catalog.Tally) []catalog.Tally {
	sum := map[string]uint64{}
	for _, t := range a {
		sum[t.Name] += t.Count
	}
	for _, t := range b {
		sum[t.Name] += t.Count
	}
	if sum["number"] > 0 { // every integer is one
		sum["number"] += sum["integer"]
		delete(sum, "integer")
	}
	out := make([]catalog.Tally, 0, len(sum))
	for name, n := range sum {
		out = append(out, catalog.Tally{Name: name, Count: n})
	}
	slices.SortFunc(out, func(a, b catalog.Tally) int { return strings.Compare(a.Name, b.Name) })
	return out
}
