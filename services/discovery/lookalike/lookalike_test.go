package lookalike

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/segmentio/encoding/json"
)

func endpoints() []catalog.Endpoint {
	var out []catalog.Endpoint
	for _, s := range []string{
		"GET /users/{int}", "DELETE /users/{int}", "GET /users/me", "POST /users", "GET /v1/orders/{uuid}", "GET /v2/orders/{uuid}", "GET /Admin/Reports",
		"GET /accounts/{int}/transfers", "GET /files/{string}", "GET /.well-known/openid-configuration", "GET /api/v3/search", "GET /",
		"GET /zones/{string}.txt", "POST /jobs/{string}:cancel",
	} {
		method, template, _ := strings.Cut(s, " ")
		out = append(out, catalog.Endpoint{ID: catalog.ID("t", "h", method, template), Tenant: "t", Host: "h", Method: method, Template: template})
	}
	return out
}

type lookCase struct {
	Name, Host, Method, Path, Override string
	Label                              string
	Tricks                             []Trick
}

func cases(t testing.TB) []lookCase {
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []lookCase
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c lookCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		out = append(out, c)
	}
	return out
}

// request is a case as the pipeline would see it.
func request(c lookCase) Request {
	if c.Host == "" {
		c.Host = "h"
	}
	if c.Method == "" {
		c.Method = "GET"
	}
	m := (&catalog.Lexical{}).Match("t", c.Host, c.Method, []byte(c.Path))
	for _, e := range endpoints() {
		m.Known = m.Known || e.ID == m.ID
	}
	return Request{Host: m.Host, Method: m.Method, Path: []byte(c.Path), Override: c.Override, Known: m.Known}
}

func TestCases(t *testing.T) {
	x := NewIndex(endpoints())
	positive, negative := 0, 0
	for _, c := range cases(t) {
		got, ok := x.Resembles(request(c))
		if ok {
			positive++
		} else {
			negative++
		}
		if got.Label != c.Label || !slices.Equal(got.Tricks, c.Tricks) || ok != (c.Label != "") {
			t.Errorf("%s: %s resembles %q by %v, want %q by %v", c.Name, c.Path, got.Label, got.Tricks, c.Label, c.Tricks)
		}
	}
	if positive != 31 || negative != 23 {
		t.Errorf("%d positive and %d negative cases", positive, negative)
	}
}

// A finding shows the path as it was sent, without the values in it; what was meant is
// told in the spelling of the catalog where nothing else differs.
func TestSpellings(t *testing.T) {
	x := NewIndex(endpoints())
	f, err := os.Open("testdata/spellings.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var c struct {
			lookCase
			Sent, Spelled string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if got, _ := x.Resembles(request(c.lookCase)); got.Sent != c.Sent || got.Spelled != c.Spelled {
			t.Errorf("%s %s is shown as %q and spelled %q, want %q and %q", c.Method, c.Path, got.Sent, got.Spelled, c.Sent, c.Spelled)
		}
	}
	if n != 22 {
		t.Errorf("%d cases", n)
	}
}

// The order of the endpoints decides nothing.
func TestOrder(t *testing.T) {
	list := endpoints()
	x := NewIndex(list)
	for range len(list) {
		list = append(list[1:], list[0])
		y := NewIndex(list)
		for _, c := range cases(t) {
			a, _ := x.Resembles(request(c))
			b, _ := y.Resembles(request(c))
			if a.Label != b.Label {
				t.Fatalf("%s: %q or %q", c.Name, a.Label, b.Label)
			}
		}
	}
}

