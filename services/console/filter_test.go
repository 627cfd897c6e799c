package console

import (
	"net/url"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFindingFilter(t *testing.T) {
	f := func(query string, want findingFilter) {
		t.Helper()
		q, err := url.ParseQuery(query)
		must(t, err)
		if got := parseFindingFilter(q); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v", query, got, want)
		}
	}
	f("", findingFilter{Page: 1})
	f("q=+sql+&rule=CRED-01&detector=behavior&principal=ip%3A192.0.2.1&endpoint=ab&range=6h&page=3",
		findingFilter{Text: "sql", Rule: "CRED-01", Detector: "behavior", Principal: "ip:192.0.2.1", Endpoint: "ab", Span: "6h", Page: 3})
	f("severity=low&severity=critical&severity=low", findingFilter{Severity: []string{"critical", "low"}, Page: 1})
	f("severity=worst&range=9y&from=yesterday&page=-4", findingFilter{Page: 1, Ignored: []string{"severity", "range", "from"}})
	f("from=2026-03-14T09%3A30&range=1h", findingFilter{From: time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC), Page: 1})
	f("page=100000", findingFilter{Page: maxPage})
	f("q=a%00b", findingFilter{Page: 1, Ignored: []string{"q"}})
}

func FuzzFindingFilter(f *testing.F) {
	f.Add("q=sql&severity=high&rule=CRED-01&page=2")
	f.Add("from=2026-03-14T09%3A30&to=2026-03-15T00:00:00%2B02:00&range=7d")
	f.Add("q=%27+OR+1%3D1+--&principal=%ff%fe&endpoint=a%00b")
	f.Add("severity=&severity=info&page=99999999999999999999")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		got := parseFindingFilter(q)
		if got.Page < 1 || got.Page > maxPage || len(got.Severity) > len(severities()) {
			t.Fatalf("out of bounds: %+v", got)
		}
		for _, s := range []string{got.Text, got.Detector, got.Rule, got.Principal, got.Endpoint} {
			if len(s) > maxTerm || !utf8.ValidString(s) {
				t.Fatalf("term %q went through", s)
			}
		}
		// The URL holds the whole filter.
		again := parseFindingFilter(got.values())
		got.Ignored = nil
		if !reflect.DeepEqual(again, got) {
			t.Fatalf("%+v came back as %+v", got, again)
		}
		l := parseListFilter(q)
		if back := parseListFilter(l.values()); back != l {
			t.Fatalf("%+v came back as %+v", l, back)
		}
		if p := localPath(query); p[0] != '/' || len(p) > 1 && (p[1] == '/' || p[1] == '\\') {
			t.Fatalf("login would lead to %q", p)
		}
	})
}

func FuzzSession(f *testing.F) {
	s := newSessions("a token of the tests", time.Hour, false)
	_, c := s.start("ann")
	f.Add(c.Value)
	f.Add(c.Value + "A")
	f.Add(".")
	f.Fuzz(func(t *testing.T, value string) {
		if v, ok := s.open(value); ok && value != s.seal(v) {
			t.Fatalf("a cookie opens that was not sealed so: %q", value)
		}
	})
}
