package content_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

// golden is one case of testdata/cases: a message and what must be read of it.
type golden struct {
	Name     string         `json:"name"`
	Response bool           `json:"response,omitempty"`
	Path     string         `json:"path,omitempty"`
	Query    string         `json:"query,omitempty"`
	Headers  [][2]string    `json:"headers,omitempty"`
	Body     string         `json:"body,omitempty"`
	Base64   string         `json:"body_base64,omitempty"`
	Repeat   int            `json:"repeat,omitempty"`  // the body, so many times
	Codings  []string       `json:"codings,omitempty"` // applied to the body by the test
	Cut      int            `json:"cut,omitempty"`     // bytes taken off the end, as truncated
	Limits   content.Limits `json:"limits,omitzero"`
	Method   string         `json:"method,omitempty"`
	Status   uint16         `json:"status,omitempty"`
	// Upgrade is the request's header, which stands beside a response too.
	Upgrade string `json:"upgrade,omitempty"`
	// Described says that the schema of the test's bank is configured.
	Described bool `json:"described,omitempty"`

	Format string `json:"format"`
	// Leaves are "location path type value", with " < raw" where raw differs.
	Leaves []string `json:"leaves"`
	// Nested are the same, with the step into the value before them.
	Nested []string `json:"nested,omitempty"`
	// Operations are "protocol text", with what else is known of them.
	Operations []string `json:"operations,omitempty"`
	// Issues are "kind location path".
	Issues []string `json:"issues"`
}

var update = flag.Bool("update", false, "write what was read into the golden cases")

// cases is how many cases testdata holds: one that is lost must be noticed.
const cases = 302

func (g *golden) event(t *testing.T) *event.Event {
	body := []byte(g.Body)
	if g.Base64 != "" {
		var err error
		if body, err = base64.StdEncoding.DecodeString(g.Base64); err != nil {
			t.Fatalf("%s: body_base64: %v", g.Name, err)
		}
	}
	if g.Repeat > 0 {
		body = bytes.Repeat(body, g.Repeat)
	}
	for _, c := range g.Codings {
		body = encode(t, c, body)
	}
	body = body[:len(body)-g.Cut]
	e := &event.Event{Method: []byte(g.Method), Path: []byte(g.Path), Query: []byte(g.Query), Status: g.Status}
	b := event.Body{Data: body, Truncated: g.Cut > 0}
	var hs []event.Header
	for _, h := range g.Headers {
		hs = append(hs, event.Header{Name: []byte(h[0]), Value: []byte(h[1])})
	}
	if g.Described {
		g.Limits.Descriptors = bankDescriptors(t)
	}
	if g.Upgrade != "" {
		e.RequestHeaders = []event.Header{{Name: []byte("Upgrade"), Value: []byte(g.Upgrade)}}
	}
	if g.Response {
		e.ResponseBody, e.ResponseHeaders = b, hs
	} else {
		e.RequestBody, e.RequestHeaders = b, append(e.RequestHeaders, hs...)
	}
	return e
}

func encode(t testing.TB, coding string, b []byte) []byte {
	var out bytes.Buffer
	var w interface {
		Write([]byte) (int, error)
		Close() error
	}
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	case "deflate":
		w = zlib.NewWriter(&out)
	case "deflate-raw":
		w, _ = flate.NewWriter(&out, 5)
	default:
		t.Fatalf("coding %q is not known to the test", coding)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (g *golden) parse(t *testing.T, doc *content.Document) {
	e := g.event(t)
	if g.Response {
		content.ParseResponse(e, doc, g.Limits)
	} else {
		content.ParseRequest(e, doc, g.Limits)
	}
}

func leafText(l *content.Leaf) string {
	s := fmt.Sprintf("%s %q %s %q", l.Location, l.Path, l.Type, clip(l.Value))
	if !bytes.Equal(l.Value, l.Raw) {
		s += fmt.Sprintf(" < %q", clip(l.Raw))
	}
	return s
}

func clip(b []byte) []byte { return b[:min(len(b), 200)] }

func read(doc *content.Document) (leaves, issues, nested, operations []string) {
	leaves, issues = []string{}, []string{}
	for i := range doc.Leaves {
		leaves = append(leaves, leafText(&doc.Leaves[i]))
	}
	for i := range doc.Nested {
		nested = append(nested, doc.Nested[i].Via.String()+" "+leafText(&doc.Nested[i]))
	}
	for _, i := range doc.Issues {
		issues = append(issues, fmt.Sprintf("%s %s %q", i.Kind, i.Location, i.Path))
	}
	for i := range doc.Operations {
		operations = append(operations, operationText(&doc.Operations[i]))
	}
	return leaves, issues, nested, operations
}

func operationText(o *content.Operation) string {
	s := o.Protocol.String() + " " + o.String()
	if len(o.Fields) > 0 {
		s += fmt.Sprintf(" fields=%s", strings.Join(o.Fields, ","))
	}
	if o.Hash != "" {
		s += fmt.Sprintf(" hash=%s depth=%d selections=%d aliases=%d", o.Hash, o.Depth, o.Selections, o.Aliases)
	}
	if o.Persisted != "" {
		s += " persisted=" + o.Persisted
	}
	if o.Introspection {
		s += " introspection"
	}
	return s
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata/cases: no cases (%v)", err)
	}
	var doc content.Document // one for all: nothing of a case may show in the next
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var gs []golden
		if err := json.Unmarshal(b, &gs); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range gs {
			g := &gs[i]
			n++
			t.Run(filepath.Base(file)+"/"+g.Name, func(t *testing.T) {
				g.parse(t, &doc)
				leaves, issues, nested, operations := read(&doc)
				if *update {
					g.Format, g.Leaves, g.Issues, g.Nested, g.Operations = doc.Format.String(), leaves, issues, nested, operations
					return
				}
				if doc.Format.String() != g.Format {
					t.Errorf("format %s, want %s", doc.Format, g.Format)
				}
				same(t, "leaves", leaves, g.Leaves)
				same(t, "issues", issues, g.Issues)
				same(t, "nested leaves", nested, g.Nested)
				same(t, "operations", operations, g.Operations)
			})
		}
		if *update {
			b, err := json.MarshalIndent(gs, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n != cases {
		t.Errorf("%d golden cases, want %d", n, cases)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
