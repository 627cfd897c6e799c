package read

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

var small = document.Limits{Bytes: 1 << 16, Depth: 40, Nodes: 60_000}

// use does with a specification all that is done with one; nothing of it may fail, and an
// operation without a place can't be found again by anybody.
func use(t *testing.T, s *spec.Specification) {
	if err := spec.WriteLines(io.Discard, s); err != nil {
		t.Fatal(err)
	}
	b, err := spec.OpenAPI(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Bytes("again.json", b, document.Limits{Depth: 200}); err != nil {
		t.Fatalf("what was written can't be read: %v\n%s", err, b)
	}
	if changes := spec.Diff(s, s); len(changes) > 0 {
		t.Fatalf("it differs from itself: %v", changes)
	}
	var endpoints []catalog.Endpoint
	at := time.Unix(1_767_323_045, 0).UTC()
	for _, template := range []string{"/", "/a", "/a/{int}", "/accounts/{uuid}", "/users", "/{string}", "/orders.v1.Orders/Get"} {
		endpoints = append(endpoints, catalog.Endpoint{ID: template, Tenant: "t", Host: "h", Method: "GET", Template: template, Protocol: "rest", Hits: 10,
			FirstSeen: at, LastSeen: at.Add(48 * time.Hour), Statuses: []catalog.Tally{{Name: "2xx", Count: 10}}, Auth: []catalog.Tally{{Name: "none", Count: 10}},
			Params: []catalog.Param{{In: "query", Name: "q", Count: 5, Types: []catalog.Tally{{Name: "string", Count: 5}}}, {In: "response", Name: "items[].id", Count: 5, Types: []catalog.Tally{{Name: "uuid", Count: 5}}}}})
	}
	o := spec.Defaults()
	o.Hosts, o.OrphanAfter = []string{"h"}, time.Hour
	for _, d := range spec.Compare([]*spec.Specification{s}, endpoints, at.Add(48*time.Hour), o) {
		if d.Summary == "" || d.Where.File == "" {
			t.Fatalf("%+v", d)
		}
		spec.Finding("t", d, at)
	}
	for _, op := range s.Operations {
		if op.Where.File == "" || op.Method == "" && op.Protocol != "rest" {
			t.Fatalf("%+v", op)
		}
	}
}

func fuzz(f *testing.F, name string, seeds ...string) {
	for _, seed := range seeds {
		var b []byte
		if strings.HasSuffix(seed, ".textproto") {
			b = descriptorSet(f, seed)
		} else {
			var err error
			if b, err = os.ReadFile(filepath.Join("testdata", seed)); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// Not parse: it would hide a fault of ours.
		s, err := recognise(document.NewSet(small), name, b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), name) {
				t.Fatalf("an error that does not name the file: %v", err)
			}
			return
		}
		s.File = name
		use(t, s)
	})
}

func FuzzOpenAPI(f *testing.F) { fuzz(f, "a.yaml", "bank.yaml", "cafe.json", "legacy.yaml") }
func FuzzGraphQL(f *testing.F) { fuzz(f, "a.graphql", "shop.graphql") }
func FuzzProtobuf(f *testing.F) {
	f.Add(transcoded(f, httpAnnotation(2, "/v1/{id=a/*/b/**}", "*")))
	fuzz(f, "a.pb", "orders.textproto")
}
func FuzzPostman(f *testing.F) { fuzz(f, "a.json", "collection.json") }
func FuzzHAR(f *testing.F)     { fuzz(f, "a.har", "session.har") }
