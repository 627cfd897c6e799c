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
	p := catalog.Param{In: in, Name: name, Count: 3}
	for _, t := range types {
		p.Types = append(p.Types, catalog.Tally{Name: t, Count: 3})
	}
	return p
}

func bank() []catalog.Endpoint {
	return []catalog.Endpoint{
		endpoint("bank.example", "GET", "/accounts/{int}", param("path", "accounts_id", "integer"), param("query", "fields", "string"),
			param("response", "items[].id", "integer", "null"), param("response", "items[].mail", "email"),
			param("response", "limits.{uuid}.max", "integer", "number"), param("response", "matrix[][]", "number")),
		endpoint("bank.example", "GET", "/accounts/{uuid}", param("path", "accounts_id", "uuid")),
		endpoint("partner.example", "GET", "/accounts/{int}", param("path", "accounts_id", "integer"), param("header", "x-partner", "string")),
		endpoint("bank.example", "POST", "/accounts/{int}/transfers/{id}", param("body", "amount", "number"), param("body", "to.iban", "string"), param("cookie", "theme", "string")),
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
	if !strings.HasPrefix(string(b), "components:") {
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

func schema(t *testing.T, raw json.RawMessage) {
	t.Helper()
	var s struct {
		Type                 any
		Properties           map[string]json.RawMessage
		Items                json.RawMessage
		AdditionalProperties json.RawMessage `json:"additionalProperties"`
		AnyOf                []json.RawMessage
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("schema %s: %v", raw, err)
	}
	list, ok := s.Type.([]any)
	if !ok && s.Type != nil {
		list = []any{s.Type}
	}
	for _, name := range list {
		if text, ok := name.(string); !ok || !strings.Contains(" array boolean integer null number object string ", " "+text+" ") {
			t.Errorf("schema %s: type %v", raw, name)
		}
	}
	for _, p := range s.Properties {
		schema(t, p)
	}
	for _, p := range s.AnyOf {
		schema(t, p)
	}
	for _, p := range []json.RawMessage{s.Items, s.AdditionalProperties} {
		if len(p) > 0 {
			schema(t, p)
		}
	}
}
