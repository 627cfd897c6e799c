package gate

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/corazawaf/libinjection-go"
)

var sqlTexts = []string{
	"1 union select 2", "1' or '1'='1", "SELECT.1", "1union all select", "0x12select 1", "1e5union select", "a@@b", "1 -- ", "x;drop table y", "1 or 1=1", "sp_password--", "1 and 1", "\u017felect 1", "un\u0131on", "M\u00fc\u015fteri notu", "x\u00e0select 1",
	"plain words and numbers 12", "maria.jensen@example.com", "2026-11-22T03:00:00Z", "SKU-000123", "https://example.com/a/b?c=d", "7b1c9f5e-4a63-4d2e-9a0b-2c9b1f8f6d11", "Please leave the package",
	"1 && 1", "1 || 1", "a\\N b", "{x y}", "[a] b", "1/*x*/2", "foo`", "exec xp_cmdshell", "sleep(5)", "1;if 1", "waitfor delay", "in boolean mode", `\Nand\Nand\N`, "1.e5or 1.e5or 1", "1.dunion", "a natural join b",
}

func TestPlainIsNeverAnInjection(t *testing.T) {
	g := NewSQL()
	plain := 0
	for _, s := range sqlTexts {
		if p := g.Plain(s, KindsOf(s)); p {
			plain++
			if bad, fp := libinjection.IsSQLi(s); bad {
				t.Errorf("%q is plain, and an injection (%s)", s, fp)
			}
		}
	}
	if plain < 8 {
		t.Errorf("%d of %d plain", plain, len(sqlTexts))
	}
	// Every word of the table, alone and with what makes the shortest fingerprints.
	for k := range keywords {
		for _, s := range []string{k, "1 " + strings.ReplaceAll(k, " ", " x "), strings.ReplaceAll(k, " ", ", "), "1 " + k, k + " 1", "1" + k, "x " + k + " 1", "1 " + k + " x 1", strings.ToLower(k) + ".a 1"} {
			if bad, fp := libinjection.IsSQLi(s); bad && g.Plain(s, KindsOf(s)) {
				t.Errorf("%q is plain, and an injection (%s)", s, fp)
			}
		}
	}
}

// Texts of the pieces that the library reads in more than one way: where a number ends
// and a word begins, above all.
func TestPlainOnPieces(t *testing.T) {
	pieces := []string{"1", "or", "and", "union", "select", "x", `\N`, `\n`, `\`, ".", "e5", "1.", "1.e", "d", "f", "u", "0x", "0b", "1e", "[", "]", "{", "}", "@", "@@", "_", "-", "+", "*", "/",
		"!", "<", ">", "=", "|", "&", "^", "~", ";", ":", ",", "?", "%", " ", " ", " ", "\t", "\n", "\v", "\x00", "\x1b", "\xa0", "\x85", "\u00e9", "\u017f", "\u0131", "\u212a",
		"in", "like", "from", "not", "null", "is", "div", "binary", "limit", "having", "natural", "join", "exec", "if", "case", "drop", "into", "outfile", "b", "q", "n"}
	g := NewSQL()
	r := rand.New(rand.NewPCG(5, 5))
	injections, plain := 0, 0
	for range 400000 {
		var b strings.Builder
		for range 2 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		s := b.String()
		bad, fp := libinjection.IsSQLi(s)
		p := g.Plain(s, KindsOf(s))
		if bad && p {
			t.Errorf("%q is plain, and an injection (%s)", s, fp)
		}
		if bad {
			injections++
		}
		if p {
			plain++
		}
	}
	if injections < 300 || plain < 100000 {
		t.Errorf("%d injections, %d plain", injections, plain)
	}
}

// The claim that Plain rests on: no fingerprint is made of harmless kinds alone.
func TestFingerprintsOfHarmlessKinds(t *testing.T) {
	n := 0
	for k, kind := range keywords {
		if kind != 'F' {
			continue
		}
		n++
		if strings.Trim(k[1:], `N1O,.:?;{}\`) == "" {
			t.Errorf("fingerprint %s is made of harmless kinds", k)
		}
		if strings.Trim(k[1:], `N1V,.?{}\`) == "" {
			t.Errorf("fingerprint %s has a variable and no operator", k)
		}
	}
	if n < 8000 {
		t.Errorf("%d fingerprints", n)
	}
}

func FuzzSQL(f *testing.F) {
	g := NewSQL()
	for _, s := range sqlTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if g.Plain(s, KindsOf(s)) {
			if bad, fp := libinjection.IsSQLi(s); bad {
				t.Errorf("%q is plain, and an injection (%s)", s, fp)
			}
		}
		if k := KindsOf(s); k&XSS.One == 0 && libinjection.IsXSS(s) {
			t.Errorf("%q is an injection without a tag and without an attribute", s)
		}
	})
}

func BenchmarkPlain(b *testing.B) {
	g := NewSQL()
	for _, s := range []string{"Please leave the package at the front door.", "7b1c9f5e-4a63-4d2e-9a0b-2c9b1f8f6d11"} {
		k := KindsOf(s)
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				g.Plain(s, k)
			}
		})
	}
}