func TestOverride(t *testing.T) {
	for _, c := range []struct{ header, value, query, want string }{
		{"X-HTTP-Method-Override", "delete", "", "DELETE"}, {"x-http-method", " PUT ", "", "PUT"}, {"x-method-override", "PATCH", "", "PATCH"},
		{"X-HTTP-Method-Override", "<script>", "", ""}, {"X-Other", "DELETE", "", ""}, {"", "", "a=1&_method=delete&b=2", "DELETE"}, {"", "", "my_method=delete", ""},
	} {
		e := &event.Event{Query: []byte(c.query), RequestHeaders: []event.Header{{Name: []byte(c.header), Value: []byte(c.value)}}}
		if got := Override(e); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func tx(path string, status uint16) *detect.Tx {
	e := &event.Event{Tenant: []byte("t"), Method: []byte("GET"), Authority: []byte("h"), Path: []byte(path), Status: status, RequestTime: at.UnixNano()}
	e.Client.Address = []byte("192.0.2.1")
	var out detect.Tx
	out.Reset(e, detect.Source{}, at, &catalog.Lexical{}, content.Limits{})
	return &out
}

var at = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func TestFinding(t *testing.T) {
	x := NewIndex(endpoints())
	look := func(path string, status uint16) finding.Finding {
		tx := tx(path, status)
		m, ok := x.Resembles(Of(tx.Event, &tx.Endpoint))
		if !ok {
			t.Fatalf("%s resembles nothing", path)
		}
		return Finding(tx, m, 1, tx.Time)
	}
	served, refused := look("/%75sers/42", 200), look("/%75sers/42", 404)
	if served.Severity != finding.High || refused.Severity != finding.Medium {
		t.Errorf("served %s, refused %s", served.Severity, refused.Severity)
	}
	if served.ID != refused.ID || served.ID == look("/USERS/42", 200).ID {
		t.Error("an id is that of principal, endpoint and tricks")
	}
	if got := look("/users/42/", 200).Severity; got != finding.Info {
		t.Errorf("a trailing slash is %s", got)
	}
	const want = "A GET request for /%75sers/{int} on h at 2026-03-14T09:26:53Z resembles GET h/users/{int}, with letters or separators percent-encoded, and was answered 200."
	if served.Summary != want || served.Rule != "INV-02" || served.Subject.Endpoint != "GET h/users/{int}" || served.Subject.Principal == "" {
		t.Errorf("%+v", served)
	}
	b, err := finding.Encode(&served)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := finding.Decode(b); err != nil {
		t.Error(err)
	}
}

func FuzzResembles(f *testing.F) {
	for _, c := range cases(f) {
		f.Add(c.Path, c.Override, true)
	}
	f.Add(strings.Repeat("/v1", 24), "", false)
	f.Add(strings.Repeat("/%25%32%35", 90), "GET", false)
	x := NewIndex(endpoints())
	f.Fuzz(func(t *testing.T, path, override string, known bool) {
		r := Request{Host: "h", Method: "GET", Path: []byte(path), Override: override, Known: known}
		a, ok := x.Resembles(r)
		b, _ := x.Resembles(r)
		if a.Label != b.Label || a.Sent != b.Sent || a.Spelled != b.Spelled || !slices.Equal(a.Tricks, b.Tricks) {
			t.Fatalf("%v and %v", a, b)
		}
		if ok && (len(a.Tricks) == 0 || a.EndpointID == "" || a.Sent == "" || len(a.Sent) > 2*maxSent+9) {
			t.Fatalf("%+v", a)
		}
		if straight, _ := straighten(path); !strings.HasPrefix(straight, "/") {
			t.Fatalf("%q becomes %q", path, straight)
		}
	})
}

func manyEndpoints() []catalog.Endpoint {
	var out []catalog.Endpoint
	for i := range 10_000 {
		template := fmt.Sprintf("/api/v1/resource%d/{int}/items", i)
		out = append(out, catalog.Endpoint{ID: catalog.ID("t", "h", "GET", template), Tenant: "t", Host: "h", Method: "GET", Template: template})
	}
	return out
}

func BenchmarkResembles(b *testing.B) {
	x := NewIndex(manyEndpoints())
	for _, c := range []struct {
		name string
		r    Request
	}{
		{"known", Request{Host: "h", Method: "GET", Path: []byte("/api/v1/resource4711/42/items"), Known: true}},
		{"trick", Request{Host: "h", Method: "GET", Path: []byte("/api/v1/resource4711/42/%69tems"), Known: true}},
		{"unknown", Request{Host: "h", Method: "GET", Path: []byte("/api/v1/nothing/42/items")}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Resembles(c.r)
			}
		})
	}
}

// A host that is one of a template's has the template's endpoints.
func TestHostTemplate(t *testing.T) {
	const host = "{tenant}.api.example.com"
	x := NewIndex([]catalog.Endpoint{{ID: "1", Tenant: "t", Host: host, Method: "GET", Template: "/users/{int}"}})
	for name, want := range map[string]bool{"acme.api.example.com": true, host: true, "api.example.com": false, "a.b.api.example.com": false} {
		m, ok := x.Resembles(Request{Host: name, Method: "GET", Path: []byte("/USERS/7")})
		if ok != want || ok && m.Label != "GET "+host+"/users/{int}" {
			t.Errorf("%s: %+v, %v", name, m, ok)
		}
	}
}
