package read

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// put writes a file with a time of its own, for clocks of file systems are coarse.
func put(t *testing.T, folder, name, content string, second int) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 14, 9, 0, second, 0, time.UTC)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

const (
	oneOperation  = "openapi: 3.0.0\npaths:\n  /a: {get: {responses: {'200': {description: ok}}}}\n"
	twoOperations = oneOperation + "  /b: {get: {parameters: [{$ref: 'parts/p.yaml#/p'}], responses: {'200': {description: ok}}}}\n"
	broken        = "openapi: 3.0.0\npaths:\n  /a: [\n"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	f := NewFolder(dir, document.Limits{})
	poll := func(wantChanged bool, wantErr string, wantOperations ...int) {
		t.Helper()
		changed, err := f.Poll(context.Background())
		if changed != wantChanged {
			t.Errorf("changed is %v", changed)
		}
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("error %v, want %q", err, wantErr)
		}
		var got []int
		for _, s := range f.Specifications() {
			got = append(got, len(s.Operations))
		}
		if len(got) != len(wantOperations) {
			t.Fatalf("operations %v, want %v", got, wantOperations)
		}
		for i := range got {
			if got[i] != wantOperations[i] {
				t.Errorf("operations %v, want %v", got, wantOperations)
			}
		}
	}
	poll(false, "")
	put(t, dir, "a.yaml", oneOperation, 1)
	put(t, dir, "notes.txt", "no specification", 1)
	put(t, dir, ".hidden.yaml", broken, 1)
	poll(true, "", 1)
	poll(false, "", 1)
	put(t, dir, "a.yaml", oneOperation, 2) // touched
	poll(false, "", 1)
	put(t, dir, "a.yaml", broken, 3) // the one before stays in force
	poll(false, "a.yaml:3: did not find expected node content", 1)
	poll(false, "a.yaml:3: did not find expected node content", 1)
	put(t, dir, "a.yaml", twoOperations, 4) // its part is missing
	poll(true, "", 2)
	if p := f.Specifications()[0].Problems; len(p) != 1 || !strings.Contains(p[0].String(), "a.yaml:4: reference \"parts/p.yaml#/p\": parts/p.yaml: no such file") {
		t.Errorf("problems %v", p)
	}
	put(t, dir, "parts/p.yaml", "p: {name: q, in: query}\n", 5)
	poll(true, "", 2)
	if s := f.Specifications()[0]; len(s.Problems) != 0 || len(s.Operations[1].Params) != 1 {
		t.Errorf("%v %+v", s.Problems, s.Operations[1].Params)
	}
	put(t, dir, "b.graphql", "type Query { a: Int b: Int c: Int }", 6)
	put(t, dir, "common.yaml", "q: {name: r, in: query}\n", 6) // neither a specification nor referred to
	poll(true, "common.yaml:1: the document is no OpenAPI", 2, 3)
	put(t, dir, "a.yaml", strings.ReplaceAll(twoOperations, "parts/p.yaml#/p", "common.yaml#/q"), 7)
	poll(true, "", 2, 3)
	if err := os.Remove(filepath.Join(dir, "b.graphql")); err != nil {
		t.Fatal(err)
	}
	poll(true, "", 2)
	if _, err := NewFolder(filepath.Join(dir, "missing"), document.Limits{}).Poll(context.Background()); err == nil {
		t.Error("a folder that is not there is no error")
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Poll(ended); err == nil {
		t.Error("an ended context is no error")
	}
}

// No reference leaves the folder, not by a link either.
func TestLinksStayInside(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	put(t, outside, "secret.yaml", "p: {name: secret, in: query}\n", 1)
	if err := os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "a.yaml", strings.ReplaceAll(twoOperations, "parts/p.yaml", "link.yaml"), 1)
	s, err := File(filepath.Join(dir, "a.yaml"), document.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Text, "escapes") || len(s.Operations[1].Params) != 0 {
		t.Errorf("%v %+v", s.Problems, s.Operations[1].Params)
	}
}
