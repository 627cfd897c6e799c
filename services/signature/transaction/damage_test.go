package transaction

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// pieces are what each format is sensitive to.
var pieces = []string{"{", "}", "[", "]", ":", ",", `"`, `\`, `\"`, `\\`, `\u0041`, `\ud83d`, `\udE00`, `\u00`, `\x`, "null", "true", "fal", "-", "0", "1e5", "+1", ".", "nan",
	" ", "\t", "\n", "\r\n", "\x00", "\x01", "\x7f", "\x80", "\xff", "é", "\u212a", "&", "=", "+", "%", "%2", "%41", "%zz", ";", "#", "?", "/", "//", `'`, "''", "*", "(",
	"<", ">", "</", "/>", "<a>", "</a>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "&amp;", "&nope;", "<br>", " b='c'",
	"--XX", "--XX--", "\r\n\r\n", "\n\n", "Content-Disposition: form-data; name=a", "; filename=f", `; filename*=utf-8''x%20y`, `; filename*0="p"`, "Content-Type: text/plain\r\n"}

// damage changes s in a few places.
func damage(r *rand.Rand, s string) string {
	for range 1 + r.IntN(4) {
		i := r.IntN(len(s) + 1)
		j := min(len(s), i+r.IntN(6))
		switch r.IntN(5) {
		case 0: // leave something out
			s = s[:i] + s[j:]
		case 1: // say it twice
			s = s[:j] + s[i:]
		case 2: // end early
			if r.IntN(4) == 0 {
				s = s[:i]
			}
		default:
			s = s[:i] + pieces[r.IntN(len(pieces))] + s[i+(j-i)*r.IntN(2):]
		}
	}
	return s
}

// TestDamagedAsCoraza damages the seeds, each in the place that its kind makes
// interesting. MIRADOR_DAMAGE is how many rounds.
func TestDamagedAsCoraza(t *testing.T) {
	rounds := 40
	if s := os.Getenv("MIRADOR_DAMAGE"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("MIRADOR_DAMAGE: %v", err)
		}
		rounds = n
	}
	r := rand.New(rand.NewPCG(1, 2)) // seeded: the same damage every time
	wide, tight := newOracle(t, ample), newOracle(t, narrow)
	failed := 0
	for range rounds {
		for _, s := range seeds {
			for _, part := range [...]*string{&s.target, &s.head, &s.body, &s.answerHead, &s.answer} {
				if *part != "" && r.IntN(2) == 0 {
					*part = damage(r, *part)
				}
			}
			for _, o := range [...]*oracle{wide, tight} {
				differences, _ := o.compare(fuzzed(s.method, s.target, s.head, s.body, s.answerHead, s.answer))
				if len(differences) > 0 && failed < 10 {
					failed++
					t.Errorf("%+v\n%q", s, differences)
				}
			}
		}
	}
}
