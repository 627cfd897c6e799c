package signature

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func values(t testing.TB, f *forms) (out []string) {
	t.Helper()
	for _, b := range f.bodies {
		n := 0
		for pair := range strings.SplitSeq(strings.TrimSuffix(string(b), "&"), "&") {
			_, v, ok := strings.Cut(pair, "=")
			text, err := url.QueryUnescape(v)
			if err != nil || !ok || text == "" {
				t.Fatalf("%q: %v", pair, err)
			}
			out = append(out, text)
			n++
		}
		if n > unseenValues || len(b) > unseenForm {
			t.Errorf("a form of %d values and %d bytes", n, len(b))
		}
	}
	return out
}

func TestTexts(t *testing.T) {
	f := func(body string, want ...string) {
		t.Helper()
		var b forms
		b.texts([]byte(body))
		if got := values(t, &b); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, want %q", body, got, want)
		}
	}
	f(`{"a":"b;","c" : ["d;","e;"]}`, "e;", "d;", "b;")
	f(`{"a":"b\"c","d":"\u0027&=","e":"Anna Schmidt-2"}`, "'&=", `b"c`)
	f(`["select name from persons by id"]`, "select name from persons by id")
	f(`"a\qb"`, `a\qb`)
	f(`{"a":1}`)
	f(`"never closed`)
	f(`"\`)
	f(``)
	// The last is reached however many stand before it.
	var b forms
	b.texts([]byte(strings.Repeat(`{"a":";"},`, 20_000) + `{"c":"'last"}`))
	if got := values(t, &b); len(got) != 7281 || len(b.bodies) != 9 || !slices.Contains(got, "'last") {
		t.Errorf("%d values in %d forms, the first %q", len(got), len(b.bodies), got[0])
	}
}

// What stands in the middle of a large body is looked at, if it looks like anything.
func TestMiddleOfLargeBody(t *testing.T) {
	const attack = "x' union select name,password from users--"
	words := strings.Repeat("ordinary words of a text that goes on ", 20)
	f := func(name, body string, bodies int) {
		t.Helper()
		var b forms
		b.texts([]byte(body))
		got := values(t, &b)
		if len(b.bodies) > bodies || !slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, attack) }) {
			t.Errorf("%s: %d values in %d forms, the first %.60q", name, len(got), len(b.bodies), got[0])
		}
	}
	many := strings.Repeat(`"`+words+`",`, 400)
	f("a value among others", `[`+many+`"`+attack+`",`+many+`"end of it"]`, 2)
	f("a part of a long one", `["`+strings.Repeat(words, 200)+strings.Repeat(" "+attack, 20)+strings.Repeat(words, 200)+`"]`, 2)
	f("short values", `[`+strings.Repeat(`"a-b/c and d.e",`, 8000)+`"`+attack+`",`+strings.Repeat(`"a-b/c and d.e",`, 8000)+`"z"]`, 8)
}

func FuzzTexts(f *testing.F) {
	f.Add([]byte(`{"a":"b\"c","d":"\u0027&="}`))
	f.Add([]byte(`"\`))
	f.Add([]byte("\"\x00\xff\"\"\""))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b forms
		b.texts(body)
		size := 0
		for _, v := range values(t, &b) {
			size += len(v)
		}
		if size > unseenBytes || len(b.bodies) > 12 {
			t.Errorf("%d bytes in %d forms", size, len(b.bodies))
		}
	})
}
