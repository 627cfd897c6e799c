package seclang

import (
	"errors"
	"fmt"
	"strings"
)

// secRule reads SecRule VARIABLES "OPERATOR" "ACTIONS". Everything is looked at even
// where a part is wrong, so that all errors show and a chain stays one.
func (p *parser) secRule(d *directive) {
	r := newRule(d)
	variables, rest, _ := strings.Cut(d.args, " ")
	rest = strings.TrimLeft(rest, " ")
	if rest == "" || rest[0] != '"' {
		p.fail(d, errors.New("SecRule wants variables, an operator in double quotes and actions in double quotes"))
		p.lose()
		return
	}
	operator, rest, err := cutQuoted(rest)
	if err != nil {
		p.failAbout(d, "operator", err)
		p.lose()
		return
	}
	for _, err := range p.targets(r, variables) {
		p.failAbout(d, "variables", err)
	}
	if r.Op, err = p.operator(strings.ReplaceAll(operator, `\"`, `"`)); err != nil {
		p.failAbout(d, "operator", err)
	}
	actions := strings.TrimLeft(rest, " ")
	if actions != "" {
		if len(actions) < 2 || actions[0] != '"' || actions[len(actions)-1] != '"' {
			p.fail(d, fmt.Errorf("actions must stand in double quotes: %s", actions))
			p.lose()
			return
		}
		actions = actions[1 : len(actions)-1]
	}
	p.complete(d, r, actions)
}

// secAction reads SecAction "ACTIONS", a rule that always matches.
func (p *parser) secAction(d *directive) {
	p.complete(d, newRule(d), trimQuotes(d.unquoted()))
}

func newRule(d *directive) *Rule {
	return &Rule{File: d.file, Line: d.first, End: d.last, Phase: 2, Severity: -1}
}

// complete reads the actions of r and adds it. A rule that states none inherits none.
func (p *parser) complete(d *directive, r *Rule, text string) {
	if text == "" {
		p.add(d, r, nil, false)
		return
	}
	acts, err := splitActions(text)
	if err != nil {
		p.failAbout(d, "actions", err)
		p.lose()
		return
	}
	chain := false
	for _, a := range acts {
		chain = chain || a.name == "chain"
	}
	p.apply(d, r, acts, true)
	p.add(d, r, acts, chain)
}
