package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shopSpec = `openapi: 3.1.0
info: {title: Shop, version: "2"}
servers: [{url: https://api.shop.example/v1}]
paths:
  /orders/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: one}}
  /orders:
    get:
      deprecated: true
      responses: {'200': {description: all}}
  /never:
    get: {responses: {'200': {description: ok}}}
`

const shopTraffic = `{"ts":"2026-01-05T10:00:00Z","method":"GET","uri":"https://api.shop.example/v1/orders/17?debug=1","status":200}
{"ts":"2026-01-05T10:00:01Z","method":"GET","uri":"https://api.shop.example/v1/orders","status":200}
{"ts":"2026-01-05T10:00:02Z","method":"DELETE","uri":"https://api.shop.example/v1/orders/17","status":204}
{"ts":"2026-01-05T10:00:03Z","method":"GET","uri":"https://api.shop.example/v1/.env","status":404}
`

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func execute(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, _, err := executeBoth(t, args...)
	return out, err
}

// executeBoth gives standard error too.
func executeBoth(t *testing.T, args ...string) (string, string, error) {
	t.Helper()
	c := root()
	var out, told bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&told)
	c.SetArgs(args)
	err := c.ExecuteContext(t.Context())
	return out.String(), told.String(), err
}

func TestSpecCheck(t *testing.T) {
	document, traffic := file(t, "shop.yaml", shopSpec), file(t, "t.jsonl", shopTraffic)
	out, err := execute(t, "spec", "check", document, "--traffic", traffic, "--orphan-after", "0")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"shadow\n         DELETE api.shop.example/v1/orders/{int} was called once", document + ":6 documents only GET there",
		"zombie\n         GET api.shop.example/v1/orders was called once", document + ":10 /paths/~1orders/get",
		"drift (parameter)\n         GET api.shop.example/v1/orders/{int}: query parameter \"debug\" came with 1 served request",
		"orphan\n         GET /never, documented at " + document + ":14, was never seen",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, ".env") || strings.Count(out, "orphan") != 1 {
		t.Errorf("too much:\n%s", out)
	}
	if out, err = execute(t, "spec", "check", document, "--traffic", traffic, "--json", "--fail-on", "shadow"); !errors.Is(err, errFailed) {
		t.Errorf("--fail-on shadow: %v", err)
	}
	if n := strings.Count(out, "\n"); n != 3 || !strings.Contains(out, `"kind":"shadow"`) {
		t.Errorf("%d lines of JSON:\n%s", n, out)
	}
	if _, err = execute(t, "spec", "check", document, "--traffic", traffic, "--fail-on", "orphan"); err != nil {
		t.Errorf("no orphan yet: %v", err)
	}
	elsewhere := file(t, "e.jsonl", strings.ReplaceAll(shopTraffic, "api.shop.example", "localhost"))
	if out, err = execute(t, "spec", "check", document, "--traffic", elsewhere); err != nil || !strings.Contains(out, "DELETE localhost/v1/orders/{int}") {
		t.Errorf("traffic of another host: %v\n%s", err, out)
	}
}

// A document that is compared with nothing is no document from which nothing differs.
func TestSpecCheckTellsOfSilentDocuments(t *testing.T) {
	const query = `{"ts":"2026-01-05T10:00:0%d","method":"POST","uri":"https://api.shop.example/graphql","headers":{"content-type":"application/json"},"body":"{\"query\":\"{ %s }\"}","status":200}`
	traffic := file(t, "t.jsonl", strings.NewReplacer("%d", "1Z", "%s", "user").Replace(query)+"\n"+strings.NewReplacer("%d", "2Z", "%s", "posts").Replace(query)+"\n")
	schema := file(t, "g.graphql", "type Query { user: Int  cart: Int }\n")
	out, told, err := executeBoth(t, "spec", "check", schema, "--traffic", traffic)
	if err != nil || out != "" || !strings.Contains(told, schema+" was compared with nothing") || !strings.Contains(told, "--host") {
		t.Errorf("%v\n%s\n%s", err, out, told)
	}
	out, told, err = executeBoth(t, "spec", "check", schema, "--traffic", traffic, "--host", "api.shop.example")
	if err != nil || !strings.Contains(out, "graphql#query.posts was called once") || strings.Contains(told, "compared with nothing") {
		t.Errorf("with --host: %v\n%s\n%s", err, out, told)
	}
}

func TestSpecErrors(t *testing.T) {
	document := file(t, "shop.yaml", shopSpec)
	broken := file(t, "broken.yaml", "openapi: 3.0.0\npaths: [\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"check", document}, "no traffic"},
		{[]string{"check", document, "--traffic", "x", "--fail-on", "sadness", "--min-count", "0"}, "sadness"},
		{[]string{"check", document, "--traffic", "/missing.har"}, "missing.har"},
		{[]string{"check", broken, "--traffic", document}, broken + ":"},
		{[]string{"import", "/missing.yaml"}, "missing.yaml"},
		{[]string{"convert", document, "--to", "raml"}, "raml"},
		{[]string{"diff", document, broken}, broken + ":"},
	} {
		if _, err := execute(t, append([]string{"spec"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.args, err, c.want)
		}
	}
}

func TestSpecTools(t *testing.T) {
	document := file(t, "shop.yaml", shopSpec)
	out, err := execute(t, "spec", "import", document)
	if err != nil || strings.Count(out, "\n") != 3 || !strings.Contains(out, `"template":"/orders/{id}"`) {
		t.Errorf("import: %v\n%s", err, out)
	}
	har := file(t, "s.har", `{"log":{"entries":[{"request":{"method":"GET","url":"https://h.example/a/7?q=1"},"response":{"status":200}}]}}`)
	converted, err := execute(t, "spec", "convert", har)
	if err != nil || !strings.Contains(converted, `"/a/{a_id}"`) {
		t.Errorf("convert: %v\n%s", err, converted)
	}
	changed := file(t, "next.yaml", strings.ReplaceAll(strings.ReplaceAll(shopSpec, "/never:", "/more:"), "deprecated: true", "deprecated: false"))
	out, err = execute(t, "spec", "diff", document, changed)
	want := []string{"operation added: GET /more", "operation removed: GET /never", "deprecation changed: GET /orders (deprecated -> current)"}
	for _, w := range want {
		if err != nil || !strings.Contains(out, w) {
			t.Errorf("diff: %v: no %q in\n%s", err, w, out)
		}
	}
	if strings.Count(out, "\n") != len(want) {
		t.Errorf("diff:\n%s", out)
	}
}
