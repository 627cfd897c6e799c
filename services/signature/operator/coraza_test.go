package operator_test

import (
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// pair is one operator as Coraza has it and as this package does, read from one rule.
type pair struct {
	name      string
	negated   bool
	capturing bool
	mine      operator.Operator
	waf       coraza.WAF
}

// newPair makes both of what stands in the quotes of a rule. TX:limit is 5 and TX:list
// is "alpha beta" for macros.
func newPair(tb testing.TB, files fs.FS, text string, capturing bool) *pair {
	tb.Helper()
	rule := `SecRule ARGS:x "` + strings.ReplaceAll(text, `"`, `\"`) + `" "id:2,phase:2,pass,log,t:none`
	if capturing {
		rule += ",capture"
	}
	rule += "\"\n"
	program, err := seclang.Parse(seclang.Source{FS: files, Name: "rule.conf", Text: rule})
	if err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	op := program.Items[0].Rule.Op
	p := &pair{name: text, negated: op.Negated, capturing: capturing}
	if p.mine, err = operator.New(op); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	cfg := coraza.NewWAFConfig().WithDirectives("SecRuleEngine DetectionOnly\nSecAction \"id:1,phase:1,pass,nolog,setvar:tx.limit=5,setvar:tx.list=alpha beta\"\n" + rule)
	if files != nil {
		cfg = cfg.WithRootFS(files)
	}
	if p.waf, err = coraza.NewWAF(cfg); err != nil {
		tb.Fatalf("Coraza: %s: %v", text, err)
	}
	return p
}

// heard is what an operator said of a value: with a match, the text of each capture.
type heard struct {
	matched  bool
	captures [10]string
}

func (p *pair) coraza(tb testing.TB, s string) (h heard, ok bool) {
	tb.Helper()
	// Coraza panics where a Chilean number has no digit.
	defer func() {
		if r := recover(); r != nil && !strings.Contains(p.name, "validateNid cl") {
			panic(r)
		}
	}()
	tx := p.waf.NewTransaction()
	defer tx.Close()
	tx.AddPostRequestArgument("x", s)
	tx.ProcessRequestHeaders()
	if _, err := tx.ProcessRequestBody(); err != nil {
		tb.Fatal(err)
	}
	for _, r := range tx.MatchedRules() {
		h.matched = h.matched || r.Rule().ID() == 2
	}
	h.matched = h.matched != p.negated
	captured := tx.(plugintypes.TransactionState).Variables().TX()
	for i := range h.captures {
		if v := captured.Get(strconv.Itoa(i)); len(v) > 0 {
			h.captures[i] = strings.Clone(v[0])
		}
	}
	return h, true
}

func (p *pair) ours(s string) heard {
	e := env{capturing: p.capturing}
	e.heard.matched = p.mine.Match(s, &e)
	return e.heard
}

func (p *pair) compare(tb testing.TB, s string) {
	tb.Helper()
	got := p.ours(s)
	if want, ok := p.coraza(tb, s); ok && got != want {
		tb.Errorf("%s of %q: %v %q, Coraza has %v %q", p.name, s, got.matched, got.captures, want.matched, want.captures)
	}
}

// env is a transaction with nothing but the two variables of newPair.
type env struct {
	capturing bool
	heard     heard
}

func (e *env) Capturing() bool { return e.capturing }

func (e *env) Capture(i int, s string) {
	if !e.capturing {
		panic("captured without being asked to")
	}
	e.heard.captures[i] = s
}

func (e *env) Expand(m seclang.Macro) string {
	var b strings.Builder
	for _, p := range m {
		switch {
		case p.Literal != "":
			b.WriteString(p.Literal)
		case p.Variable == seclang.TX && p.Key == "limit":
			b.WriteString("5")
		case p.Variable == seclang.TX && p.Key == "list":
			b.WriteString("alpha beta")
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
