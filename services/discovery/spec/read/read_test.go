package read

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// documents are the golden cases: what is read of each stands in file.golden.
var documents = map[string]int{ // operations
	"bank.yaml": 5, "cafe.json": 3, "legacy.yaml": 4, "shop.graphql": 5, "orders.textproto": 2, "collection.json": 5, "session.har": 2,
}

// golden reads a document of testdata; a descriptor set stands there as text.
func golden(t testing.TB, name string) *spec.Specification {
	t.Helper()
	var s *spec.Specification
	var err error
	if strings.HasSuffix(name, ".textproto") {
		s, err = Bytes(strings.TrimSuffix(name, ".textproto")+".pb", descriptorSet(t, name), document.Limits{})
	} else {
		s, err = File(filepath.Join("testdata", name), document.Limits{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func descriptorSet(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := prototext.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	for name, operations := range documents {
		s := golden(t, name)
		var got bytes.Buffer
		for _, line := range append([]string{s.Format, s.Title, s.Version}, problemLines(s)...) {
			got.WriteString("# " + line + "\n")
		}
		if err := spec.WriteLines(&got, s); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".golden")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s differs from %s (UPDATE_GOLDEN=1 writes it):\n%s", name, file, got.Bytes())
		}
		if len(s.Operations) != operations {
			t.Errorf("%s: %d operations, want %d", name, len(s.Operations), operations)
		}
	}
	if files, _ := filepath.Glob("testdata/*.golden"); len(files) != len(documents) {
		t.Errorf("%d golden files, %d documents", len(files), len(documents))
	}
}

func problemLines(s *spec.Specification) []string {
	var out []string
	for _, p := range s.Problems {
		out = append(out, p.String())
	}
	return out
}

// Every place must be where the operation is: the line of a file, found by its pointer.
func TestPlaces(t *testing.T) {
	checked := 0
	for _, name := range []string{"bank.yaml", "cafe.json", "legacy.yaml", "collection.json", "session.har"} {
		set, err := document.OpenSet("testdata", document.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := set.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := set.Add(name, b)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(b), "\n")
		for _, o := range golden(t, name).Operations {
			n := f.Root.Find(o.Where.Pointer)
			if n == nil || n.Line != o.Where.Line {
				t.Errorf("%s: %s is not at %s %s", name, o.Label(), o.Where, o.Where.Pointer)
				continue
			}
			last := o.Where.Pointer[strings.LastIndexByte(o.Where.Pointer, '/')+1:]
			if !strings.HasPrefix(last, "0") && strings.Trim(last, "0123456789") != "" && !strings.Contains(lines[n.Line-1], last) {
				t.Errorf("%s:%d has no %q: %s", name, n.Line, last, lines[n.Line-1])
			}
			checked++
		}
	}
	if checked != 19 {
		t.Errorf("%d places checked", checked)
	}
}

func TestErrors(t *testing.T) {
	cases := []struct{ name, content, want string }{
		{"a.yaml", "openapi: 3.0.0\npaths:\n  /a: [\n", "a.yaml:"},
		{"a.json", "{\n \"openapi\": \"3.0.0\",\n \"paths\": {,}\n}", "a.json:3: invalid character"},
		{"a.json", "{\"openapi\": \"3.0.0\",\n\"paths\": {", "a.json:2: the document ends within a value"},
		{"a.json", "{\"openapi\": \"3.0.0\", \"paths\": {}}\n\n]", "a.json:3: "},
		{"a.yaml", "\nopenapi: 4.0.0\npaths: {}", "a.yaml:2: openapi \"4.0.0\" is not read"},
		{"a.yaml", "swagger: \"1.2\"\npaths: {}", "a.yaml:1: swagger \"1.2\" is not read"},
		{"a.yaml", "openapi: 3.0.0\ninfo: {}", "a.yaml:1: the document has no paths"},
		{"a.yaml", "name: something\n", "a.yaml:1: the document is no OpenAPI"},
		{"a.yaml", "", "the document is empty"},
		{"a.yaml", "a: &x [*x]\nopenapi: 3.0.0", "a.yaml:"},
		{"a.graphql", "type Query {\n  a: [Int\n}", "a.graphql:3: Expected ]"},
		{"a.graphql", "type Order { id: ID }", "a.graphql: the schema has no field of Query"},
		{"a.pb", "\x00\x01", "a.pb: the content is no FileDescriptorSet"},
		{"a.bin", "\xff\xfe\x00", "a.bin: the content is no FileDescriptorSet"},
		{"a.json", `{"info":{"schema":"https://schema.getpostman.com/json/collection/v1.0.0/"},"item":[]}`, "a.json:1: collection of schema"},
		{"a.json", `{"log":{"entries":{}}}`, "a.json:1: log.entries is no list"},
		{"a.yaml", strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested too deeply"},
	}
	for _, c := range cases {
		_, err := Bytes(c.name, []byte(c.content), document.Limits{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.name, c.content, err, c.want)
		}
	}
	if len(cases) != 17 {
		t.Errorf("%d cases", len(cases))
	}
	if _, err := Bytes("a.yaml", []byte("x: 1"), document.Limits{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v is not ErrUnknown", err)
	}
	if _, err := File("testdata/missing.yaml", document.Limits{}); err == nil || !strings.HasPrefix(err.Error(), "testdata/missing.yaml: ") {
		t.Errorf("missing: %v", err)
	}
}

// Hostile documents cost what their bytes do.
func TestHostile(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("openapi: 3.0.0\npaths: {}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := range 9 {
		bomb.WriteString(strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace("aN: &aN [*aP,*aP,*aP,*aP,*aP,*aP,*aP,*aP,*aP,*aP]\n"))
	}
	if _, err := Bytes("a.yaml", []byte(bomb.String()), document.Limits{}); !errors.Is(err, document.ErrTooLarge) {
		t.Errorf("aliases: %v", err)
	}
	if _, err := Bytes("a.yaml", []byte("openapi: 3.0.0\npaths: {}"), document.Limits{Bytes: 10}); !errors.Is(err, document.ErrTooLarge) {
		t.Errorf("bytes: %v", err)
	}
	// A chain of schemas, each of which holds the next: deeper than any stack should be.
	var chain strings.Builder
	chain.WriteString("openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/s/0'}}}}}}}}\ns:\n")
	for i := range 5000 {
		chain.WriteString(strings.ReplaceAll("  - {type: object, properties: {p: {$ref: '#/s/N'}, q: {$ref: '#/s/N'}}}\n", "N", strconv.Itoa(i+1)))
	}
	chain.WriteString("  - {type: string}\n")
	s, err := Bytes("a.yaml", []byte(chain.String()), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Text, "within each other") {
		t.Errorf("chain: %v", problemLines(s))
	}
	var out bytes.Buffer
	if err := spec.WriteLines(&out, s); err != nil || out.Len() > 1<<20 {
		t.Errorf("chain: %d bytes, %v", out.Len(), err)
	}
	circle := "openapi: 3.0.0\npaths: {/a: {$ref: '#/x'}}\nx: {$ref: '#/y'}\ny: {$ref: '#/x'}"
	if s, err = Bytes("a.yaml", []byte(circle), document.Limits{}); err != nil || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Text, "circles") {
		t.Errorf("circle: %v %v", err, problemLines(s))
	}
}
