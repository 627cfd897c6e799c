package openapi

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/segmentio/encoding/json"
)

func at(second int64) time.Time { return time.Unix(1_767_323_045+second, 0).UTC() }

func endpoint(host, method, template string, params ...catalog.Param) catalog.Endpoint {
	return catalog.Endpoint{
		ID: catalog.ID("default", host, method, template), Tenant: "default", Host: host, Method: method, Template: template,
		Protocol: "rest", Source: catalog.Learned, Version: 1, FirstSeen: at(0), LastSeen: at(9), Hits: 10, Params: params,
		Statuses: []catalog.Tally{{Name: "2xx", Count: 8}, {Name: "4xx", Count: 1}, {Name: "none", Count: 1}},
		Auth:     []catalog.Tally{{Name: "jwt", Count: 9}, {Name: "none", Count: 1}}, Services: []string{"accounts"},
	}
}

func param(in, name string, types ...string) catalog.Param {
	s := of(types...)
	return catalog.Param{In: in, Name: name, Types: s.Types, Count: 3, Schema: &s}
}

func of(types ...string) catalog.Schema {
	s := catalog.Schema{Seen: 3}
	for _, t := range types {
		if t == "uuid" || t == "email" {
			t, s.Format = "string", t
		}
		s.Types = append(s.Types, catalog.Tally{Name: t, Count: 3})
	}
	return s
}

func named(name string, s catalog.Schema, required bool) catalog.Property {
	s.Required = required
	return catalog.Property{Name: name, Schema: s}
}

func with(e catalog.Endpoint, change func(*catalog.Endpoint)) catalog.Endpoint {
	change(&e)
	return e
}

func bank() []catalog.Endpoint {
	state := of("null", "string")
	state.Enum = []string{"booked", "open"}
	item := of("object")
	low, high := 1.0, 97.5
	amount := of("number")
	amount.Minimum, amount.Maximum = &low, &high
	mail := of("string")
	mail.Format, mail.MinLength, mail.MaxLength = "email", 9, 40
	item.Properties = []catalog.Property{named("amount", amount, true), named("mail", mail, false), named("state", state, true)}
	list := of("array")
	list.Items = &item
	limits := of("object")
	limits.Additional = &amount
	account := of("object")
	account.Properties = []catalog.Property{named("items", list, true), named("limits", limits, false), named("x", of("integer", "string"), false)}
	transfer := of("object")
	transfer.Properties = []catalog.Property{named("amount", amount, true)}
	other := of("object")
	other.Properties = []catalog.Property{named("amount", of("integer"), true), named("note", of("string"), true)}
	page := param("query", "page", "integer")
	page.Schema.Required = true
	key := param("header", "x-acme-key", "string")
	return []catalog.Endpoint{
		with(endpoint("bank.example", "GET", "/accounts/{int}", param("path", "accounts_id", "integer"), param("query", "fields", "string"), page,
			param("response", "items[].mail", "email")), func(e *catalog.Endpoint) {
			e.Responses = []catalog.Body{
				{Status: "2xx", Media: "application/json", Seen: 8, Schema: account}, {Status: "2xx", Media: "text/csv", Seen: 1, Schema: of("string")},
				{Status: "4xx", Media: "application/problem+json", Seen: 1, Schema: transfer},
			}
		}),
		endpoint("bank.example", "GET", "/accounts/{uuid}", param("path", "accounts_id", "uuid")),
		endpoint("partner.example", "GET", "/accounts/{int}", param("path", "accounts_id", "integer"), param("header", "x-partner", "string")),
		with(endpoint("bank.example", "POST", "/accounts/{int}/transfers/{id}", param("cookie", "theme", "string"), key), func(e *catalog.Endpoint) {
			e.Request = []catalog.Body{{Media: "application/json", Seen: 300, Schema: transfer}}
			e.Statuses = []catalog.Tally{{Name: "2xx", Count: 300}}
			e.AuthServed = []catalog.Tally{{Name: "api-key", Count: 3}, {Name: "cookie", Count: 1}}
		}),
		with(endpoint("partner.example", "POST", "/accounts/{int}/transfers/{id}"), func(e *catalog.Endpoint) {
			e.Request = []catalog.Body{{Media: "application/json", Seen: 4, Schema: other}}
		}),
		endpoint("bank.example", "PROPFIND", "/files"),
		endpoint("-", "GET", "/odata/Orders({int})/{string}/{string}.json"),
		endpoint("bank.example", "GET", "/a-b"), endpoint("bank.example", "GET", "/a.b"),
	}
}

func TestGolden(t *testing.T) {
	got, err := JSON(bank())
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/bank.json"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s (UPDATE_GOLDEN=1 writes it):\n%s", file, got)
	}
	for range 20 {
		list := bank()
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		again, err := JSON(list)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, again) {
			t.Fatal("the order of the endpoints shows")
		}
	}
	check(t, got)
}

