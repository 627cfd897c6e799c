package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/miradorhq/mirador/services/signature/gate"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transform"
)

// compiler makes programs of one text. The automata are shared by all of them.
type compiler struct {
	cfg    Config
	text   *seclang.Program
	budget *dfa.Budget
	rx     map[string]*dfa.Matcher
}

// automata is the memory that the states of all expressions may take together.
const automata = 24 << 20

func newCompiler(cfg Config, sources ...seclang.Source) (*compiler, error) {
	text, err := seclang.Parse(sources...)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if len(text.Items) == 0 {
		return nil, fmt.Errorf("engine: the rule set holds no rule")
	}
	return &compiler{cfg: cfg, text: text, budget: dfa.NewBudget(automata), rx: make(map[string]*dfa.Matcher)}, nil
}

// whole compiles every rule and works nothing out beforehand.
func (c *compiler) whole() (*program, error) {
	p := &program{limits: limits(&c.text.Settings, c.cfg), work: c.cfg.Work, slotOf: make(map[string]int), chains: []chain{{}}}
	for i := range captures + 1 {
		p.slot(strconv.Itoa(i))
	}
	for _, item := range c.text.Items {
		for r := item.Rule; r != nil; r = r.Chain {
			p.reserve(r)
		}
	}
	var compiled []rule
	for _, item := range c.text.Items {
		if item.Rule == nil {
			continue
		}
		r := rule{src: item.Rule}
		for l := item.Rule; l != nil; l = l.Chain {
			link, err := c.link(p, l)
			if err != nil {
				return nil, fmt.Errorf("engine: %s:%d: rule %d: %w", l.File, l.Line, item.Rule.ID, err)
			}
			r.links = append(r.links, link)
		}
		compiled = append(compiled, r)
	}
	p.initial = make([]slot, len(p.slots))
	for i := range captures + 1 { // Coraza makes eleven
		p.initial[i].set = true
	}
	p.arrange(c.text, compiled)
	p.keepCaptures()
	return p, nil
}

// slot gives a variable of TX a place.
func (p *program) slot(name string) int {
	i, ok := p.slotOf[name]
	if !ok {
		i = len(p.slots)
		p.slotOf[name], p.slots = i, append(p.slots, name)
	}
	return i
}

// reserve gives a place to every variable of TX that r names.
func (p *program) reserve(r *seclang.Rule) {
	inMacro := func(m seclang.Macro) {
		for i := range m {
			if m[i].Literal == "" && m[i].Variable == seclang.TX && m[i].Key != "" {
				p.slot(m[i].Key)
			}
		}
	}
	for i := range r.Targets {
		if t := &r.Targets[i]; t.Variable == seclang.TX && t.Key != "" {
			p.slot(strings.ToLower(t.Key))
		}
	}
	if r.Op != nil {
		inMacro(r.Op.Macro)
	}
	for _, e := range r.SetVars {
		if e.Key.Static() {
			p.slot(strings.ToLower(e.Key.String()))
		}
		inMacro(e.Key)
		inMacro(e.Value)
	}
}

// chain finds or makes the sequence of transformations, with that of every prefix.
func (p *program) chain(names []string) (int, []int, error) {
	at := 0
	var steps []int
	for _, n := range names {
		i := slices.IndexFunc(p.chains, func(c chain) bool { return c.step != nil && c.parent == at && c.name == n })
		if i < 0 {
			step, ok := transform.Lookup(n)
			if !ok {
				return 0, nil, fmt.Errorf("no transformation %q", n)
			}
			acts := kindsOf(step.Touches)
			touches := acts
			if lowers(n) {
				touches &^= gate.Upper
			}
			i = len(p.chains)
			p.chains = append(p.chains, chain{parent: at, name: n, step: step, touches: touches | p.chains[at].touches, always: step.Always || p.chains[at].always, acts: acts})
		}
		at = i
		steps = append(steps, i)
	}
	return at, steps, nil
}

// lowers says whether a transformation does nothing to a capital letter but lower it.
func lowers(name string) bool { return name == "lowercase" || name == "cmdLine" }

func (c *compiler) link(p *program, r *seclang.Rule) (link, error) {
	l := link{src: r, gate: -1}
	var err error
	if l.chain, l.steps, err = p.chain(r.Transformations); err != nil {
		return l, err
	}
	if !r.MultiMatch {
		l.steps = nil
	}
	for i := range r.Targets {
		l.targets = append(l.targets, p.target(&r.Targets[i]))
	}
	for _, e := range r.Effects {
		l.effects = append(l.effects, p.effect(e))
	}
	if r.Op == nil {
		return l, nil
	}
	l.negated, l.argument = r.Op.Negated, p.macro(r.Op.Macro)
	if l.op, err = operator.New(r.Op); err != nil {
		return l, err
	}
	switch op := l.op.(type) {
	case *operator.Rx:
		l.rx, err = c.matcher(op.Re)
		l.whole = op.Source == "(?sm)^.*$"
	case operator.SQLi:
		l.sqli = true
	}
	return l, err
}

func (c *compiler) matcher(re *regexp.Regexp) (*dfa.Matcher, error) {
	if m := c.rx[re.String()]; m != nil {
		return m, nil
	}
	m, err := dfa.New(re, c.budget)
	c.rx[re.String()] = m
	return m, err
}

func (p *program) target(t *seclang.Target) target {
	out := target{Target: t, slot: -1, key: strings.ToLower(t.Key), counted: t.Key}
	if t.KeyRegexp != nil {
		out.counted = "/" + t.KeyRegexp.String() + "/"
	}
	switch t.Variable {
	case seclang.TX:
		out.kind = fromTX
		if t.Key != "" {
			out.slot = p.slotOf[out.key]
		}
		for i, name := range p.slots {
			if out.slot < 0 && (t.KeyRegexp == nil || t.KeyRegexp.MatchString(name)) {
				out.slots = append(out.slots, i)
			}
		}
	case seclang.MatchedVar, seclang.MatchedVarName, seclang.MatchedVars, seclang.MatchedVarsNames, seclang.HighestSeverity:
		out.kind = fromMatched
	case seclang.RuleVar:
		out.kind = fromRule
	case seclang.Env, seclang.Geo:
		out.kind = fromNothing
	}
	return out
}

func (p *program) effect(e seclang.Effect) effect {
	if v := e.SetVar; v != nil {
		a := &assignment{slot: -1, op: v.Op, key: p.macro(v.Key), value: p.macro(v.Value)}
		if v.Key.Static() {
			a.slot = p.slotOf[strings.ToLower(v.Key.String())]
		}
		return effect{set: a}
	}
	v := strings.ToLower(e.Ctl.Value)
	n, _ := strconv.Atoi(v) // what is to be a number was checked when it was read
	return effect{ctl: &control{action: e.Ctl.Action, value: v, number: n, on: v == "on", target: e.Ctl.Target}}
}

func (p *program) macro(m seclang.Macro) macro {
	out := make(macro, len(m))
	for i := range m {
		out[i] = p.part(m[i])
	}
	return out
}
