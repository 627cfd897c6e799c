package read_test

import (
	"fmt"
	"testing"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
)

// Each constraint knows the line that says it, through references and composition.
func TestConstraintsHaveTheirPlaces(t *testing.T) {
	const text = `openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /a:
    get:
      parameters:
        - name: limit
          in: query
          schema:
            type: integer
            exclusiveMinimum: 0
            maximum: 100
      responses: {"200": {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Both"}}}}}
components:
  schemas:
    Part:
      type: string
      minLength: 2
      pattern: ^a
    Both:
      allOf:
        - $ref: "#/components/schemas/Part"
        - type: string
          maxLength: 5
`
	s, err := read.Bytes("a.yaml", []byte(text), document.Limits{})
	if err != nil || len(s.Problems) > 0 {
		t.Fatalf("%v %v", err, s.Problems)
	}
	o := &s.Operations[0]
	for _, c := range []struct {
		schema  *spec.Schema
		keyword string
		want    string
	}{
		{o.Params[0].Schema, "minimum", "a.yaml:11 /paths/~1a/get/parameters/0/schema/exclusiveMinimum"},
		{o.Params[0].Schema, "maximum", "a.yaml:12 /paths/~1a/get/parameters/0/schema/maximum"},
		{o.Responses[0].Schema, "minLength", "a.yaml:18 /components/schemas/Part/minLength"},
		{o.Responses[0].Schema, "pattern", "a.yaml:19 /components/schemas/Part/pattern"},
		{o.Responses[0].Schema, "maxLength", "a.yaml:24 /components/schemas/Both/allOf/1/maxLength"},
	} {
		p := c.schema.Places[c.keyword]
		if got := fmt.Sprint(p, " ", p.Pointer); got != c.want {
			t.Errorf("%s: %s, want %s", c.keyword, got, c.want)
		}
	}
	r := o.Responses[0].Schema
	if *o.Params[0].Schema.Minimum != 0 || *o.Params[0].Schema.Maximum != 100 || r.MinLength != 2 || r.MaxLength != 5 || r.Pattern != "^a" {
		t.Errorf("%+v, %+v", o.Params[0].Schema, r)
	}
}
