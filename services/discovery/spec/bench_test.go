package spec_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
)

// large is a document of 2,000 operations and the endpoints that they become.
func large() (string, []catalog.Endpoint) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\nservers: [{url: 'https://h'}]\npaths:\n")
	var endpoints []catalog.Endpoint
	for i := range 1000 {
		fmt.Fprintf(&b, "  /things%d/{id}:\n", i)
		for _, m := range []string{"GET", "PUT"} {
			fmt.Fprintf(&b, "    %s: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}], responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/thing'}}}}}}\n", strings.ToLower(m))
			endpoints = append(endpoints, observed{Label: fmt.Sprintf("%s h/things%d/{int}", m, i), Params: []string{"response:id:integer:10", "response:name:string:10", "response:other:string:10"}}.endpoint())
		}
	}
	b.WriteString("components: {schemas: {thing: {type: object, properties: {id: {type: integer}, name: {type: string}}}}}\n")
	return b.String(), endpoints
}

func BenchmarkRead(b *testing.B) {
	text, _ := large()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := read.Bytes("a.yaml", []byte(text), document.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	text, endpoints := large()
	s, err := read.Bytes("a.yaml", []byte(text), document.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if got := spec.Compare([]*spec.Specification{s}, endpoints, start.Add(3*time.Hour), spec.Defaults()); len(got) != 2000 {
			b.Fatalf("%d differences", len(got))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(endpoints)), "ns/endpoint")
}
