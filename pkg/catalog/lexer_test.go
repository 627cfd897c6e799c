package catalog

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// cases reads a golden file and checks how many cases it holds, so that none is
// lost unseen.
func cases(t testing.TB, file string, fields, count int) [][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.SplitSeq(strings.TrimSuffix(string(b), "\n"), "\n") {
		if strings.HasPrefix(line, "# ") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != fields {
			t.Fatalf("%s: %q has %d fields, want %d", file, line, len(f), fields)
		}
		out = append(out, f)
	}
	if len(out) != count {
		t.Fatalf("%s holds %d cases, want %d", file, len(out), count)
	}
	return out
}

func TestClassify(t *testing.T) {
	for _, c := range cases(t, "testdata/segments.tsv", 2, 91) {
		want := c[1]
		if want == "-" {
			want = ""
		}
		if got := Classify([]byte(c[0])); got != want {
			t.Errorf("%q is %q, want %q", c[0], got, want)
		}
	}
}

func TestTemplate(t *testing.T) {
	for _, c := range cases(t, "testdata/templates.tsv", 3, 28) {
		got, values := Template([]byte(c[0]))
		if got != c[1] {
			t.Errorf("%q gives %q, want %q", c[0], got, c[1])
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprintf("%d:%s:%s", v.Index, v.Type, v.Text))
		}
		if s := strings.Join(texts, " "); s != c[2] {
			t.Errorf("%q has values %q, want %q", c[0], s, c[2])
		}
	}
}

// A template is the template of itself only where it has no types; but a path
// and its decoded, slash-trimmed form must agree, whatever the bytes.
func FuzzTemplate(f *testing.F) {
	for _, c := range cases(f, "testdata/templates.tsv", 3, 28) {
		f.Add([]byte(c[0]))
	}
	for _, c := range cases(f, "testdata/segments.tsv", 2, 91) {
		f.Add([]byte("/x/" + c[0]))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		template, values := Template(path)
		if template == "" || template[0] != '/' || strings.Contains(template, "//") || len(template) > 1 && strings.HasSuffix(template, "/") {
			t.Fatalf("%q gives %q", path, template)
		}
		if strings.Count(template, "{") != len(values) || strings.Count(template, "}") != len(values) {
			t.Fatalf("%q gives %q with %d values", path, template, len(values))
		}
		if !utf8.ValidString(template) {
			t.Fatalf("%q gives invalid UTF-8 %q", path, template)
		}
		for i, b := range []byte(template) {
			if b <= ' ' || b >= 0x7f || strings.IndexByte("%?#\"<>\\^`|;", b) >= 0 {
				t.Fatalf("%q gives %q with byte %#x at %d", path, template, b, i)
			}
		}
		if len(template) > DefaultLimits.Path*8 {
			t.Fatalf("a path of %d bytes gives a template of %d", len(path), len(template))
		}
		again, _ := Template(path)
		if again != template {
			t.Fatalf("%q gives %q and %q", path, template, again)
		}
		if s, _ := Template(append([]byte(nil), append(path, '/')...)); len(path) > 0 && path[0] == '/' && len(path) < DefaultLimits.Path-1 && s != template {
			t.Fatalf("%q gives %q, with a slash behind it %q", path, template, s)
		}
	})
}

func BenchmarkTemplate(b *testing.B) {
	for _, c := range []struct{ name, path string }{
		{"literal", "/api/v1/accounts/transfers/search"},
		{"int", "/api/v1/accounts/1002/transfers"},
		{"uuid", "/api/v1/users/3c1da8b0-fce6-4b8e-b5e3-fd007472206b/cards"},
		{"random", "/v1/customers/cus_NffrFeUfNV2Hib/sources/vi4k0jvEUuaTdRAEjQ4Jfrgz"},
	} {
		path := []byte(c.path)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Template(path)
			}
		})
	}
}

func BenchmarkLexicalMatch(b *testing.B) {
	var x Lexical
	path := []byte("/api/v1/accounts/1002/transfers")
	b.ReportAllocs()
	for b.Loop() {
		x.Match("default", "bank.example", "GET", path)
	}
}
