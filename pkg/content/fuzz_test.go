package content_test

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

var small = content.Limits{Leaves: 50, Depth: 5, DecodedBytes: 4096, Ratio: 5, RatioFree: 1024, PathBytes: 64,
	Nesting: 2, NestedLeaves: 20, Operations: 3, Tokens: 40}

// check parses e twice, into a new and into a used document, and holds the
// result against what is promised of any input.
func check(t *testing.T, e *event.Event, used *content.Document) {
	t.Helper()
	for _, limits := range []content.Limits{{}, small} {
		for name, parse := range map[string]func(*event.Event, *content.Document, content.Limits){
			"request": content.ParseRequest, "response": content.ParseResponse,
		} {
			var doc content.Document
			parse(e, &doc, limits)
			within(t, &doc, limits)
			first := fmt.Sprint(doc.Format, doc.Issues, all(&doc))
			parse(e, used, limits)
			if second := fmt.Sprint(used.Format, used.Issues, all(used)); first != second {
				t.Fatalf("%s differs in a used document:\n%s\n%s", name, first, second)
			}
			remembering := limits
			remembering.Queries = content.NewQueries(1 << 20)
			for range 2 {
				parse(e, used, remembering)
				if third := fmt.Sprint(used.Format, used.Issues, all(used)); first != third {
					t.Fatalf("%s differs where queries are remembered:\n%s\n%s", name, first, third)
				}
			}
		}
	}
}

func all(doc *content.Document) (s []string) {
	for _, leaves := range [][]content.Leaf{doc.Leaves, doc.Nested} {
		for i := range leaves {
			l := &leaves[i]
			s = append(s, fmt.Sprintf("%d %q %q %q %q %d %d", l.Location, l.Path, l.Name, l.Value, l.Raw, l.Type, l.Via))
		}
	}
	for i := range doc.Operations {
		s = append(s, operationText(&doc.Operations[i]))
	}
	return s
}

func within(t *testing.T, doc *content.Document, limits content.Limits) {
	t.Helper()
	if limits.Leaves == 0 {
		limits = content.DefaultLimits
	}
	if len(doc.Leaves) > limits.Leaves || len(doc.Issues) > limits.Leaves {
		t.Fatalf("%d leaves and %d issues, limit %d", len(doc.Leaves), len(doc.Issues), limits.Leaves)
	}
	if len(doc.Nested) > limits.NestedLeaves || len(doc.Operations) > limits.Operations {
		t.Fatalf("%d nested leaves and %d operations", len(doc.Nested), len(doc.Operations))
	}
	for _, l := range slices.Concat(doc.Leaves, doc.Nested) {
		if len(l.Path) > limits.PathBytes {
			t.Fatalf("path of %d bytes", len(l.Path))
		}
		_ = l.Location.String() + l.Type.String() + l.Via.String()
		// A value that another leaf's append could overwrite would show here.
		if cap(l.Value) > 0 && len(l.Value) > 0 && unsafe.SliceData(l.Value) == nil {
			t.Fatal("value without memory")
		}
		if len(l.Value) > 0 && len(l.Raw) == 0 {
			t.Fatalf("%s %q: a value out of nothing: %q", l.Location, l.Path, l.Value)
		}
	}
	for i := range doc.Leaves {
		if doc.Leaves[i].Via != content.Direct {
			t.Fatalf("%q is no leaf of the message itself", doc.Leaves[i].Path)
		}
	}
	for i := range doc.Nested {
		if doc.Nested[i].Via == content.Direct {
			t.Fatalf("%q stands in nothing", doc.Nested[i].Path)
		}
	}
	for _, issue := range doc.Issues {
		if issue.Kind == "" {
			t.Fatal("issue without a kind")
		}
	}
}

func fuzzBody(f *testing.F, contentType string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), false)
		f.Add([]byte(s[:len(s)/2]), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, truncated bool) {
		var used content.Document
		e := transaction(contentType, body)
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("content-type"), Value: []byte(contentType)})
		e.RequestBody.Truncated, e.ResponseBody.Truncated = truncated, truncated
		check(t, e, &used)
	})
}

