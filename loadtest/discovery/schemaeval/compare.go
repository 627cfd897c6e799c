package schemaeval

import (
	"fmt"
	"slices"
	"strings"
)

// Score is what a comparison counts.
type Score struct {
	// Fields are those that were seen often enough; Extra those that are not in the
	// specification. Same is how many agree in all three respects.
	Fields, Same, Extra       int
	Required, Type, EnumWrong int
	// Wrong says what differs.
	Wrong []string
}

// Ratio is how much is the same.
func (s *Score) Ratio() float64 { return float64(s.Same) / float64(max(s.Fields+s.Extra, 1)) }

// Add sums scores.
func (s *Score) Add(o Score) {
	s.Fields, s.Same, s.Extra = s.Fields+o.Fields, s.Same+o.Same, s.Extra+o.Extra
	s.Required, s.Type, s.EnumWrong = s.Required+o.Required, s.Type+o.Type, s.EnumWrong+o.EnumWrong
	s.Wrong = append(s.Wrong, o.Wrong...)
}

// comparison of one specification with an exported document.
type comparison struct {
	Score
	spec *Spec
	seen map[string]uint64
	from uint64
}

// Compare scores an exported document. operation finds the operation's object in it.
func Compare(s *Spec, seen map[string]uint64, from uint64, operation func(*Operation) map[string]any) Score {
	c := &comparison{spec: s, seen: seen, from: from}
	for i := range s.Operations {
		op := &s.Operations[i]
		got := operation(op)
		c.params(op, got)
		if op.Request != nil {
			c.schema(Place(op, "request"), op.Request.Schema, dig(got, "requestBody", "content", op.Request.Media, "schema"))
		}
		for _, a := range op.Answers {
			class := strings.ToUpper(ClassOf(a.Status))
			c.schema(Place(op, ClassOf(a.Status)), a.Schema, dig(got, "responses", class, "content", a.Media, "schema"))
		}
	}
	return c.Score
}

func (c *comparison) params(op *Operation, got object) {
	list, _ := got["parameters"].([]any)
	for _, p := range op.Params {
		at := Place(op, "params") + p.In + " " + p.Name
		if c.seen[at] < c.from {
			continue
		}
		var schema any
		required := false
		for _, v := range list {
			v, _ := v.(object)
			if v["in"] == p.In && (v["name"] == p.Name || p.In == "path") { // names in paths are ours
				schema = v["schema"]
				required, _ = v["required"].(bool)
			}
		}
		c.field(at, p.Schema, schema, p.Required, required)
	}
	for _, v := range list {
		v, _ := v.(object)
		if v["in"] != "path" && !slices.ContainsFunc(op.Params, func(p Param) bool { return v["in"] == p.In && v["name"] == p.Name }) {
			c.Extra++
			c.Wrong = append(c.Wrong, fmt.Sprintf("%s%v %v: not in the specification", Place(op, "params"), v["in"], v["name"]))
		}
	}
}

// field compares one field and says nothing of what it holds.
func (c *comparison) field(at string, want object, got any, required, gotRequired bool) {
	c.Fields++
	have, _ := got.(object)
	var bad []string
	if have == nil {
		bad = append(bad, "not there")
	}
	if required != gotRequired {
		c.Required++
		bad = append(bad, fmt.Sprintf("required %v", gotRequired))
	}
	if w, h := typesOf(want), typesOf(have); !slices.Equal(w, h) {
		c.Type++
		bad = append(bad, fmt.Sprintf("type %v, not %v", h, w))
	}
	if w, h := enumOf(want), enumOf(have); !slices.Equal(w, h) {
		c.EnumWrong++
		bad = append(bad, fmt.Sprintf("enum %v, not %v", h, w))
	}
	if len(bad) == 0 {
		c.Same++
		return
	}
	c.Wrong = append(c.Wrong, fmt.Sprintf("%s (seen %d): %s", at, c.seen[at], strings.Join(bad, "; ")))
}

// schema compares what a schema holds.
func (c *comparison) schema(at string, want object, got any) {
	have, _ := got.(object)
	properties, _ := want["properties"].(object)
	gotProperties, _ := have["properties"].(object)
	required, gotRequired := requiredOf(want), requiredOf(have)
	for _, name := range sortedKeys(properties) {
		child := c.spec.resolve(properties[name])
		if place := under(at, name); c.seen[place] >= c.from {
			c.field(place, child, gotProperties[name], slices.Contains(required, name), slices.Contains(gotRequired, name))
		}
		c.schema(under(at, name), child, gotProperties[name])
	}
	for _, name := range sortedKeys(gotProperties) {
		if _, ok := properties[name]; !ok {
			c.Extra++
			c.Wrong = append(c.Wrong, under(at, name)+": not in the specification")
		}
	}
	for key, step := range map[string]string{"items": "[]", "additionalProperties": "*"} {
		child := c.spec.resolve(want[key])
		if child == nil {
			continue
		}
		if place := under(at, step); c.seen[place] >= c.from {
			c.field(place, child, have[key], false, false)
		}
		c.schema(under(at, step), child, have[key])
	}
}
