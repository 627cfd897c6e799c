package scan

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// Every kind of credential is told by a prefix of its own or by the name that it is assigned to, and
// is found in a text when it is drawn from its own pattern.
func TestKindsOfSecrets(t *testing.T) {
	s := scanner(t)
	r := rand.New(rand.NewPCG(3, 4))
	kinds, prefixed := map[string]bool{}, map[string]bool{}
	for _, text := range strings.Split(secrets, "\n") {
		f := strings.Fields(text)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		kinds[f[0]] = true
		es, err := compilePattern(strings.ReplaceAll(f[len(f)-1], "{uuid}", "{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"))
		if err != nil {
			t.Fatal(err)
		}
		before := ""
		if len(f) > 3 {
			before = strings.TrimPrefix(f[2], "~") + "_value = "
		}
		longest := 0
		for _, e := range es {
			longest = max(longest, len(e.literal))
		}
		switch {
		case longest >= 2:
			prefixed[f[0]] = true
		case len(f) == 3:
			t.Errorf("%s: neither a literal nor a name: %s", f[0], f[len(f)-1])
		}
		found := false
		for range 20 { // what was drawn may lack a digit, or entropy
			value := drawPattern(r, es)
			for _, m := range s.Text([]byte(before+value+" "), nil) {
				found = found || s.Name(m.Class) == "secret."+f[0]
			}
		}
		if !found {
			t.Errorf("%s: none of twenty is found: %s", f[0], before+drawPattern(r, es))
		}
	}
	if len(kinds) != wantSecrets || len(prefixed) != wantPrefixed {
		t.Errorf("%d kinds of which %d have a literal of their own; want %d and %d", len(kinds), len(prefixed), wantSecrets, wantPrefixed)
	}
}

func drawPattern(r *rand.Rand, es []element) string {
	var b strings.Builder
	for _, e := range es {
		b.WriteString(e.literal)
		if e.alphabet == nil {
			continue
		}
		var signs []byte
		for c := range e.alphabet {
			if e.alphabet[c] {
				signs = append(signs, byte(c))
			}
		}
		for range e.min + r.IntN(min(e.max-e.min, 40)+1) {
			b.WriteByte(signs[r.IntN(len(signs))])
		}
	}
	return b.String()
}
