package content_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/miradorhq/mirador/pkg/event"
)

// recorded is one line of a corpus of requests.
type recorded struct {
	Method, URI, Body, Label string
	Headers                  map[string]string
}

// corpus are the lines of a corpus of requests.
func corpus(t *testing.T, name string) (lines []recorded) {
	t.Helper()
	corpora.Each(t, "signature", name, func(line []byte) {
		var r recorded
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, r)
	})
	return lines
}

// TestOrdinaryValuesStayClosed counts the values of harmless requests that were
// taken for base64, a token or JSON. None of these corpora has any in truth.
func TestOrdinaryValuesStayClosed(t *testing.T) {
	for _, name := range []string{"httpparams_train.jsonl.gz", "csic2010_normal_train.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
			var doc content.Document
			requests, values, opened := 0, 0, 0
			for _, r := range corpus(t, name) {
				if r.Label != "benign" {
					continue
				}
				requests++
				path, query, _ := strings.Cut(r.URI, "?")
				e := &event.Event{Method: []byte(r.Method), Path: []byte(path), Query: []byte(query), RequestBody: event.Body{Data: []byte(r.Body)}}
				for k, v := range r.Headers {
					e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(k), Value: []byte(v)})
				}
				content.ParseRequest(e, &doc, content.Limits{})
				values += len(doc.Leaves)
				for i := range doc.Nested {
					opened++
					t.Logf("%s %q", doc.Nested[i].Path, doc.Nested[i].Value)
				}
			}
			t.Logf("%d requests, %d values, %d leaves within them", requests, values, opened)
			if requests == 0 || opened*10000 > values {
				t.Errorf("%d of %d values of %d requests were opened", opened, values, requests)
			}
		})
	}
}
