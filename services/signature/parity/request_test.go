package parity

import (
	"testing"
	"testing/fstest"
)

func TestStrangeRequestsAreRead(t *testing.T) {
	for _, c := range []struct{ wire, method, uri, version, body string }{
		{"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/a?b=c", "HTTP/1.1", ""},
		{"POST /a b HTTP/1.0\nHost:x\n\nbody\n", "POST", "/a b", "HTTP/1.0", "body\n"},
		{"GET /", "GET", "/", "HTTP/1.1", ""},
		{"", "", "/", "HTTP/1.1", ""},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "POST", "/", "HTTP/1.1", "abcde"},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "POST", "/", "HTTP/1.1", "abc"},
		{"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno chunk", "POST", "/", "HTTP/1.1", "no chunk"},
	} {
		if r := parseWire([]byte(c.wire)); r.method != c.method || r.uri != c.uri || r.version != c.version || string(r.body) != c.body {
			t.Errorf("%q: %q %q %q %q", c.wire, r.method, r.uri, r.version, r.body)
		}
	}
}

func TestTestsAreReadAsTheirClientSendsThem(t *testing.T) {
	const tests = `
rule_id: 1
tests:
  - test_id: 2
    stages:
      - input:
          headers: {Zeta: 1, Host: h, Alpha: "x"}
          method: POST
          uri: /reflect?a
          data: '{"status": 418, "headers": {"x-a": "b"}, "encodedBody": "PGh0bWw+"}'
        output:
          log: {expect_ids: [5], no_expect_ids: [6, 7]}
      - input:
          autocomplete_headers: false
          data: a=b c
  - test_id: 3
    stages:
      - input: {data: 'a=b c&d'}
      - input: {encoded_request: UFVUIC94IEhUVFAvMS4xDQpBOiBiDQoNCnk=}
`
	cases, files, err := Regression(fstest.MapFS{"X-Y/1.yaml": {Data: []byte(tests)}, "X-Y/none.yaml": {Data: []byte("rule_id: 9\ntests:\n")}})
	if err != nil || files != 1 || len(cases) != 4 {
		t.Fatalf("%d files, %d cases, %v", files, len(cases), err)
	}
	e := cases[0].Event
	var names string
	for _, h := range e.RequestHeaders {
		names += string(h.Name) + " "
	}
	if names != "Zeta Host Alpha Content-Type Connection Content-Length " {
		t.Errorf("headers %s", names)
	}
	if e.Status != 418 || string(e.ResponseHeader("X-A")) != "b" || string(e.ResponseBody.Data) != "<html>" || string(e.Authority) != "h" || string(e.Query) != "a" {
		t.Errorf("event %+v", e)
	}
	if c := cases[0]; c.Name != "1-2.1" || len(c.Expect) != 1 || len(c.Forbid) != 2 {
		t.Errorf("case %+v", c)
	}
	if e := cases[1].Event; string(e.Method) != "GET" || len(e.RequestHeaders) != 0 || string(e.RequestBody.Data) != "a=b c" {
		t.Errorf("as it stands: %+v", e)
	}
	if e := cases[2].Event; string(e.RequestBody.Data) != "a=b+c&d" {
		t.Errorf("form %q", e.RequestBody.Data)
	}
	if e := cases[3].Event; string(e.Method) != "PUT" || string(e.RequestHeader("a")) != "b" || string(e.RequestBody.Data) != "y" {
		t.Errorf("raw %+v", e)
	}
	r := Reflected(cases[3:])[0].Event
	if string(r.ResponseBody.Data) != "y" || cases[3].Event.ResponseBody.Data != nil {
		t.Errorf("reflected %+v", r)
	}
}

func TestSamplesAreDrawnByTheirSeed(t *testing.T) {
	cases := Links(50, 1)
	a, b, c := Sample(cases, 10, 1), Sample(cases, 10, 1), Sample(cases, 10, 2)
	same := true
	for i := range a {
		if a[i].Name != b[i].Name {
			t.Errorf("%s, then %s", a[i].Name, b[i].Name)
		}
		same = same && a[i].Name == c[i].Name
	}
	if same || len(Sample(cases, 0, 1)) != 50 || len(Sample(cases, 99, 1)) != 50 {
		t.Error("the seed or the size changes nothing")
	}
}

func FuzzParseWire(f *testing.F) {
	f.Add([]byte("POST /a?b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("\n\n\n"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		r := parseWire(wire)
		if len(r.body) > len(wire) {
			t.Errorf("%d bytes of body out of %d", len(r.body), len(wire))
		}
		r.complete()
		r.event()
	})
}

func FuzzRegression(f *testing.F) {
	f.Add([]byte("rule_id: 1\ntests:\n- test_id: 1\n  stages:\n  - input: {headers: {a: b}, data: c}\n    output: {log: {expect_ids: [1]}}\n"))
	f.Add([]byte("tests: [{stages: [{input: {headers: [{name: a, value: b}], encoded_request: AAAA}}]}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		cases, err := regression(b)
		for _, c := range cases {
			if err == nil && c.Event == nil {
				t.Error("a case without an event")
			}
		}
	})
}
