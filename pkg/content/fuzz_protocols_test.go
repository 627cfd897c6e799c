package content_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

// seeds are the bodies of the golden cases in a file.
func seeds(f *testing.F, file string) (bodies []string) {
	b, err := os.ReadFile("testdata/cases/" + file + ".json")
	if err != nil {
		f.Fatal(err)
	}
	var gs []golden
	if err := json.Unmarshal(b, &gs); err != nil {
		f.Fatal(err)
	}
	for i := range gs {
		body := gs[i].Body
		if gs[i].Base64 != "" {
			raw, err := base64.StdEncoding.DecodeString(gs[i].Base64)
			if err != nil {
				f.Fatal(err)
			}
			body = string(raw)
		}
		if len(body) > 0 && len(body) < 4096 {
			bodies = append(bodies, body)
		}
	}
	if len(bodies) == 0 {
		f.Fatalf("%s: no bodies", file)
	}
	return bodies
}

func FuzzGraphQL(f *testing.F) {
	fuzzBody(f, "application/graphql", "query A($a: [Int!]! = [1]) { b(c: $a, d: \"e\\u0041\", f: {g: [1.5, true, null, H]}) @i(j: \"\"\"k\"\"\") { ...L ... on M { n } } } fragment L on M { o }",
		"{ a: b { c(d: \"é\") } }", "{ a(b: 1) {", "subscription { a } # b\n", "{a{a{a{a{a{a{a{a(b:1)}}}}}}}}")
}

func FuzzGraphQLRequest(f *testing.F) { fuzzBody(f, "application/json", seeds(f, "graphql_query")...) }

func FuzzJSONRPC(f *testing.F) { fuzzBody(f, "application/json", seeds(f, "jsonrpc")...) }

func FuzzSOAP(f *testing.F) {
	fuzzBody(f, "application/soap+xml; action=\"urn:a#b\"", seeds(f, "soap")...)
}

func FuzzEvents(f *testing.F) { fuzzBody(f, "text/event-stream", seeds(f, "events")...) }

func FuzzWebSocket(f *testing.F) { fuzzBody(f, "application/websocket", seeds(f, "websocket")...) }

func FuzzValues(f *testing.F) { fuzzBody(f, "application/json", seeds(f, "values")...) }

func FuzzFiles(f *testing.F) { fuzzBody(f, "multipart/form-data; boundary=X", seeds(f, "files")...) }

func FuzzProtobuf(f *testing.F) {
	fuzzDescribed(f, "application/x-protobuf; proto=bank.v1.Transfer", "protobuf")
}

func FuzzGRPC(f *testing.F) { fuzzDescribed(f, "application/grpc", "grpc") }

func FuzzGRPCWeb(f *testing.F) { fuzzDescribed(f, "application/grpc-web", "grpc") }

func FuzzGRPCWebText(f *testing.F) { fuzzDescribed(f, "application/grpc-web-text", "grpc") }

// fuzzDescribed reads each input by number, and by name.
func fuzzDescribed(f *testing.F, contentType, file string) {
	for _, s := range seeds(f, file) {
		f.Add([]byte(s), false)
		f.Add([]byte(s[:len(s)/2]), true)
	}
	described := bankDescriptors(f)
	f.Fuzz(func(t *testing.T, body []byte, truncated bool) {
		var used content.Document
		e := transaction(contentType, body)
		e.Path = []byte("/bank.v1.Payments/Send")
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte(contentType)},
			event.Header{Name: []byte("Grpc-Encoding"), Value: []byte("gzip")})
		e.RequestBody.Truncated, e.ResponseBody.Truncated = truncated, truncated
		check(t, e, &used)
		named := small
		named.Descriptors = described
		var doc content.Document
		content.ParseRequest(e, &doc, named)
		within(t, &doc, named)
	})
}
