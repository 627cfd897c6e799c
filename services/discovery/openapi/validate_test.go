package openapi

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

// validate holds a document against the JSON Schema of OpenAPI 3.1, by a
// validator that knows nothing of ours.
func validate(t *testing.T, b []byte) {
	t.Helper()
	doc, err := libopenapi.NewDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	defer v.Release()
	if ok, problems := v.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("%s: %s", p.Message, p.Reason)
			for _, s := range p.SchemaValidationErrors {
				t.Errorf("  %s: %s", s.FieldPath, s.Reason)
			}
		}
	}
}

// The validator must find what is wrong, or its consent means nothing.
func TestTheValidatorRefuses(t *testing.T) {
	good, err := JSON(bank())
	if err != nil {
		t.Fatal(err)
	}
	for _, swap := range [][2]string{
		{`"in": "query"`, `"in": "quarry"`}, {`"required": true`, `"required": "yes"`}, {`"description": "Seen as 2xx"`, `"text": "x"`},
		{`"scheme": "bearer"`, `"schema": "bearer"`},
	} {
		bad := strings.Replace(string(good), swap[0], swap[1], 1)
		if bad == string(good) {
			t.Fatalf("%s is not there", swap[0])
		}
		doc, err := libopenapi.NewDocument([]byte(bad))
		if err != nil {
			continue
		}
		v, errs := validator.NewValidator(doc)
		if len(errs) > 0 {
			continue
		}
		if ok, _ := v.ValidateDocument(); ok {
			t.Errorf("%s instead of %s passes", swap[1], swap[0])
		}
		v.Release()
	}
}

// random makes endpoints of every form that discovery can write.
type random struct{ *rand.Rand }

func (r random) pick(s ...string) string { return s[r.IntN(len(s))] }

func (r random) name() string {
	return r.pick("id", "a b", "$ref", "päth", "x-y", "type", "{", "a/b~c", "properties", strings.Repeat("n", 90), "\"q\"", "1")
}

func (r random) schema(depth int) catalog.Schema {
	s := catalog.Schema{Seen: r.Uint64N(1000), Required: r.IntN(2) == 0}
	for _, t := range []string{"array", "boolean", "integer", "null", "number", "object", "string"} {
		if r.IntN(4) == 0 {
			s.Types = append(s.Types, catalog.Tally{Name: t, Count: r.Uint64N(1 << 40)})
		}
	}
	s.Format = r.pick("", "", "", "date", "date-time", "email", "uuid", "ipv4", "ipv6", "uri")
	if r.IntN(3) == 0 {
		s.Enum = []string{"a", "b", "c-d"}
	}
	if r.IntN(3) == 0 {
		low, high := -r.Float64()*1e12, r.Float64()*1e300
		s.Minimum, s.Maximum = &low, &high
	}
	s.MinLength, s.MaxLength = r.Uint64N(9), r.Uint64N(99)
	if depth == 0 {
		return s
	}
	names := map[string]bool{}
	for range r.IntN(4) {
		names[r.name()] = true
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		s.Properties = append(s.Properties, catalog.Property{Name: n, Schema: r.schema(depth - 1)})
	}
	if r.IntN(3) == 0 {
		x := r.schema(depth - 1)
		s.Items = &x
	}
	if r.IntN(4) == 0 {
		x := r.schema(depth - 1)
		s.Additional = &x
	}
	return s
}

func (r random) endpoint() catalog.Endpoint {
	e := endpoint(r.pick("a.example", "b.example", "-", "invalid", "[::1]"), r.pick("GET", "POST", "DELETE", "OTHER", "QUERY", "HEAD"),
		r.pick("/", "/a", "/a/{int}", "/a/{uuid}", "/a/{string}/b", "/a/{string}.json", "/a/@{string}:b", "/x({int})", "/%7Bx%7D", "/{rest}"))
	seen := map[string]bool{}
	for range r.IntN(6) {
		in, name := r.pick("query", "header", "cookie", "body", "response"), r.name()
		if s := r.schema(0); !seen[in+name] {
			seen[in+name] = true
			e.Params = append(e.Params, catalog.Param{In: in, Name: name, Count: 3, Schema: &s})
		}
	}
	e.AuthServed = nil
	for _, s := range []string{"api-key", "basic", "bearer", "cookie", "jwt", "mtls", "none", "other"} {
		if r.IntN(3) == 0 {
			e.AuthServed = append(e.AuthServed, catalog.Tally{Name: s, Count: 1 + r.Uint64N(9)})
		}
	}
	for _, m := range []string{"application/json", "multipart/form-data", "application/vnd.x+json"} {
		if r.IntN(3) == 0 {
			e.Request = append(e.Request, catalog.Body{Media: m, Seen: 9, Schema: r.schema(4)})
		}
		for _, status := range []string{"2xx", "4xx", "none"} {
			if r.IntN(3) == 0 {
				e.Responses = append(e.Responses, catalog.Body{Status: status, Media: m, Seen: 9, Schema: r.schema(4)})
			}
		}
	}
	return e
}

func TestRandomDocumentsValidate(t *testing.T) {
	const documents = 60
	operations := 0
	for seed := range uint64(documents) {
		r := random{rand.New(rand.NewPCG(seed, 7))}
		var list []catalog.Endpoint
		for range 1 + r.IntN(8) {
			list = append(list, r.endpoint())
		}
		operations += len(list)
		b, err := JSON(list)
		if err != nil {
			t.Fatal(err)
		}
		if t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { check(t, b) }); t.Failed() {
			t.Logf("%s", b)
			break
		}
	}
	if operations < documents {
		t.Errorf("only %d endpoints", operations)
	}
}
