package signature

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMask(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Mask(in, 96); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
	f("x' UNION SELECT password FROM users--", "x' union select xxxxxxxx from xxxxx--")
	f("Maria Jensen 4111-1111", "xxxxx xxxxxx 9999-9999")
	f("maria.jensen@example.com", "xxxxx.xxxxxx@xxxxxxx.xxx")
	f("Müşteri № ٣", "xxxxxxx . 9")
	f("selection", "xxxxxxxxx") // a word stays only as a whole
	f("user_name", "xxxx_xxxx")
	f("a\x00b\xffc\n", "x.x.x.")
	f("abcdefghijklmnopqrstuvwxyz", "xxxxxxxxxxxx+")
	f("../../etc/passwd", "../../etc/passwd")
	f("<script>alert(1)</script>", "<script>alert(9)</script>")
	f("", "")
	if got := Mask(strings.Repeat("a b ", 100), 20); len(got) != 20 || !strings.HasSuffix(got, ellipsis) {
		t.Errorf("a long value gives %q", got)
	}
}

func TestMaskName(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := maskName(in); got != want {
			t.Errorf("maskName(%q) = %q, want %q", in, got, want)
		}
	}
	f("order.items.0.note", "order.items.0.note")
	f("X-Forwarded-For", "X-Forwarded-For")
	f("by_account.4111111111111111", "by_account.999999999999+")
	f("maria@example.com", "xxxxx@xxxxxxx.com")
	f("1' or 1=1", "9' or 9=9")
}

// What Mask puts out must hold nothing but its own signs and the vocabulary.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"x' or '1'='1", "\xff\xfe", "名前 1234", "a_b_c", strings.Repeat("select", 30)} {
		f.Add(s, 40)
	}
	word := regexp.MustCompile(`[A-Za-z0-9_]+`)
	plain := regexp.MustCompile(`^[x9_]*$`)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = 16 + (limit&0x3ff+0x400)%200
		got := Mask(s, limit)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("%d bytes at limit %d: %q", len(got), limit, got)
		}
		got = strings.TrimSuffix(got, ellipsis)
		for _, w := range word.FindAllString(got, -1) {
			if !plain.MatchString(w) && !vocabulary[w] && !strings.HasSuffix(got, w) { // the last may be cut
				t.Fatalf("%q shows %q", got, w)
			}
		}
	})
}

func TestVocabularyFits(t *testing.T) {
	for w := range vocabulary {
		if len(w) > maxVocabulary || strings.ToLower(w) != w {
			t.Errorf("%q: longer than %d or not lower case", w, maxVocabulary)
		}
	}
}

func TestConfigReportsAllErrors(t *testing.T) {
	err := Config{}.Validate()
	for _, want := range []string{"threshold", "outbound_threshold", "evidence", "excerpt", "longest", "update_every", "scan_endpoints", "max_windows"} {
		if err == nil || !strings.Contains(err.Error(), "signature."+want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
}

func TestRulesAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Rules() {
		if r.ID == "" || r.Title == "" || r.Detector != Name || len(r.OWASP) == 0 || len(r.CWE) == 0 || len(r.ATTACK) == 0 || r.Remediation == "" || seen[r.ID] {
			t.Errorf("incomplete or twice: %+v", r)
		}
		seen[r.ID] = true
	}
	if len(seen) != int(classes) {
		t.Errorf("%d rules for %d classes", len(seen), int(classes))
	}
}
