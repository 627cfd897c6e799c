package parity_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// FuzzSameAsCoraza looks for a transaction that the engine and Coraza see differently.
// Its seeds are the shapes of the regression tests and what was found before.
func FuzzSameAsCoraza(f *testing.F) {
	s := parity.Suite(2)
	oracle, candidate := pair(f, s)
	seeds(f)
	f.Fuzz(func(t *testing.T, method, uri, heads, contentType string, body []byte, response string) {
		if len(uri)+len(heads)+len(body)+len(response) > 4<<10 {
			t.Skip("Coraza takes its time on long ones, which find nothing more")
		}
		if sameInLowerCase(string(body)) {
			t.Skip("of form fields whose names are the same in lower case Coraza keeps one, whichever its map yields last; TestEveryFormFieldStays")
		}
		c := parity.Case{Name: "fuzzed", Event: transaction(method, uri, heads, contentType, body, response)}
		if r := parity.Compare([]parity.Case{c}, oracle, candidate); len(r.Differences) > 0 {
			t.Error(r.Differences[0].String())
		}
	})
}

// sameInLowerCase says whether a form has two different names that are the same in
// lower case, in which every byte that is not UTF-8 becomes the same character.
func sameInLowerCase(form string) bool {
	names := make(map[string]string)
	for _, pair := range strings.Split(form, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name = unescaped(name)
		low := strings.ToLower(name)
		if was, ok := names[low]; ok && was != name {
			return true
		}
		names[low] = name
	}
	return false
}

// unescaped decodes a form's text and leaves broken escapes as they are.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c, i = byte(v), i+2
			}
		} else if c == '+' {
			c = ' '
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Where Coraza keeps one of two form fields that are the same in lower case, an attack
// could stand in the other: the engine looks at both.
func TestEveryFormFieldStays(t *testing.T) {
	const attack, sqli = "1' or 1=1 union select password from users--", 942100
	_, candidate := pair(t, parity.Suite(2))
	for _, body := range []string{"a=" + attack + "&A=x", "A=x&a=" + attack, "\xff=x&\xd6=" + attack, "%ff=" + attack + "&%d6=x"} {
		if !sameInLowerCase(body) {
			t.Errorf("%q: its names are not seen as the same in lower case", body)
		}
		c := transaction("POST", "/", "Host: a.example\n", "application/x-www-form-urlencoded", []byte(body), "")
		fired, _, err := candidate.Observe(c)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(fired, sqli) {
			t.Errorf("%q: rule %d did not fire: %v", body, sqli, fired)
		}
	}
	for _, body := range []string{"a=1&a=2", "a&b", "", "%zz=1&%ZZZ=2", "\xff&\xff"} {
		if sameInLowerCase(body) {
			t.Errorf("%q: Coraza keeps all of it", body)
		}
	}
}

// seeds adds every 40th regression test and shapes that those have not.
func seeds(f *testing.F) {
	cases, err := suite()
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(cases); i += 40 {
		e := cases[i].Event
		var heads strings.Builder
		contentType := ""
		for _, h := range e.RequestHeaders {
			if name := strings.ToLower(string(h.Name)); name == "content-type" {
				contentType = string(h.Value)
			} else {
				heads.WriteString(name + ": " + string(h.Value) + "\n")
			}
		}
		uri := string(e.Path)
		if len(e.Query) > 0 {
			uri += "?" + string(e.Query)
		}
		f.Add(string(e.Method), uri, heads.String(), contentType, e.RequestBody.Data, string(e.ResponseBody.Data))
	}
	const host = "Host: a.example\nUser-Agent: x\nAccept: */*\n"
	for _, c := range []struct{ method, uri, heads, contentType, body, response string }{
		{"POST", "/a/b.php/c?x=%u0041%00&&=&y", host, "application/json", `{"a":[1,{"b":null,"":"x"}],"a":2,"c":"é\n"}`, "root:x:0:0"},
		{"POST", "/a", host, "application/json", `{"a":"unfinished`, ""},
		{"POST", "/a", host, "application/json", strings.Repeat("[", 70), ""},
		{"PUT", "/%2e%2e/%c0%af?a=b&a=c&A=d", host + "Cookie: a=b; c=\"d\"; e\nCookie: f==g\n", "text/xml", `<?xml version="1.0"?><a b="c"><!-- d --><e>f&lt;</e></a>`, "<b>"},
		{"POST", "//a//b/", host, "text/xml", `<a><b></a>`, ""},
		{"POST", "/up", host, "multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b.php\"\r\nContent-Type: text/plain\r\n\r\nzz\r\n--X\r\nContent-Disposition: form-data; name=c\r\n\r\n<script>\r\n--X--\r\n", ""},
		{"POST", "/up", host, "multipart/form-data; boundary=", "--X", ""},
		{"POST", "/form", host, "application/x-www-form-urlencoded; charset=utf-7", "a=1%27%20or%201=1--&b[]=+&=c&d=%zz", "ORA-01756"},
		{"GET", "http://a.example:80/x?<script>", "Host: 10.0.0.1\nRange: bytes=0-,1-,2-\nReferer: javascript:1\nX-Any: () { :;}\n", "", "", "Fatal error: in x.php on line 3"},
		{"post", "*", "", "a/b; charset=\xff", "\x00\x01", "\xff"},
		{"", "", "", "", "", ""},
	} {
		f.Add(c.method, c.uri, c.heads, c.contentType, []byte(c.body), c.response)
	}
}

func transaction(method, uri, heads, contentType string, body []byte, response string) *event.Event {
	path, query, _ := strings.Cut(uri, "?")
	e := &event.Event{RequestTime: 1, Method: []byte(method), Path: []byte(path), Query: []byte(query), Status: 200,
		Client: event.Client{Address: []byte("203.0.113.25"), Port: 51234}, RequestBody: event.Body{Data: body}}
	for _, l := range strings.Split(heads, "\n") {
		if name, value, ok := strings.Cut(l, ":"); ok && name != "" {
			e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(name), Value: []byte(strings.TrimSpace(value))})
		}
	}
	if contentType != "" {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte(contentType)})
	}
	if response != "" {
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("text/html")}}
		e.ResponseBody.Data = []byte(response)
	}
	return e
}

// The fuzz target sees a fault that only one of its seeds shows.
func TestFuzzingSeesAFault(t *testing.T) {
	oracle, err := parity.Coraza(parity.Suite(2))
	if err != nil {
		t.Fatal(err)
	}
	fault := faulty{oracle, func(rules []int, scores map[string]int) ([]int, map[string]int) {
		delete(scores, "xss_score")
		return rules, scores
	}}
	for uri, want := range map[string]int{"/?a=b": 0, "/?a=<script>alert(1)</script>": 1} {
		c := parity.Case{Event: transaction("GET", uri, "Host: a.example\n", "", nil, "")}
		if r := parity.Compare([]parity.Case{c}, oracle, fault); len(r.Differences) != want {
			t.Errorf("%s: %d differences, want %d", uri, len(r.Differences), want)
		}
	}
}
