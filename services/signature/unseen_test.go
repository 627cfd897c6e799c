package signature

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func values(t testing.TB, f *form) (out []string) {
	t.Helper()
	for pair := range strings.SplitSeq(strings.TrimSuffix(string(f.at), "&"), "&") {
		_, v, ok := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		text, err := url.QueryUnescape(v)
		if err != nil || !ok {
			t.Fatalf("%q: %v", pair, err)
		}
		out = append(out, text)
	}
	return out
}

func TestTexts(t *testing.T) {
	f := func(body string, want ...string) {
		t.Helper()
		var b form
		b.texts([]byte(body))
		if got := values(t, &b); !slices.Equal(got, want) {
			t.Errorf("%s gives %q, want %q", body, got, want)
		}
	}
	f(`{"a":"b","c" : ["d","e"]}`, "e", "d", "b")
	f(`{"a":"b\"c","d":"\u0027&="}`, "'&=", `b"c`)
	f(`"a\qb"`, `a\qb`)
	f(`{"a":1}`)
	f(`"never closed`)
	f(`"\`)
	f(``)
	// The last is reached however many stand before it.
	var b form
	b.texts([]byte(strings.Repeat(`{"a":"b"},`, 20_000) + `{"c":"last"}`))
	if got := values(t, &b); len(got) != unseenValues || got[0] != "last" {
		t.Errorf("%d values, the first %q", len(got), got[0])
	}
}

func FuzzTexts(f *testing.F) {
	f.Add([]byte(`{"a":"b\"c","d":"\u0027&="}`))
	f.Add([]byte(`"\`))
	f.Add([]byte("\"\x00\xff\"\"\""))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b form
		b.texts(body)
		if got := values(t, &b); len(got) != b.values || b.values > unseenValues || len(b.at) > unseenBytes+3*unseenValue+64 {
			t.Errorf("%d values, %d counted, %d bytes", len(got), b.values, len(b.at))
		}
	})
}
