package transform_test

import (
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
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
		tb.Fatalf("no match for %q: %v", s, []types.MatchedRule(tx.MatchedRules()))
	}
	return out, values
}
