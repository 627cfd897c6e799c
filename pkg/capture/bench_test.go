package capture

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
)

type discardSink struct{}

func (discardSink) Offer(*Raw) bool { return true }

type nullWriter struct{ h http.Header }

func (w *nullWriter) Header() http.Header         { return w.h }
func (w *nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *nullWriter) WriteHeader(int)             {}

func benchRequest() (*http.Request, []byte) {
	r := httptest.NewRequest("POST", "/api/v1/orders?expand=items", nil)
	for k, v := range map[string]string{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "application/json", "Content-Type": "application/json", "Cookie": "session=2f9d1c6b8e7a4f3d9c0b; locale=en-US",
		"Authorization": "Bearer " + token(`{"iss":"https://idp","sub":"alice","scope":"orders"}`), "X-Request-Id": "7b1c9f5e-4a63-4d2e-9a0b-2c9b1f8f6d11", "X-Forwarded-For": "203.0.113.25"} {
		r.Header.Set(k, v)
	}
	item := `{"sku":"SKU-000123","name":"compact wireless keyboard","quantity":2,"unit_price":19.99,"tags":["black"]},`
	return r, []byte(`{"order":"1","items":[` + strings.Repeat(item, 10) + `{}]}`)
}

// What the middleware adds to a request of 1 KB up and down.
func BenchmarkMiddleware(b *testing.B) {
	tap, err := NewTap(testBuilder(b, nil), discardSink{}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	r, body := benchRequest()
	buf := make([]byte, 4096)
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := r.Body.Read(buf); err != nil {
				break
			}
		}
		w.Header()["Content-Type"] = []string{"application/json"}
		w.WriteHeader(200)
		w.Write(body)
	})
	for name, h := range map[string]http.Handler{"without": next, "with": tap.Middleware(next)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			reader := bytes.NewReader(body)
			for b.Loop() {
				reader.Reset(body)
				r.Body = io.NopCloser(reader)
				h.ServeHTTP(&nullWriter{h: http.Header{}}, r)
			}
		})
	}
}

// Build and encode of one event: identity, masking of both bodies, encoding.
func BenchmarkBuildEncode(b *testing.B) {
	builder := testBuilder(b, nil)
	r, body := benchRequest()
	var tmpl Raw
	tmpl.request(r, "http")
	tmpl.Event.ResponseHeaders = pairs("Content-Type", "application/json", "Cache-Control", "no-store")
	headers := make([]event.Header, len(tmpl.Event.RequestHeaders))
	var wire []byte
	b.ReportAllocs()
	for b.Loop() {
		raw := tmpl
		copy(headers, tmpl.Event.RequestHeaders)
		raw.Event.RequestHeaders = headers
		raw.Event.RequestBody.Data, raw.Event.ResponseBody.Data = body, body
		wire = event.Encode(wire[:0], builder.Build(&raw))
	}
	b.SetBytes(int64(len(wire)))
}