// The lengths of a text are not those of what is no text elsewhere.
func TestLengthsOfTexts(t *testing.T) {
	text, number := catalog.Schema{Types: []catalog.Tally{{Name: "string", Count: 3}}, MinLength: 9, MaxLength: 40}, catalog.Schema{Types: []catalog.Tally{{Name: "integer", Count: 3}}}
	shorter := text
	shorter.MinLength = 4
	for want, pair := range map[uint64][2]*catalog.Schema{9: {&text, &number}, 4: {&text, &shorter}} {
		for _, s := range []catalog.Schema{join(pair[0], pair[1]), join(pair[1], pair[0])} {
			if s.MinLength != want || s.MaxLength != 40 {
				t.Errorf("%d to %d characters, want %d to 40", s.MinLength, s.MaxLength, want)
			}
		}
	}
}

func TestYAML(t *testing.T) {
	b, err := YAML(bank())
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := yaml.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	back, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	check(t, back)
	if !strings.HasPrefix(string(b), "openapi: 3.1.0\n") {
		t.Errorf("no YAML:\n%s", b)
	}
}

func TestEmpty(t *testing.T) {
	b, err := JSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, b)
}

// check holds a document against the rules of OpenAPI 3.1 that this package
// could break.
func check(t *testing.T, b []byte) {
	t.Helper()
	validate(t, b)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Title, Version string }
		Servers []struct{ URL string }
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Title == "" || doc.Info.Version == "" || doc.Paths == nil {
		t.Errorf("head: %+v", doc)
	}
	ids, shapes := map[string]bool{}, map[string]string{}
	names := regexp.MustCompile(`\{([^{}/]+)\}`)
	for path, item := range doc.Paths {
		if !strings.HasPrefix(path, "/") {
			t.Errorf("path %q", path)
		}
		shape := names.ReplaceAllString(path, "{}")
		if other, ok := shapes[shape]; ok {
			t.Errorf("%s and %s are one path", path, other)
		}
		shapes[shape] = path
		for method, raw := range item {
			if strings.HasPrefix(method, "x-") {
				continue
			}
			if !strings.Contains(" get put post delete options head patch trace ", " "+method+" ") {
				t.Errorf("%s %s: no method of a path item", method, path)
			}
			var op struct {
				OperationID string `json:"operationId"`
				Parameters  []struct {
					Name, In string
					Required bool
					Schema   json.RawMessage
				}
				RequestBody *struct {
					Content map[string]struct{ Schema json.RawMessage }
				} `json:"requestBody"`
				Responses map[string]struct {
					Description string
					Content     map[string]struct{ Schema json.RawMessage }
				}
			}
			if err := json.Unmarshal(raw, &op); err != nil {
				t.Fatal(err)
			}
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s: operationId %q is empty or twice", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			if len(op.Responses) == 0 {
				t.Errorf("%s %s: no responses", method, path)
			}
			for code, r := range op.Responses {
				if !regexp.MustCompile(`^([1-5]XX|[1-5]\d\d|default)$`).MatchString(code) || r.Description == "" {
					t.Errorf("%s %s: response %q", method, path, code)
				}
				for _, c := range r.Content {
					schema(t, c.Schema)
				}
			}
			if op.RequestBody != nil {
				for _, c := range op.RequestBody.Content {
					schema(t, c.Schema)
				}
			}
			declared := map[string]bool{}
			for _, p := range op.Parameters {
				if declared[p.In+p.Name] || p.Name == "" || p.In == "path" && !p.Required || !strings.Contains(" path query header cookie ", " "+p.In+" ") {
					t.Errorf("%s %s: parameter %+v", method, path, p)
				}
				declared[p.In+p.Name] = true
				schema(t, p.Schema)
			}
			for _, n := range names.FindAllStringSubmatch(path, -1) {
				if !declared["path"+n[1]] {
					t.Errorf("%s %s: %s is not declared", method, path, n[1])
				}
			}
		}
	}
}

// schema holds raw against the meta-schema of JSON Schema 2020-12, which the one of
// OpenAPI does not ask for.
func schema(t *testing.T, raw json.RawMessage) {
	t.Helper()
	if err := compile(raw); err != nil {
		t.Errorf("schema %s: %v", raw, err)
	}
}

func compile(raw []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("schema.json", v); err != nil {
		return err
	}
	_, err = c.Compile("schema.json")
	return err
}

func TestTheCompilerRefuses(t *testing.T) {
	for _, bad := range []string{`{"type":"int"}`, `{"required":"a"}`, `{"properties":{"a":{"enum":1}}}`, `{"items":[]}`} {
		if compile([]byte(bad)) == nil {
			t.Errorf("%s passes", bad)
		}
	}
}

// A host that is a template becomes a server with a variable, which needs a default.
func TestHostTemplate(t *testing.T) {
	b, err := JSON([]catalog.Endpoint{endpoint("{tenant}.api.example.com", "GET", "/users/{int}")})
	if err != nil {
		t.Fatal(err)
	}
	check(t, b)
	var doc struct {
		Servers []struct {
			URL       string
			Variables map[string]struct{ Default string }
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil || len(doc.Servers) != 1 || doc.Servers[0].URL != "https://{tenant}.api.example.com" || doc.Servers[0].Variables["tenant"].Default == "" {
		t.Errorf("%v: %s", err, b)
	}
}
