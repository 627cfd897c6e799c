package engine

import (
	"testing"

	"github.com/miradorhq/mirador/services/signature/transform"
)

// A text that is too short for a rule is not transformed unless that could make it
// longer: what lengthens one of these must be known to.
func TestWhatLengthensIsKnown(t *testing.T) {
	texts := []string{"", "/", "\\", "\xff", "*", "a", "&nLt;", "&nGt;", "&#x10ffff;", "\u00a0\x80", "%u00e9", "\\u00e9", "A", "\x00", "<!--", "/*"}
	lengthens := 0
	for _, name := range transform.Names() {
		step, _ := transform.Lookup(name)
		p := &program{chains: []chain{{}}}
		at, _, err := p.chain([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			var a transform.Arena
			if out := step.Apply(&a, text); len(out) > len(text) {
				if lengthens++; !p.lengthens(at) {
					t.Errorf("%s makes %q of %q", name, out, text)
				}
			}
		}
	}
	if lengthens < 15 {
		t.Errorf("%d are longer: the texts show too little", lengthens)
	}
}

// TestSettingsAreWorkedOut: what looks at settings alone, and what level 1 skips, costs a
// transaction nothing. The core rule set has one skip, which must not keep all behind it.
func TestSettingsAreWorkedOut(t *testing.T) {
	e, err := New(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	c := e.current.Load()
	if all, left := len(c.whole.rules), len(c.folded.rules); all < 500 || left > all*6/10 {
		t.Errorf("%d of %d rules are left for transactions", left, all)
	} else {
		t.Logf("%d of %d rules are left for transactions", left, all)
	}
}
