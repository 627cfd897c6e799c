package dfa

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var expressions = []string{
	`abc`, `^abc$`, `(?m)^abc$`, `\bselect\b.{1,10}\bfrom\b`, `(?i)union\s+all`, `(?s)a.b`, `a.b`, `[^a-z]+x`, `\Bx`, `(?i)[ks]elvin`,
	`^(?:a|ab)(?:c|bcd)(?:d*)$`, `x*`, `^$`, `(?m)^$`, `\A\z`, `a{2,5}b`, `(?:\d{1,3}\.){3}\d{1,3}`, `[\x{80}-\x{10ffff}]`, `(?i)é`, `\w\W\b`, `a$`, `(?m)a$`,
	`(?sm)(?i)^(?:get /[^#\?]*)$`, `[[:^word:]]o[[:space:]]`, `(a|b)*abb`, `(?:(?:x)y)?z\b`, `<[^0-9<>a-z_]*script`,
}

var texts = []string{
	"", "abc", "xabcx", "x\nabc\ny", "abc\n", "select a from b", "selecta from", "SELECT  from", "Union \t aLL", "a\nb", "axb", "A1x", "xx", "\u212aelvin", "\u017felvin", "Selvin",
	"abcd", "abbcdd", "aaab", "aab", "192.168.0.1", "1.2.3", "é", "É", "\xff\xfe", "a\xffb", "x y", "ab!", "a\n", "GET /a?b", "get /x#", " o\t", "babb", "z", "zz", "xyz.", "<scr", "< script", "<\u00e9script",
	strings.Repeat("ab", 300) + "b",
}

func compile(t testing.TB, expr string, budget int64) *Matcher {
	t.Helper()
	m, err := New(regexp.MustCompile(expr), NewBudget(budget))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatchIsRegexps(t *testing.T) {
	n := 0
	for _, e := range expressions {
		for _, budget := range []int64{1 << 20, 600, 0} {
			m := compile(t, e, budget)
			for range 2 { // the second time over states that are there
				for _, s := range texts {
					if got, want := m.Match(s), m.Regexp().MatchString(s); got != want {
						t.Errorf("%s on %q (budget %d): %v, want %v", e, s, budget, got, want)
					}
					n++
				}
			}
		}
	}
	if want := 6 * len(expressions) * len(texts); n != want || n == 0 {
		t.Fatalf("%d comparisons, want %d", n, want)
	}
}

func TestStatesAreBounded(t *testing.T) {
	m := compile(t, `(?:a|b)*a(?:a|b){14}c`, 1<<30)
	var b strings.Builder
	x := uint32(1)
	for range 100_000 {
		x = x*1664525 + 1013904223
		b.WriteByte('a' + byte(x>>30&1))
	}
	if m.Match(b.String()) || m.States() > maxStates {
		t.Errorf("%d states", m.States())
	}
	if !m.Match(strings.Repeat("a", 20) + "c") {
		t.Error("no match once full")
	}
}

func TestConcurrentUse(t *testing.T) {
	m := compile(t, expressions[3], 1<<20)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				s := fmt.Sprint("select ", strings.Repeat("x", (i*7+g)%12), " from")
				if got, want := m.Match(s), m.Regexp().MatchString(s); got != want {
					t.Errorf("%q: %v", s, got)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzMatch(f *testing.F) {
	for i, e := range expressions {
		f.Add(e, texts[i%len(texts)])
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		if len(expr) > 60 {
			return
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		want := re.MatchString(s)
		for _, budget := range []int64{1 << 16, 1500} {
			m, err := New(re, NewBudget(budget))
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // anew, over the states of the time before, and begun anew
				if got := m.Match(s); got != want {
					t.Errorf("%q on %q (budget %d): %v, want %v", expr, s, budget, got, want)
				}
				m.asked.Store(1 << 40)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	text := strings.Repeat("please leave the package at the front door, select one from the set; ", 10)
	for _, e := range []string{`(?i)\bselect\b.{1,100}\bfromage\b`, `(?i)<[^0-9<>a-z_]*(?:script|iframe)`, `^[\d.:]+$`} {
		m := compile(b, "(?sm)"+e, 1<<20)
		b.Run("automaton/"+e, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Match(text)
			}
		})
		b.Run("regexp/"+e, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Regexp().MatchString(text)
			}
		})
	}
}
