package pack

import (
	"os"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func newPack(tb testing.TB) *Pack {
	tb.Helper()
	p, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// seeds are texts that get far: the cases of all rules.
func seeds(f *testing.F, p *Pack) {
	f.Helper()
	for _, r := range p.Rules() {
		for _, c := range r.Cases() {
			f.Add(c.Text)
		}
	}
}

// No text may break a scan, and the same text gives the same hits again.
func FuzzScan(f *testing.F) {
	p := newPack(f)
	seeds(f, p)
	s, other := p.Scanner(), p.Scanner()
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range []Kind{Value, Name, Header, Path, URI, Body, Filename, Token, Response} {
			a, b := s.Text(k, "user", text), other.Text(k, "user", text)
			if len(a) != len(b) {
				t.Fatalf("%d and %d hits", len(a), len(b))
			}
			for i := range a {
				if a[i].Rule != b[i].Rule || a[i].Text != b[i].Text || a[i].View != b[i].View || len(a[i].Text) > maxMatch {
					t.Fatalf("%+v and %+v", a[i], b[i])
				}
			}
		}
	})
}

// The matcher must find what strings.Contains finds, nothing else.
func FuzzMatcher(f *testing.F) {
	literals := [][]string{{"select", "union"}, {"\n1", "%0"}, {"etc/passwd"}, {"abc", "bcd"}, {"zz"}, {"'"}}
	m, err := newMatcher(literals)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"UNION select", "a%0a\n1", "/ETC/passwd", "abcd", "zzz", "", "'", strings.Repeat("'", 80)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ascii := strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				return r | 0x20
			}
			return r
		}, text)
		if strings.ToValidUTF8(text, "") != text {
			t.Skip("Map changes what is no UTF-8")
		}
		got := m.Match(text, nil)
		k := 0
		for n, list := range literals {
			want := false
			for _, l := range list {
				want = want || strings.Contains(ascii, l) && (len(l) > 1 || len(text) <= shortText && len(text) >= minGate)
			}
			found := k < len(got) && got[k] == n
			if found {
				k++
			}
			if found != want {
				t.Fatalf("%q: %v, but %q is %v", text, got, list, want)
			}
		}
		if k != len(got) {
			t.Fatalf("%q: %v is not in order", text, got)
		}
	})
}

// derived are the patterns whose literals were derived, with these.
func derived(tb testing.TB) (list []*regexp.Regexp, gates [][]string) {
	tb.Helper()
	files, err := embedded.ReadDir("rules")
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile("rules/" + f.Name())
		if err != nil {
			tb.Fatal(err)
		}
		var d document
		if err := yaml.Unmarshal(b, &d); err != nil {
			tb.Fatal(err)
		}
		for _, x := range d.Patterns {
			tree, err := syntax.Parse("(?is)"+x.RE, syntax.Perl)
			if err != nil {
				tb.Fatal(err)
			}
			if g := required(tree.Simplify()); len(x.Need) == 0 && g != nil {
				list, gates = append(list, regexp.MustCompile("(?is)"+x.RE)), append(gates, g)
			}
		}
	}
	return list, gates
}

// Derived literals must be sound: where an expression matches, one of them occurs.
func FuzzRequired(f *testing.F) {
	seeds(f, newPack(f))
	list, gates := derived(f)
	if len(list) < 100 {
		f.Fatalf("only %d patterns have derived literals", len(list))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\u017f\u212a") {
			t.Skip("letters that regexp folds to ASCII; the matcher does not")
		}
		folded := strings.ToLower(text)
		for i, re := range list {
			if !re.MatchString(text) {
				continue
			}
			ok := false
			for _, l := range gates[i] {
				ok = ok || strings.Contains(folded, l)
			}
			if !ok {
				t.Fatalf("%q matches %s, but holds none of %q", text, re, gates[i])
			}
		}
	})
}

func FuzzViews(f *testing.F) {
	for _, s := range []string{"%25%32%65", "%u002e&#x2e;&lt;\\x41\\u0042", "w'h'o^ami ${IFS} $9 /*!50000 x*/ /**/", "%c0%ae", "\xc10", "&#99999999;", "$ifs$9", "a+b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, changed := decode(nil, s)
		if changed != (string(b) != s) && changed && len(b) >= len(s) {
			t.Fatalf("%q became the longer %q", s, b)
		}
		if changed && !encoded(s) {
			t.Fatalf("%q: decoded though nothing seemed encoded", s)
		}
		if q := squeeze(nil, s); len(q) > len(s) {
			t.Fatalf("%q became the longer %q", s, q)
		} else if string(q) != s && !squeezable(s) {
			t.Fatalf("%q became %q though nothing was to be squeezed", s, q)
		}
	})
}
