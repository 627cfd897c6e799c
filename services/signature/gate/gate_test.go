package gate

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/dfa"
)

var expressions = []string{
	`(?i)union\s+(?:all\s+)?select`, `\.\./`, `(?i)<script[^>]*>`, `^[\d.]+$`, `(?i)(?:;|\||&&)\s*(?:cat|ls|id|wget|curl)\b`, `['"]\s*or\s*['"\d]`, `\$\{jndi:`, `x*`, ``, `^$`,
	`[^a-z0-9]`, `(?i)k`, `(?i)select|sleep\(`, `(?:a|b)c?d+`, `(?i)\bon(?:load|error)\s*=`, `\x00`, `[\x{80}-\x{ff}]`, `(?i)s[kſ]y`, `a(?:bc|)d`, `(?:ab){2,3}`, `.`, `(?s).{3}x`,
	`(?i)c["'\x5c]*a["'\x5c]*t["'\x5c]*\s`, `(?i)["'](?:having|select)|exec\s+master\.`, `(?:[/\x5c]|%2f)(?:\.|%2e){2}(?:[/\x5c]|%2f)`, `[|;$]x?`, `(?i)^(?:k["]?ill|s["]?top)\b`,
}

var texts = []string{
	"", "plain words only", "1 UNION  ALL select 2", "../../etc/passwd", "<ScRiPt x>", "10.0.0.1", "; cat /etc", "x' or '1", "${jndi:ldap://x}", "\u212aelvin", "\u017fleep(1)", "\u017felect", "SELECT",
	"onload =x", "a\x00b", "é", "\xff", "abcd", "ad", "abab", "bcd", "s\u017fy", "sky", "\n", "abcx", "K", "cat x", "c'a't x", "exec master.y", "'having", "/../", "%2f..%2F", "a;x", "stop", "\u017ftop", "s\"top",
}

func TestOfRegexpIsSound(t *testing.T) {
	var needs []Need
	for _, e := range expressions {
		n, err := OfRegexp(e)
		if err != nil {
			t.Fatal(err)
		}
		needs = append(needs, n)
	}
	f := NewFilter(needs)
	matches, kept := 0, 0
	check := func(s string) {
		got := make([]uint64, f.Words())
		f.Scan(s, KindsOf(s), got)
		for i, e := range expressions {
			match, may := regexp.MustCompile(e).MatchString(s), got[i>>6]>>(i&63)&1 == 1
			if match {
				matches++
				if !may {
					t.Errorf("%s matches %q and is kept back: %+v", e, s, needs[i])
				}
			} else if !may {
				kept++
			}
		}
	}
	for _, s := range texts {
		check(s)
		check("xx " + s + " yy")
	}
	if matches < 150 || kept < 600 {
		t.Errorf("%d matches, %d kept back: the test shows little", matches, kept)
	}
}

func TestNeeds(t *testing.T) {
	f := func(expr string, literals []string, with, without string) {
		t.Helper()
		n, err := OfRegexp(expr)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(n.Literals)
		if !slices.Equal(n.Literals, literals) {
			t.Errorf("%s: literals %q, want %q", expr, n.Literals, literals)
		}
		ok := func(s string) bool { k := KindsOf(s); return k&n.All == n.All && k&n.One != 0 }
		if !ok(with) || ok(without) {
			t.Errorf("%s: all %b one %b", expr, n.All, n.One)
		}
	}
	f(`(?i)union\s+select`, []string{"select"}, "union select", "unionselect")
	f(`sleep\([ab]`, []string{"sleep(a", "sleep(b"}, "sleep(a", "sleep a")
	f(`(?:cat|concat|dir)/`, []string{"cat/", "dir/"}, "cat/x", "cat")
	f(`['"].*\d`, nil, "'1", "1x")
	f(`[a-z]\d`, nil, "a1", "a")
}

// Random expressions over a small alphabet against random texts: what regexp finds, the
// filter lets through.
func FuzzFilter(f *testing.F) {
	for i, e := range expressions {
		f.Add(e, texts[i%len(texts)])
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		if len(expr) > 80 {
			return
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			return
		}
		n, err := OfRegexp(expr)
		if err != nil {
			t.Fatal(err)
		}
		fl := NewFilter([]Need{n, OfWords([]string{"ab", "bcd"})})
		got := make([]uint64, 1)
		fl.Scan(s, KindsOf(s), got)
		if re.MatchString(s) && got[0]&1 == 0 {
			t.Errorf("%q matches %q and is kept back: %+v", expr, s, n)
		}
		low := Fold(s)
		if (strings.Contains(low, "ab") || strings.Contains(low, "bcd")) && got[0]&2 == 0 {
			t.Errorf("words in %q: %b", s, got[0])
		}
	})
}

// Against strings.Contains: what is there is found, and little else.
func TestGrams(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abcd"[r.IntN(4)]
		}
		return string(b)
	}
	found, false1 := 0, 0
	for range 200 {
		var strs []string
		var owner []uint32
		for i := range 20 {
			strs, owner = append(strs, word(2+r.IntN(3))), append(owner, uint32(i))
		}
		g := newGrams(strs, owner)
		for range 20 {
			s := word(r.IntN(12))
			got := make([]uint64, 1)
			g.scan(strings.ToUpper(s), got)
			for i, w := range strs {
				switch is, may := strings.Contains(s, w), got[0]>>i&1 == 1; {
				case is && !may:
					t.Fatalf("%q is not found in %q", w, s)
				case is:
					found++
				case may:
					false1++
				}
			}
		}
	}
	if found < 1000 || false1 > 0 {
		t.Errorf("%d found, %d that are not there", found, false1)
	}
}

func TestPossibleIsMonotone(t *testing.T) {
	for _, e := range expressions {
		re, err := syntax.Parse(e, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		if re.Simplify(); !possible(re, allKinds) {
			t.Errorf("%s matches nothing at all", e)
		}
	}
}

func TestSetIsRegexps(t *testing.T) {
	s, err := NewSet(expressions, dfa.NewBudget(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, text := range texts {
		var want []int
		for i := range expressions {
			if s.Regexp(i).MatchString(text) {
				want = append(want, i)
			}
		}
		if got := s.Match(text, nil); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		n += len(want)
	}
	if n < 80 {
		t.Errorf("%d matches", n)
	}
}
