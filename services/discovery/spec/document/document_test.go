package document

import (
	"encoding/json"
	"strings"
	"testing"
)

const sample = `{
  "a": {"b~/c": [1, 2.5, true, null, "x"]},
  "d": "e"
}`

func TestJSON(t *testing.T) {
	f, err := Parse("f.json", []byte("\xef\xbb\xbf"+sample), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list := f.Root.At("a", "b~/c")
	if list.Pointer() != "/a/b~0~1c" || list.Line != 2 || list.File() != "f.json" || f.Root.Find("/a/b~0~1c") != list {
		t.Errorf("%q at line %d of %s", list.Pointer(), list.Line, list.File())
	}
	var got []string
	for _, n := range list.Elements() {
		got = append(got, n.Type+" "+n.String())
	}
	if strings.Join(got, ",") != "integer 1,number 2.5,boolean true,null ,string x" {
		t.Errorf("%q", got)
	}
	if d := f.Root.Get("d"); d.Line != 3 || d.String() != "e" || d.Number() != nil || d.True() {
		t.Errorf("%+v", d)
	}
	if *list.Items[1].Number() != 2.5 || !list.Items[2].True() || f.Root.Find("/a/b~0~1c/9") != nil || f.Root.Find("/x/y") != nil {
		t.Error("values")
	}
	var none *Node
	if none.Get("x") != nil || none.String() != "" || none.Pointer() != "" || none.File() != "" || none.Find("/a") != nil {
		t.Error("a value that is not there")
	}
}

func TestYAML(t *testing.T) {
	f, err := Parse("f.yaml", []byte("base: &base {x: 1, y: 2}\nderived:\n  <<: *base\n  y: 3\nagain: *base\n200: ok\nat: 2026-01-01\n"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d := f.Root.Get("derived")
	if d.Get("x").String() != "1" || d.Get("y").String() != "3" || d.Get("y").Line != 4 || d.Get("x").Pointer() != "/derived/x" {
		t.Errorf("merged: %+v", d)
	}
	if a := f.Root.Get("again"); a.Get("y").String() != "2" || a.Line != 5 || a.Get("y").Pointer() != "/again/y" {
		t.Errorf("alias: %+v", a)
	}
	if f.Root.Get("200").String() != "ok" || !f.Root.Get("at").Is("string") {
		t.Error("names and dates are texts")
	}
}

// FuzzParse: whatever encoding/json takes is read, with the same values; anything else
// gives a result or an error, and neither costs more than its bytes.
func FuzzParse(f *testing.F) {
	for _, s := range []string{sample, "a: [1, {b: c}]", "a: &x [1]\nb: [*x, *x]", "{a: b}", "<<: {a: 1}", "? a\n: b", "\"\\ud83d\"", "{\"a\":1,\"a\":{\"b\":2}}", "--- !!binary x", "a: !!merge <<"} {
		f.Add([]byte(s))
	}
	limits := Limits{Bytes: 1 << 16, Depth: 30, Nodes: 100_000}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse("f", b, limits)
		if err == nil && file.Root == nil {
			t.Fatal("neither a document nor an error")
		}
		if err == nil {
			walk(t, file.Root, file.Root)
		}
		var v any
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		trimmed := strings.TrimLeft(string(b), " \t\r\n")
		if len(b) > limits.Bytes || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") || !json.Valid(b) || d.Decode(&v) != nil {
			return
		}
		if err != nil {
			if deep := strings.Count(string(b), "[") + strings.Count(string(b), "{"); deep < limits.Depth {
				t.Fatalf("JSON is refused: %v", err)
			}
			return
		}
		equal(t, file.Root, v)
	})
}

// walk finds every value again by its pointer.
func walk(t *testing.T, root, n *Node) {
	if found := root.Find(n.Pointer()); found != n {
		t.Fatalf("%q is not where it says", n.Pointer())
	}
	for _, f := range n.Fields {
		walk(t, root, f.Value)
	}
	for _, e := range n.Items {
		walk(t, root, e)
	}
}

func equal(t *testing.T, n *Node, v any) {
	switch v := v.(type) {
	case map[string]any:
		if n.Kind != Object || len(n.Fields) != len(v) {
			t.Fatalf("%q: %d fields, want %d", n.Pointer(), len(n.Fields), len(v))
		}
		for name, w := range v {
			equal(t, n.Get(name), w)
		}
	case []any:
		if n.Kind != List || len(n.Items) != len(v) {
			t.Fatalf("%q: %d items, want %d", n.Pointer(), len(n.Items), len(v))
		}
		for i, w := range v {
			equal(t, n.Items[i], w)
		}
	case string:
		if !n.Is("string") || n.Text != v {
			t.Fatalf("%q is %q, want %q", n.Pointer(), n.Text, v)
		}
	case json.Number:
		if n.Text != v.String() || n.Type != "integer" && n.Type != "number" {
			t.Fatalf("%q is %q, want %q", n.Pointer(), n.Text, v)
		}
	case bool:
		if n.True() != v || !n.Is("boolean") {
			t.Fatalf("%q is %q, want %v", n.Pointer(), n.Text, v)
		}
	case nil:
		if !n.Is("null") {
			t.Fatalf("%q is %q, want null", n.Pointer(), n.Text)
		}
	}
}