func FuzzJSON(f *testing.F) {
	fuzzBody(f, "application/json", string(accountList()), `{"a":[1,{"b":"\u00e9\ud83d\ude00"},null,true],"a":-1.5e9}`, `[[[[[[[[1]]]]]]]]`, `{"a":1}{"b":2}`,
		`{"query":"{ me }","variables":{"x":1}}`)
}

// FuzzJSONSyntax holds the verdict on syntax against the standard library's.
func FuzzJSONSyntax(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":null}]}`, `[01]`, `[1.]`, `{"a":"\x"}`, `{"a":1,}`, `"\ud83d"`, `{"a" :"b" , "c":[] }`, `[-]`, `[1e+]`, "[\"\x01\"]", `{"a":tru}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e := &event.Event{ResponseBody: event.Body{Data: b, ContentType: []byte("application/json")}}
		var doc content.Document
		content.ParseResponse(e, &doc, content.Limits{})
		if doc.Format != content.JSON && doc.Format != content.GraphQL || bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) || bytes.HasPrefix(b, []byte(")]}'")) {
			return
		}
		bad := false
		for _, i := range doc.Issues {
			switch i.Kind {
			case content.DepthLimit, content.LeafLimit:
				return // not read to the end
			case content.BadSyntax:
				bad = true
			}
		}
		if valid := stdjson.Valid(b); valid == bad {
			t.Fatalf("valid JSON: %v, bad syntax noted: %v: %q", valid, bad, b)
		}
	})
}

func FuzzForm(f *testing.F) {
	fuzzBody(f, "application/x-www-form-urlencoded", "a=1&b=%41+x&=&a", "%=%&%zz=%f", "{\"a\":1}")
}

func FuzzMultipart(f *testing.F) {
	fuzzBody(f, "multipart/form-data; boundary=X",
		"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--X\r\nContent-Disposition: form-data; name=b; filename=\"c\"\r\nContent-Type: application/json\r\n\r\n{\"d\":1}\r\n--X--\r\n",
		"--X\n\n--X--", "--X\r\nContent-Type: text/xml\r\n\r\n<a>1</a>\r\n--X--")
}

func FuzzXML(f *testing.F) {
	fuzzBody(f, "text/xml", `<?xml version="1.0" encoding="latin1"?><!DOCTYPE a [<!ENTITY b "c">]><a x="1"><b>&b;&lt;<![CDATA[d]]></b><!-- e --></a>`, "<a><b></a></b>", "<a/>x<b/>")
}

func FuzzUnknownBody(f *testing.F) {
	fuzzBody(f, "", `{"a":1}`, "<a>1</a>", "a=1&b=2", "\x89PNG\r\n\x1a\n", "text", "--X\n\n--X--")
}

func FuzzCodings(f *testing.F) {
	for _, c := range []string{"gzip", "br", "zstd", "deflate", "deflate-raw"} {
		name := c
		if c == "deflate-raw" {
			name = "deflate"
		}
		f.Add(encode(f, c, []byte(`{"a":"packed"}`)), name, false)
		f.Add(encode(f, c, bytes.Repeat([]byte(`[1,2,3] `), 20000)), name, true)
	}
	f.Fuzz(func(t *testing.T, body []byte, coding string, truncated bool) {
		var used content.Document
		e := transaction("application/json", body)
		e.ResponseBody.Truncated = truncated
		e.ResponseHeaders = append(e.ResponseHeaders, event.Header{Name: []byte("Content-Encoding"), Value: []byte(coding)})
		check(t, e, &used)
	})
}

func FuzzTarget(f *testing.F) {
	f.Add([]byte("/v1/items/4%2F2"), []byte("a=1&b=%27+or"), []byte("X-Count"), []byte("12"), []byte("a=1; b=\"2\"; c"), []byte("sid=1; Path=/"))
	f.Fuzz(func(t *testing.T, path, query, name, value, cookie, setCookie []byte) {
		var used content.Document
		h := func(n string, v []byte) event.Header { return event.Header{Name: []byte(n), Value: v} }
		e := &event.Event{Path: path, Query: query,
			RequestHeaders:  []event.Header{{Name: name, Value: value}, h("cookie", cookie)},
			ResponseHeaders: []event.Header{{Name: name, Value: value}, h("set-cookie", setCookie)}}
		check(t, e, &used)
	})
}
