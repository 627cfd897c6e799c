package shipper_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/shipper"
)

// spelled is a request that writes data in some odd way. Gone are texts that must not
// be left of it, in any decoding, Kept are those that must.
type spelled struct {
	Name, Path, Query, Type, Body string
	Headers                       [][2]string
	Truncated                     bool
	Gone, Kept                    []string
}

func (c *spelled) raw() *capture.Raw {
	e := event.Event{Method: []byte("POST"), Path: []byte(c.Path), Query: []byte(c.Query), Status: 200, RequestBody: event.Body{Data: []byte(c.Body), Truncated: c.Truncated}}
	if c.Type != "" {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte("Content-Type"), Value: []byte(c.Type)})
	}
	for _, h := range c.Headers {
		e.RequestHeaders = append(e.RequestHeaders, event.Header{Name: []byte(h[0]), Value: []byte(h[1])})
	}
	return &capture.Raw{Event: e}
}

func spellings(t *testing.T) (cases []spelled) {
	t.Helper()
	text, err := os.ReadFile("testdata/spellings.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// left is all that an event says, with what is escaped undone.
func left(e *event.Event) string {
	all := fmt.Sprintf("%s %s %s", e.Path, e.Query, e.RequestBody.Data)
	for _, h := range e.RequestHeaders {
		all += " " + string(h.Value)
	}
	for _, c := range e.Identity.Claims {
		all += " " + string(c.Value)
	}
	all += " " + string(e.TLS.ClientSubject)
	for range 2 {
		if u, err := url.PathUnescape(all); err == nil && u != all {
			all += " " + u
		}
	}
	return all
}

// However data is spelled, nothing of it is left.
func TestSpellingsHideNothing(t *testing.T) {
	cases := spellings(t)
	if len(cases) != 95 {
		t.Errorf("%d cases, want 95", len(cases))
	}
	b := builder(t, func(m *shipper.Masking) { m.Mode = "mask" })
	for _, c := range cases {
		all := left(b.Build(c.raw()))
		for _, gone := range c.Gone {
			if strings.Contains(strings.ToLower(all), strings.ToLower(gone)) {
				t.Errorf("%s: %q is left in %s", c.Name, gone, all)
			}
		}
		for _, kept := range c.Kept {
			if !strings.Contains(all, kept) {
				t.Errorf("%s: %q is not left in %s", c.Name, kept, all)
			}
		}
	}
}

// One value is one pseudonym under each syntax and encoding in which it is found.
func TestSpellingsCorrelate(t *testing.T) {
	b := builder(t, func(m *shipper.Masking) { m.Mode = "mask" })
	const mail, id = "ann.smith@mail.example", "83726451"
	shown := func(c spelled) string { return left(b.Build(c.raw())) }
	masked := strings.Fields(shown(spelled{Type: "text/plain", Body: mail + " " + id}))[:2]
	for _, c := range []spelled{
		{Name: "path", Path: "/users/ann.smith%40mail.example/" + id},
		{Name: "matrix parameters", Path: "/users;to=ann.smith%2540mail.example;of=" + id},
		{Name: "list", Path: "/users/" + id + "," + mail},
		{Name: "query", Path: "/a", Query: "to=ann.smith%40mail.example&of=" + id},
		{Name: "names", Path: "/a", Query: mail + "=1&" + id + "=2"},
		{Name: "JSON in JSON", Type: "application/json", Body: `{"a":"{\"to\":\"` + mail + `\",\"of\":` + id + `}"}`},
		{Name: "XML", Type: "text/xml", Body: `<a to="ann.smith&#64;mail.example"><![CDATA[` + id + `]]></a>`},
		{Name: "cookie", Headers: [][2]string{{"Cookie", "to=ann.smith%40mail.example; of=" + id}}},
		{Name: "referer", Headers: [][2]string{{"Referer", "https://x.example/users/" + id + "?to=ann.smith%40mail.example"}}},
		{Name: "multipart", Type: "multipart/mixed; boundary=X", Body: "--X\r\n\r\n" + mail + "\r\n--X\r\nContent-Disposition: form-data; name=\"of\"\r\n\r\n" + id + "\r\n--X--"},
	} {
		if got := shown(c); !strings.Contains(got, masked[0]) || !strings.Contains(got, masked[1]) {
			t.Errorf("%s: %s has not %s", c.Name, got, masked)
		}
	}
}

// masker makes maskers of all classes.
func masker(tb testing.TB) func() *capture.Masker {
	tb.Helper()
	find, err := shipper.NewFinder()
	if err != nil {
		tb.Fatal(err)
	}
	key, err := capture.NewKey("k1", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		tb.Fatal(err)
	}
	return func() *capture.Masker {
		m, err := capture.NewMasker(capture.Masking{Mode: capture.ModeMask, Find: find}, key)
		if err != nil {
			tb.Fatal(err)
		}
		return m
	}
}

// A megabyte of what costs the most is done within the bounds of a test: before spans
// were marked in bits, and backslashes passed over, these took minutes.
func TestCrowdedBodies(t *testing.T) {
	m := masker(t)()
	for name, body := range map[string]string{
		"numbers":     `{"a":"` + strings.Repeat("123456 1234567 ", 60_000) + `"}`,
		"backslashes": `<a password="` + strings.Repeat(`\`, 1<<20),
		"brackets":    strings.Repeat("<", 1<<20) + "123456",
		"tags":        strings.Repeat("<a", 1<<19) + "123456",
		"nested":      strings.Repeat(`{"a":`, 1<<17) + `"123456"`,
		"percent":     `{"a":"` + strings.Repeat("%2525", 1<<17) + `123456"}`,
		"names":       strings.Repeat("name=\n\n", 1<<17),
	} {
		data, readable := m.Body([]byte(body), "text/plain", false)
		if strings.Contains(string(data), "123456") || !readable {
			t.Errorf("%s: a number is left", name)
		}
	}
}

// Any bytes give a result, the same from two maskers, and a document stays one.
func FuzzMasking(f *testing.F) {
	cases, err := os.ReadFile("testdata/spellings.json")
	if err != nil {
		f.Fatal(err)
	}
	var seeds []spelled
	if err := json.Unmarshal(cases, &seeds); err != nil {
		f.Fatal(err)
	}
	for _, c := range seeds {
		f.Add([]byte(c.Path), []byte(c.Query), []byte(c.Body), c.Type, c.Truncated)
	}
	masker := masker(f)
	used := masker()
	f.Fuzz(func(t *testing.T, path, query, body []byte, kind string, truncated bool) {
		fresh := masker()
		all := func(m *capture.Masker) string {
			data, readable := m.Body(body, kind, truncated)
			if json.Valid(body) && len(body) > 0 && (body[0] == '{' || body[0] == '[') && !truncated && readable && !json.Valid(data) {
				t.Fatalf("%q became %q", body, data)
			}
			p := m.Path(path)
			if strings.Count(string(p), "/") != strings.Count(string(path), "/") {
				t.Fatalf("%q became %q", path, p)
			}
			out := fmt.Sprintf("%q %q %q", p, m.Query(query), data)
			for _, name := range []string{"Cookie", "Set-Cookie", "Referer", "X-Data"} {
				out += fmt.Sprintf(" %q", m.Header([]byte(name), query))
			}
			return out
		}
		if a, b := all(used), all(fresh); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}
