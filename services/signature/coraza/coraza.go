// Package coraza runs the OWASP core rule set on Coraza, in detection mode: the oracle
// that the engine is held against. No service runs it.
package coraza

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/experimental"
	"github.com/corazawaf/coraza/v3/experimental/plugins/plugintypes"
	"github.com/corazawaf/coraza/v3/types"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/engine"
)

// Engine is safe for concurrent use: the rules are read-only after New and every
// transaction is one of its own.
type Engine struct {
	cfg     engine.Config
	waf     coraza.WAF
	version string
	says    map[int]bool // rules with a message
}

var _ signature.Engine = (*Engine)(nil)

// New compiles the core rule set with directives between the recommended set-up and
// the rules. Of cfg the limits of bodies count. It takes some hundred milliseconds.
func New(cfg engine.Config, directives string) (*Engine, error) {
	e := &Engine{cfg: cfg, says: make(map[int]bool)}
	c := coraza.NewWAFConfig().WithRootFS(coreruleset.FS).
		WithDirectives("Include @coraza.conf-recommended").
		WithDirectives("Include @crs-setup.conf.example").
		WithDirectives(directives).
		WithDirectives("Include @owasp_crs/*.conf")
	o, ok := c.(interface {
		WithRuleObserver(func(types.RuleMetadata)) coraza.WAFConfig
	})
	if !ok {
		return nil, errors.New("coraza: this version does not list its rules")
	}
	waf, err := coraza.NewWAF(o.WithRuleObserver(e.observe))
	if err != nil {
		return nil, fmt.Errorf("coraza: compile the core rule set: %w", err)
	}
	e.waf = waf
	return e, nil
}

// observe is called for every rule while the set is compiled.
func (e *Engine) observe(r types.RuleMetadata) {
	if v := r.Version(); v != "" && e.version == "" {
		e.version = "coraza 3.8.1, " + v
	}
	if strings.Contains(r.Raw(), "msg:") {
		e.says[r.ID()] = true
	}
}

// Version names Coraza and its rule set.
func (e *Engine) Version() string { return e.version }

// Says tells whether a rule of this id carries a message, so that people see it.
func (e *Engine) Says(id int) bool { return e.says[id] }

// Match implements signature.Engine; a hit is a rule that matched, without its place.
func (e *Engine) Match(ev *event.Event) (signature.Result, error) {
	var res signature.Result
	t := e.transaction()
	defer t.Close() //nolint:errcheck // it removes the files of a multipart body
	err := e.feed(t, ev, &res)
	for _, m := range t.MatchedRules() {
		res.Hits = append(res.Hits, signature.Hit{Rule: m.Rule().ID()})
	}
	return res, err
}

// Observe says more than Match: the ids of all rules that matched, sorted, those that
// only compute among them, and every score that the rules keep, by the name of its
// variable.
func (e *Engine) Observe(ev *event.Event) (rules []int, scores map[string]int, err error) {
	var res signature.Result
	t := e.transaction()
	defer t.Close() //nolint:errcheck // see Match
	if err := e.feed(t, ev, &res); err != nil {
		return nil, nil, err
	}
	for _, m := range t.MatchedRules() {
		rules = append(rules, m.Rule().ID())
	}
	slices.Sort(rules)
	state, ok := t.(plugintypes.TransactionState)
	if !ok {
		return nil, nil, errors.New("coraza: this version does not show its scores")
	}
	scores = make(map[string]int)
	for _, m := range state.Variables().TX().FindAll() {
		if !strings.Contains(m.Key(), "_score") {
			continue
		}
		n, err := strconv.Atoi(m.Value())
		if err != nil {
			return nil, nil, fmt.Errorf("coraza: event %s: score %s is %q", ev.IDString(), m.Key(), m.Value())
		}
		scores[m.Key()] = n
	}
	return slices.Compact(rules), scores, nil
}

func (e *Engine) transaction() types.Transaction {
	// The id goes nowhere; Coraza would draw a random one.
	if w, ok := e.waf.(experimental.WAFWithOptions); ok {
		return w.NewTransactionWithOptions(experimental.Options{ID: "mirador"})
	}
	return e.waf.NewTransactionWithID("mirador")
}
