package seclang

import (
	"errors"
	"fmt"
	"strings"
)

// action is one of a rule's actions as written, the name in lower case.
type action struct{ name, value string }

// kind says when an action takes effect and what may be inherited or replaced.
type kind uint8

const (
	unknownAction kind = iota
	metadata           // applied before all others; not in SecDefaultAction
	effect             // on every match of a value
	flow               // once, by the first rule of a chain
	disruptive         // one a rule; SecDefaultAction says what block is
	unsupported
)

func kindOf(name string) kind {
	switch name {
	case "id", "phase", "msg", "tag", "severity", "rev", "ver", "maturity", "accuracy":
		return metadata
	case "t", "capture", "multimatch", "logdata", "setvar", "ctl", "initcol", "status", "log", "nolog", "auditlog", "noauditlog":
		return effect
	case "chain", "skip", "skipafter":
		return flow
	case "pass", "block", "deny", "drop", "allow", "redirect":
		return disruptive
	case "exec", "setenv", "expirevar", "deprecatevar", "setuid", "setsid", "setrsc", "pause", "proxy", "prepend", "append", "xmlns",
		"sanitisearg", "sanitisematched", "sanitisematchedbytes", "sanitiserequestheader", "sanitiseresponseheader":
		return unsupported
	}
	return unknownAction
}

// splitActions separates name:value,name:'value',... A quote is no quote after a
// backslash, and the backslash stays in the value. A quote may be left open at the end,
// as the recommended configuration of CRS 4.22 does, but not so that it hides actions.
func splitActions(text string) ([]action, error) {
	var out []action
	begin, colon, quoted, opened := 0, -1, false, 0
	emit := func(end int) {
		name, value := text[begin:end], ""
		if colon >= 0 {
			name, value = text[begin:colon], text[colon+1:end]
		}
		out = append(out, action{name: strings.ToLower(strings.TrimSpace(name)), value: trimQuotes(strings.TrimSpace(value))})
		begin, colon = end+1, -1
	}
	// The first byte is part of a name whatever it is, and cannot be a separator.
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case text[i-1] == '\\':
		case c == '\'':
			quoted, opened = !quoted, i
		case quoted:
		case c == ':' && colon < 0:
			colon = i
		case c == ',':
			emit(i)
		}
	}
	if quoted && strings.Contains(text[opened:], ",") {
		return nil, errors.New("a quote is not closed")
	}
	emit(len(text))
	return out, nil
}

// secDefaultAction keeps what the rules of a phase inherit from here on. All is looked
// at here: what is wrong would otherwise be said once a rule.
func (p *parser) secDefaultAction(d *directive) {
	fail := func(err error) { p.failAbout(d, d.written, err) }
	acts, err := splitActions(d.unquoted())
	if err != nil {
		fail(err)
		return
	}
	before := len(p.errs)
	scratch := &Rule{}
	breaks := false
	for _, a := range acts {
		switch k := kindOf(a.name); {
		case k == metadata && a.name == "phase":
			err = p.metadata(scratch, a)
		case k == metadata, k == flow, a.name == "t":
			err = errors.New("this cannot be a default")
		default:
			breaks = breaks || k == disruptive
			err = p.action(scratch, a)
		}
		if err != nil {
			fail(fmt.Errorf("%s: %w", a.name, err))
		}
	}
	switch phase := scratch.Phase; {
	case len(p.errs) > before:
	case phase == 0:
		fail(errors.New("no phase"))
	case !breaks:
		fail(errors.New("none of pass, deny, drop, allow, redirect, block"))
	case p.given[phase]:
		fail(fmt.Errorf("phase %d has its defaults already", phase))
	default:
		p.defaults[phase], p.given[phase] = acts, true
	}
}

// inherit is acts with the defaults of a phase before them. The disruptive action comes
// from the defaults where acts have none, or block.
func inherit(acts, from []action) []action {
	if from == nil {
		return acts
	}
	var out []action
	var own, inherited *action
	for i := range from {
		switch kindOf(from[i].name) {
		case disruptive:
			inherited = &from[i]
		case metadata:
		default:
			out = append(out, from[i])
		}
	}
	for i := range acts {
		if kindOf(acts[i].name) == disruptive {
			own = &acts[i]
			continue
		}
		out = append(out, acts[i])
	}
	if own == nil || own.name == "block" {
		own = inherited
	}
	return append(out, *own)
}
