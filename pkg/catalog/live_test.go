package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func endpoint(host, method, template string, supersedes ...string) Endpoint {
	return Endpoint{
		ID: ID("default", host, method, template), Tenant: "default", Host: host, Method: method, Template: template,
		Protocol: "rest", Source: Learned, Version: 1, Supersedes: supersedes,
		FirstSeen: time.Unix(1, 0).UTC(), LastSeen: time.Unix(2, 0).UTC(), Hits: 3,
	}
}

func TestIDIsStable(t *testing.T) {
	// The id is the key of records that are kept: it must not change.
	if got := ID("default", "bank.example", "GET", "/accounts/{int}"); got != "580418b85a4b3d86" {
		t.Errorf("id is %s", got)
	}
}

func TestLexicalMatch(t *testing.T) {
	var x Lexical
	for _, c := range []struct{ host, method, path, label string }{
		{"bank.example", "GET", "/accounts/42", "GET bank.example/accounts/{int}"},
		{"BANK.Example.:8443", "GET", "/accounts/42/", "GET bank.example/accounts/{int}"},
		{"[2001:db8::1]:443", "POST", "/", "POST [2001:db8::1]/"},
		{"", "GET", "/", "GET -/"},
		{"a b\"", "GET", "/x", "GET invalid/x"},
		{strings.Repeat("a", 300), "GET", "/x", "GET invalid/x"},
		{"h", "get", "/x", "OTHER h/x"},
		{"h", "X\x00Y", "/x", "OTHER h/x"},
		{"h", "GET", "/" + strings.Repeat("a", 200), "GET h/{string}"},
		{"h", "GET", strings.Repeat("/a", 30), "GET h" + strings.Repeat("/a", 24) + "/{rest}"},
		{"h", "GET", "/a/" + strings.Repeat("b", 5000), "GET h/a/{rest}"},
	} {
		m := x.Match("default", c.host, c.method, []byte(c.path))
		if m.Label != c.label || m.Label != m.Method+" "+m.Host+m.Template || m.Known {
			t.Errorf("%q %q %q gives %+v, want %q", c.method, c.host, c.path, m, c.label)
		}
		if m.ID != ID("default", m.Host, m.Method, m.Template) {
			t.Errorf("id of %q", m.Label)
		}
	}
	if want := (Cut{Paths: 2, Segments: 1, Hosts: 2, Methods: 2}); x.Cut() != want {
		t.Errorf("cut %+v, want %+v", x.Cut(), want)
	}
	r := prometheus.NewRegistry()
	r.MustRegister(&x)
	if f, err := r.Gather(); err != nil || len(f) != 1 || len(f[0].Metric) != 4 {
		t.Errorf("metrics %v, %v", f, err)
	}
}

func TestLiveAgreesWithLexical(t *testing.T) {
	for _, c := range cases(t, "testdata/templates.tsv", 3, 28) {
		x := &Lexical{}
		l := NewLive(x)
		want := x.Match("default", "h", "GET", []byte(c[0]))
		if got := l.Match("default", "h", "GET", []byte(c[0])); !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %+v, want %+v", c[0], got, want)
		}
		l.Apply(endpoint("h", "GET", want.Template))
		want.Known = true
		if got := l.Match("default", "h", "GET", []byte(c[0])); !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %+v, want %+v", c[0], got, want)
		}
		if l.Match("other", "h", "GET", []byte(c[0])).Known {
			t.Errorf("%q is known to another tenant", c[0])
		}
	}
}

