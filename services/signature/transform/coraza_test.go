package transform_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/miradorhq/mirador/services/signature/transform"
)

// oracle is Coraza with one rule that matches whatever the transformation makes of the
// argument x; then a second one with multiMatch, which tells whether it changed.
type oracle struct{ waf coraza.WAF }

func newOracle(tb testing.TB, name string) *oracle {
	tb.Helper()
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().WithDirectives(`SecRuleEngine DetectionOnly
SecRule ARGS:x "@unconditionalMatch" "id:1,phase:2,pass,log,t:none,t:` + name + `"
SecRule ARGS:x "@unconditionalMatch" "id:2,phase:2,pass,log,multiMatch,t:none,t:` + name + `"`))
	if err != nil {
		tb.Fatalf("Coraza does not know %s: %v", name, err)
	}
	return &oracle{waf}
}

func (o *oracle) apply(tb testing.TB, s string) (out string, values []string) {
	tb.Helper()
	tx := o.waf.NewTransaction()
	defer tx.Close()
	tx.AddPostRequestArgument("x", s)
	tx.ProcessRequestHeaders()
	if _, err := tx.ProcessRequestBody(); err != nil {
		tb.Fatal(err)
	}
	for _, r := range tx.MatchedRules() {
		for _, m := range r.MatchedDatas() {
			// Coraza's buffers are its own once the transaction is closed.
			if v := strings.Clone(m.Value()); r.Rule().ID() == 1 {
				out = v
			} else {
				values = append(values, v)
			}
		}
	}
	if len(values) == 0 {
		tb.Fatalf("no match for %q: %v", s, tx.MatchedRules())
	}
	return out, values
}

// compare holds one transformation against Coraza.
func compare(tb testing.TB, o *oracle, t *transform.Transformation, a *transform.Arena, s string) {
	tb.Helper()
	want, values := o.apply(tb, s)
	a.Reset()
	before := strings.Clone(s)
	got := t.Apply(a, s)
	if got != want {
		tb.Errorf("%s of %q is %q, Coraza has %q", t.Name, s, got, want)
		return
	}
	if s != before {
		tb.Fatalf("%s wrote to its input %q", t.Name, before)
	}
	// Coraza evaluates the value as it came and then each that it calls changed.
	mine := []string{s}
	if t.Changed(s, got) {
		mine = append(mine, got)
	}
	if !slices.Equal(mine, values) {
		tb.Errorf("%s with multiMatch of %q looks at %q, Coraza at %q", t.Name, s, mine, values)
	}
	// A result must outlive the next.
	kept := strings.Clone(got)
	t.Apply(a, s+"\\x41%41 /*c*/ &amp; QUJD\xff")
	if got != kept {
		tb.Errorf("%s of %q became %q when another value was transformed", t.Name, s, got)
	}
	if !t.Always {
		if set := transform.Of(s); !set.Meets(&t.Touches) && got != s {
			tb.Errorf("%s of %q is %q, though nothing in it is touched", t.Name, s, got)
		}
	}
}
