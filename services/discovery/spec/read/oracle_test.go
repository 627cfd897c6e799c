package read

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	v2 "github.com/pb33f/libopenapi/datamodel/high/v2"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// The oracle is a library that shares no code with this package: of the same document
// it must list the same operations with the same parameters, bodies and statuses.

// bad are the lines of bank.yaml that are wrong on purpose.
var bad = []string{"undefined", "nowhere", "missing", "elsewhere", "outside", "relative", "x-internal", "servers: [{url: 'https://ops"}

func clean(t *testing.T, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.SplitSeq(string(b), "\n") {
		if !slices.ContainsFunc(bad, func(s string) bool { return strings.Contains(line, s) }) {
			out = append(out, line)
		}
	}
	return []byte(strings.Join(out, "\n"))
}

// ours is a line an operation.
func ours(s *spec.Specification) []string {
	var out []string
	for _, o := range s.Operations {
		var parts []string
		for _, p := range o.Params {
			parts = append(parts, fmt.Sprintf("%s:%s:%v:%v", p.In, p.Name, p.Required, p.Deprecated))
		}
		for _, b := range o.Request {
			if s.Format == "swagger 2.0" {
				continue // bodies are parameters there
			}
			parts = append(parts, "body:"+b.Media+":"+strings.Join(typesOf(b.Schema), "|"))
		}
		for _, st := range o.Statuses {
			parts = append(parts, "status:"+strings.ToLower(st.Name))
		}
		for _, b := range o.Responses {
			if s.Format != "swagger 2.0" {
				parts = append(parts, "response:"+strings.ToLower(b.Status)+":"+b.Media+":"+strings.Join(typesOf(b.Schema), "|"))
			}
		}
		slices.Sort(parts)
		out = append(out, fmt.Sprintf("%s %s %q deprecated=%v %s", o.Method, o.Template, o.Name, o.Deprecated, strings.Join(parts, " ")))
	}
	slices.Sort(out)
	return out
}

func typesOf(s *spec.Schema) []string {
	if s == nil {
		return nil
	}
	return s.Types
}

func theirs3(t *testing.T, b []byte) []string {
	t.Helper()
	doc, err := libopenapi.NewDocumentWithConfiguration(b, &datamodel.DocumentConfiguration{
		AllowFileReferences: true, BasePath: "testdata", IgnorePolymorphicCircularReferences: true, IgnoreArrayCircularReferences: true, SkipCircularReferenceCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	model, err := doc.BuildV3Model()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			var parts []string
			params := map[string]string{}
			for _, list := range [][]*v3.Parameter{item.Parameters, op.Parameters} {
				for _, p := range list {
					name := p.Name
					if p.In == "header" {
						name = strings.ToLower(name)
					}
					params[p.In+":"+name] = fmt.Sprintf("%s:%s:%v:%v", p.In, name, p.Required != nil && *p.Required, p.Deprecated)
				}
			}
			for _, p := range params {
				parts = append(parts, p)
			}
			if op.RequestBody != nil {
				for media, m := range op.RequestBody.Content.FromOldest() {
					parts = append(parts, "body:"+media+":"+theirTypes(m))
				}
			}
			if d := op.Responses.Default; d != nil {
				parts = append(parts, "status:default")
				for media, m := range d.Content.FromOldest() {
					parts = append(parts, "response:default:"+media+":"+theirTypes(m))
				}
			}
			for code, r := range op.Responses.Codes.FromOldest() {
				parts = append(parts, "status:"+strings.ToLower(code))
				for media, m := range r.Content.FromOldest() {
					media, _, _ = strings.Cut(media, ";")
					parts = append(parts, "response:"+strings.ToLower(code)+":"+media+":"+theirTypes(m))
				}
			}
			slices.Sort(parts)
			out = append(out, fmt.Sprintf("%s %s %q deprecated=%v %s", strings.ToUpper(method), path, op.OperationId, op.Deprecated != nil && *op.Deprecated, strings.Join(parts, " ")))
		}
	}
	slices.Sort(out)
	return out
}

func theirTypes(m *v3.MediaType) string {
	if m.Schema == nil {
		return ""
	}
	s := m.Schema.Schema()
	if s == nil {
		return ""
	}
	list := slices.Clone(s.Type)
	for _, part := range s.AllOf { // enough for the documents here
		list = append(list, part.Schema().Type...)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "|")
}

func theirs2(t *testing.T, b []byte) []string {
	t.Helper()
	doc, err := libopenapi.NewDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	model, err := doc.BuildV2Model()
	if model == nil {
		t.Fatal(err)
	}
	var out []string
	for path, item := range model.Model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			var parts []string
			for _, list := range [][]*v2.Parameter{item.Parameters, op.Parameters} {
				for _, p := range list {
					if p.In != "body" && p.In != "formData" {
						parts = append(parts, fmt.Sprintf("%s:%s:%v:false", p.In, p.Name, p.Required != nil && *p.Required))
					}
				}
			}
			for code := range op.Responses.Codes.KeysFromOldest() {
				parts = append(parts, "status:"+code)
			}
			slices.Sort(parts)
			out = append(out, fmt.Sprintf("%s %s %q deprecated=%v %s", strings.ToUpper(method), path, op.OperationId, op.Deprecated, strings.Join(parts, " ")))
		}
	}
	slices.Sort(out)
	return out
}

func same(t *testing.T, what string, got, want []string, operations int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: read\n  %s\nthe oracle\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	if len(got) != operations {
		t.Errorf("%s: %d operations, want %d", what, len(got), operations)
	}
}

func TestOracle(t *testing.T) {
	read := func(name string, b []byte) *spec.Specification {
		set, err := document.OpenSet("testdata", document.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		s, err := parse(set, name, b)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Problems) > 0 {
			t.Errorf("%s: %v", name, problemLines(s))
		}
		return s
	}
	bank, legacy := clean(t, "bank.yaml"), clean(t, "legacy.yaml")
	same(t, "bank.yaml", ours(read("bank.yaml", bank)), theirs3(t, bank), 5)
	same(t, "legacy.yaml", ours(read("legacy.yaml", legacy)), theirs2(t, legacy), 4)
}

// What is written of other formats is OpenAPI to the oracle, and reads back as it was.
func TestConvert(t *testing.T) {
	for name, operations := range map[string]int{"collection.json": 5, "session.har": 2, "legacy.yaml": 4, "bank.yaml": 5} {
		s := golden(t, name)
		b, err := spec.OpenAPI(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Bytes(name, b, document.Limits{})
		if err != nil || len(again.Problems) > 0 {
			t.Fatalf("%s: %v %v", name, err, problemLines(again))
		}
		same(t, name, ours(again), theirs3(t, b), operations)
		for i := range s.Operations {
			if s.Operations[i].Template == "" {
				t.Errorf("%s: no template", name)
			}
		}
		// Where the servers have one host, nothing is lost on the way.
		if name == "legacy.yaml" {
			if changes := spec.Diff(s, again); len(changes) > 0 {
				t.Errorf("%s: %v", name, changes)
			}
		}
		twice, err := spec.OpenAPI(golden(t, name))
		if err != nil || string(twice) != string(b) {
			t.Errorf("%s: two runs differ (%v)", name, err)
		}
	}
}