// Discovery may find that what has the shape of a value is a name: the endpoint is
// found where the lexer has a type.
func TestLiveFindsNamesThatLookLikeValues(t *testing.T) {
	l := NewLive(&Lexical{})
	match := func(path string) string {
		m := l.Match("default", "h", "GET", []byte(path))
		return fmt.Sprint(m.Template, m.Known)
	}
	typed := endpoint("h", "GET", "/{date}/users")
	named, learned := endpoint("h", "GET", "/2021-07-01/users", typed.ID), endpoint("h", "GET", "/2021-07-01/users/{string}")
	other := endpoint("h", "GET", "/{date}/users/{string}")
	l.Apply(named)
	l.Apply(learned)
	for path, want := range map[string]string{"/2021-07-01/users": "/2021-07-01/userstrue", "/2021-07-01/users/zelda": "/2021-07-01/users/{string}true"} {
		if got := match(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	l.Apply(other)
	if got := match("/2021-07-01/users/zelda"); got != "/{date}/users/{string}true" {
		t.Errorf("beside a type that varies: %s", got)
	}
	l.Remove(learned.ID)
	l.Remove(named.ID)
	if got := match("/2021-07-01/users/zelda"); got != "/{date}/users/{string}true" {
		t.Errorf("when it varies: %s", got)
	}
	l.Apply(endpoint("h", "GET", "/1/boards/{string}"))
	if got := match("/1/boards/zelda"); got != "/1/boards/{string}true" {
		t.Errorf("a version of one digit: %s", got)
	}
}

func TestLiveMerges(t *testing.T) {
	l := NewLive(&Lexical{})
	jane, john := endpoint("h", "GET", "/users/jane/cards/{int}"), endpoint("h", "GET", "/users/john/cards/{int}")
	merged := endpoint("h", "GET", "/users/{string}/cards/{int}", jane.ID, john.ID)
	wider := endpoint("h", "GET", "/{string}/{string}/cards/{int}", merged.ID)
	match := func() Match { return l.Match("default", "h", "GET", []byte("/users/jane/cards/7")) }

	l.Apply(jane)
	l.Apply(john)
	two := l.Version()
	l.Apply(merged)
	want := Match{
		ID: merged.ID, Label: "GET h/users/{string}/cards/{int}", Host: "h", Method: "GET", Template: merged.Template,
		Values: []Value{{1, "string", "jane"}, {3, "int", "7"}}, Known: true, Learned: true,
	}
	if got := match(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	l.Apply(wider)
	if got := match(); got.ID != wider.ID || len(got.Values) != 3 {
		t.Errorf("a merge of merges gives %+v", got)
	}
	l.Remove(wider.ID)
	if got := match(); !reflect.DeepEqual(got, want) {
		t.Errorf("after the undo: %+v", got)
	}
	merged.Supersedes = []string{john.ID}
	l.Apply(merged)
	if got := match(); got.ID != jane.ID || !got.Known {
		t.Errorf("after jane was let go: %+v", got)
	}
	l.Remove(merged.ID)
	l.Remove("no such id")
	if l.Version() != two || l.Len() != 2 {
		t.Errorf("version %s of %d, want %s", l.Version(), l.Len(), two)
	}
	// A cycle, which no writer makes, must end.
	jane.Supersedes, john.Supersedes = []string{john.ID}, []string{jane.ID}
	l.Apply(jane)
	l.Apply(john)
	match()
}

func TestLiveVersion(t *testing.T) {
	a, b := NewLive(&Lexical{}), NewLive(&Lexical{})
	for i := range 100 {
		a.Apply(endpoint("h", "GET", fmt.Sprintf("/a%d", i)))
		e := endpoint("h", "GET", fmt.Sprintf("/a%d", 99-i))
		b.Apply(e)
		e.Hits = 1000 // counters are no part of it
		b.Apply(e)
	}
	if a.Version() != b.Version() || a.Len() != 100 {
		t.Errorf("%s and %s", a.Version(), b.Version())
	}
	e := endpoint("h", "GET", "/a1")
	e.Version = 2
	b.Apply(e)
	if a.Version() == b.Version() {
		t.Error("another definition, the same version")
	}
}

func TestLiveConcurrent(t *testing.T) {
	l := NewLive(&Lexical{})
	l.Apply(endpoint("h", "GET", "/a1"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				l.Apply(endpoint("h", "GET", fmt.Sprintf("/b%d", i)))
				if !l.Match("default", "h", "GET", []byte("/a1")).Known {
					t.Error("an endpoint was gone for a moment")
				}
				l.Apply(endpoint("h", "GET", "/a1"))
			}
		})
	}
	wg.Wait()
	if l.Len() != 501 {
		t.Errorf("%d endpoints", l.Len())
	}
}

func TestCodec(t *testing.T) {
	e := endpoint("h", "GET", "/a")
	e.Params = []Param{{In: "query", Name: "q", Types: []Tally{{"string", 2}}, Count: 2}}
	b, err := EncodeEndpoint(&e)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeEndpoint(b); err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("got %+v, %v", got, err)
	}
	f := Field{
		ID: "f", Tenant: "default", EndpointID: e.ID, Direction: "response", Location: "body", Path: "card.pan", Type: "pan",
		Confidence: 0.9, Seen: 3, Matched: 2, FirstSeen: time.Unix(1, 0).UTC(), LastSeen: time.Unix(2, 0).UTC(),
	}
	if b, err = EncodeField(&f); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeField(b); err != nil || !reflect.DeepEqual(got, f) {
		t.Errorf("got %+v, %v", got, err)
	}
	if string(e.Key()) != "default|"+e.ID || string(f.Key()) != "default|f" {
		t.Errorf("keys %s, %s", e.Key(), f.Key())
	}
	for _, bad := range []string{"", "{", "[]", "{}", `{"id":1}`} {
		if _, err := DecodeEndpoint([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("endpoint %q: %v", bad, err)
		}
		if _, err := DecodeField([]byte(bad)); !errors.Is(err, ErrMalformed) {
			t.Errorf("field %q: %v", bad, err)
		}
	}
	if err := (&Endpoint{}).Validate(); err == nil || strings.Count(err.Error(), ";") < 5 {
		t.Errorf("not all errors at once: %v", err)
	}
}

func FuzzDecodeEndpoint(f *testing.F) {
	e := endpoint("h", "GET", "/a")
	b, err := EncodeEndpoint(&e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"id":"1","tenant":"t","host":"h","method":"GET","template":"/","source":"learned","version":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEndpoint(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		again, err := EncodeEndpoint(&e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeEndpoint(again); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	})
}

func BenchmarkLiveMatch(b *testing.B) {
	l := NewLive(&Lexical{})
	for i := range 10_000 {
		l.Apply(endpoint("bank.example", "GET", fmt.Sprintf("/a%d", i)))
	}
	path := []byte("/api/v1/accounts/1002/transfers")
	b.ReportAllocs()
	for b.Loop() {
		l.Match("default", "bank.example", "GET", path)
	}
}
