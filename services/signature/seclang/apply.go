package seclang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// apply gives r its actions and reports what is wrong with them. Metadata goes first,
// as the phase decides what is inherited.
func (p *parser) apply(d *directive, r *Rule, acts []action, defaults bool) {
	var rest []action
	for _, a := range acts {
		if kindOf(a.name) != metadata {
			rest = append(rest, a)
			continue
		}
		if err := p.metadata(r, a); err != nil {
			p.failAbout(d, a.name, err)
		}
	}
	if defaults {
		rest = inherit(rest, p.defaults[r.Phase])
	}
	for _, a := range rest {
		if err := p.action(r, a); err != nil {
			p.failAbout(d, a.name, err)
		}
	}
}

var (
	errNoValue       = errors.New("no value")
	errUnknownAction = errors.New("unknown action")
)

func (p *parser) metadata(r *Rule, a action) (err error) {
	if a.value == "" {
		return errNoValue
	}
	switch a.name {
	case "id":
		var id int
		if err = setInt(&id, a.value); err == nil {
			r.ID = id
		}
	case "phase":
		var phase int
		if phase, err = parsePhase(a.value); err == nil {
			r.Phase = phase
		}
	case "severity":
		var s int
		if s, err = parseSeverity(a.value); err == nil {
			r.Severity = s
		}
	case "msg":
		if r.Msg, err = parseMacro(trimQuotes(a.value)); err == nil {
			r.HasMsg = true
		}
	case "tag":
		r.Tags = append(r.Tags, a.value)
	case "rev":
		r.Rev = a.value
	case "ver":
		r.Ver = a.value
	case "maturity":
		r.Maturity, err = parseGrade(a.value)
	case "accuracy":
		r.Accuracy, err = parseGrade(a.value)
	}
	return err
}

func parsePhase(v string) (int, error) {
	switch v {
	case "request":
		return 2, nil
	case "response":
		return 4, nil
	case "logging":
		return 5, nil
	}
	if n, err := strconv.Atoi(v); err == nil && n >= 1 && n <= 5 {
		return n, nil
	}
	return 0, fmt.Errorf("%q is none of 1 to 5, request, response, logging", v)
}

// severities in the order of their numbers.
var severities = [...]string{"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}

func parseSeverity(v string) (int, error) {
	if len(v) == 1 && v[0] >= '0' && v[0] <= '7' {
		return int(v[0] - '0'), nil
	}
	for i, s := range severities {
		if strings.EqualFold(v, s) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is none of 0 to 7, %s", v, strings.Join(severities[:], ", "))
}

func parseGrade(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 9 {
		return 0, fmt.Errorf("%q is not between 1 and 9", v)
	}
	return n, nil
}

// takesNoValue are the actions that are a word alone.
func takesNoValue(name string) bool {
	switch name {
	case "capture", "multimatch", "log", "nolog", "auditlog", "noauditlog", "chain", "pass", "block", "deny", "drop":
		return true
	}
	return false
}

// action applies one action that is no metadata.
func (p *parser) action(r *Rule, a action) (err error) {
	switch k := kindOf(a.name); {
	case k == unknownAction:
		return errUnknownAction
	case k == unsupported:
		return errors.New("this action is not supported")
	case takesNoValue(a.name) && a.value != "":
		return fmt.Errorf("a value, %q, where none can be", a.value)
	case !takesNoValue(a.name) && a.value == "" && a.name != "allow":
		return errNoValue
	case k == disruptive:
		return r.disrupt(a)
	}
	switch a.name {
	case "t":
		return r.transform(a.value)
	case "capture":
		r.Capture = true
	case "multimatch":
		r.MultiMatch = true
	case "logdata":
		r.LogData, err = parseMacro(a.value)
	case "status":
		err = setInt(&r.Status, a.value)
	case "setvar":
		var s *SetVar
		if s, err = parseSetVar(a.value); err == nil {
			r.Effects = append(r.Effects, Effect{SetVar: s})
		}
	case "ctl":
		var c *Ctl
		if c, err = p.ctl(a.value); err == nil {
			r.Effects = append(r.Effects, Effect{Ctl: c})
		}
	case "initcol": // the rule set asks for collections that outlive a transaction; as in Coraza there are none
		if !strings.Contains(a.value, "=") {
			err = errors.New("write it as collection=key")
		}
	case "log":
		r.Log, r.AuditLog = true, true
	case "nolog":
		r.Log, r.AuditLog = false, false
	case "auditlog":
		r.AuditLog = true
	case "noauditlog":
		r.AuditLog = false
	case "skip":
		err = setInt(&r.Skip, a.value)
	case "skipafter":
		r.SkipAfter = trimQuotes(a.value)
	}
	return err
}

func (r *Rule) disrupt(a action) error {
	r.AllowPhase, r.Redirect = "", ""
	switch {
	case a.name == "redirect":
		r.Redirect = a.value
	case a.name == "allow" && (a.value == "" || a.value == "phase" || a.value == "request"):
		r.AllowPhase = a.value
	case a.name == "allow":
		return fmt.Errorf("%q is neither phase nor request", a.value)
	}
	r.Disruptive = a.name
	return nil
}
