// Package engine evaluates SecLang, and the OWASP core rule set above all, as Coraza
// does: the same rules match, with the same scores. It compiles what Coraza interprets.
//
// A rule set becomes a program. What looks at settings alone is worked out beforehand
// (fold.go). For each value of a transaction one scan says which rules may match it
// (gates.go, open.go), after the transformations that could change the value, and those
// alone, were carried out. What is left is tried in the order of the rules with automata
// that take some nanoseconds a byte (package dfa), and with libinjection where it could
// find anything.
package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Engine implements signature.Engine. It is safe for concurrent use.
type Engine struct {
	cfg        Config
	directives string
	current    atomic.Pointer[compiled]
	read       atomic.Pointer[string] // the folder as Reload found it
	automata   dfa.Counts             // of all rule sets that there were
	states     sync.Pool
}

var _ signature.Engine = (*Engine)(nil)

// compiled is a rule set in both forms.
type compiled struct {
	folded *program
	whole  *program
	budget *dfa.Budget
	hits   map[int]hitInfo
	// version names the engine and its rule set.
	version string
}

// New compiles the rule set of cfg.
func New(cfg Config) (*Engine, error) { return NewWith(cfg, cfg.Directives()) }

// NewWith compiles the rule set with directives in the place of those that cfg stands
// for. Of cfg the limits count, and the folder of own rules.
func NewWith(cfg Config, directives string) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, directives: directives}
	e.states.New = func() any { return &state{} }
	return e, e.Reload()
}

// Reload reads the rule set again, the user's own folder with it. Transactions go on
// with the old rules until the new ones are there, and for good where these have an
// error.
func (e *Engine) Reload() error {
	folder := e.folder()
	e.read.Store(&folder)
	sources, err := e.cfg.sources(e.directives)
	if err != nil {
		return err
	}
	c, err := compile(e.cfg, sources...)
	if err != nil {
		return err
	}
	c.budget.CountIn(&e.automata)
	e.current.Store(c)
	return nil
}

func compile(cfg Config, sources ...seclang.Source) (*compiled, error) {
	c, err := newCompiler(cfg, sources...)
	if err != nil {
		return nil, err
	}
	whole, err := c.whole()
	if err != nil {
		return nil, err
	}
	p := c.fold(whole)
	if err := errors.Join(p.makeGates(), whole.makeGates()); err != nil {
		return nil, err
	}
	return &compiled{folded: p, whole: whole, budget: c.budget, hits: hitInfos(c.text), version: "mirador 1, " + c.text.Version}, nil
}

// Version names the engine and its rule set.
func (e *Engine) Version() string { return e.current.Load().version }

// Automata count what the lazy automata of the rules' expressions do.
func (e *Engine) Automata() *dfa.Counts { return &e.automata }

var errWork = errors.New("engine: the transaction needs more work than engine.work allows")

// Match implements signature.Engine.
func (e *Engine) Match(ev *event.Event) (signature.Result, error) {
	c := e.current.Load()
	s := e.states.Get().(*state)
	defer e.put(s)
	s.transaction(c, ev)
	res := signature.Result{
		Inbound: s.number("detection_inbound_anomaly_score"), Outbound: s.number("detection_outbound_anomaly_score"),
		Clipped: s.tx.Clipped() != 0, Exceeded: s.over,
	}
	s.hits(c, ev, &res)
	if s.over {
		return res, fmt.Errorf("event %s: %w", ev.IDString(), errWork)
	}
	return res, nil
}

// Observe says more than Match: the ids of all rules that matched, ascending, those
// that only compute among them, and every score that the rules keep, by the name of
// its variable.
func (e *Engine) Observe(ev *event.Event) (rules []int, scores map[string]int, err error) {
	rules, tx := e.observe(ev)
	scores = make(map[string]int)
	for name, text := range tx {
		if !strings.Contains(name, "_score") {
			continue
		}
		if scores[name], err = strconv.Atoi(text); err != nil {
			return nil, nil, fmt.Errorf("engine: event %s: score %s is %q", ev.IDString(), name, text)
		}
	}
	return rules, scores, nil
}

// observe gives the rules that match and the variables of TX after the last of them.
func (e *Engine) observe(ev *event.Event) (ids []int, tx map[string]string) {
	c := e.current.Load()
	s := e.states.Get().(*state)
	defer e.put(s)
	s.transaction(c, ev)
	for _, m := range s.fired {
		ids = append(ids, m.src.ID)
	}
	for _, m := range s.p.matched {
		if m.phase <= 2 || m.phase == phases || s.tx.HasResponse() {
			ids = append(ids, m.src.ID)
		}
	}
	slices.Sort(ids)
	tx = make(map[string]string)
	for i, v := range s.slots {
		if v.set {
			tx[s.p.slots[i]] = strings.Clone(v.text) // a view on the transaction
		}
	}
	for _, v := range s.loose {
		tx[v.name] = strings.Clone(v.text)
	}
	return slices.Compact(ids), tx
}

// put gives s back without the event in it.
func (e *Engine) put(s *state) {
	s.reset(s.p)
	e.states.Put(s)
}

// transaction runs all phases over e.
func (s *state) transaction(c *compiled, e *event.Event) {
	s.phasesOf(c.folded, e)
	if s.unfold {
		s.phasesOf(c.whole, e)
	}
}

func (s *state) phasesOf(p *program, e *event.Event) {
	s.reset(p)
	s.tx.Load(e)
	s.run(1)
	s.tx.RequestBody()
	s.run(2)
	if s.tx.HasResponse() {
		s.tx.ResponseHeaders()
		s.run(3)
		s.tx.ResponseBody()
		s.run(4)
	}
	s.run(5)
}

func (s *state) number(name string) int {
	text, _ := s.lookup(name)
	n, _ := strconv.Atoi(text) // absent is 0
	return n
}
