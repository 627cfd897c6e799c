package seclang

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the rule and its chain in SecLang, a line each, with what it inherited
// written out. Read again it is the same rule.
func (r *Rule) String() string {
	var b strings.Builder
	for ; r != nil; r = r.Chain {
		r.print(&b)
		if r.Chain != nil {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (r *Rule) print(b *strings.Builder) {
	acts := strings.Join(r.actions(), ",")
	if r.Op == nil {
		fmt.Fprintf(b, `SecAction "%s"`, acts)
		return
	}
	fmt.Fprintf(b, `SecRule %s "%s"`, r.variables(), strings.ReplaceAll(r.Op.String(), `"`, `\"`))
	if acts != "" {
		fmt.Fprintf(b, ` "%s"`, acts)
	}
}

// variables prints an exception behind the last target that has it: it takes from all
// of its variable before it.
func (r *Rule) variables() string {
	var out []string
	for i := range r.Targets {
		t := &r.Targets[i]
		out = append(out, t.String())
		own := t.Exceptions
		for j := i + 1; j < len(r.Targets); j++ {
			if r.Targets[j].Variable == t.Variable {
				own = own[:len(own)-len(r.Targets[j].Exceptions)]
				break
			}
		}
		for _, e := range own {
			one := Target{Variable: t.Variable, Key: e.Key, KeyRegexp: e.KeyRegexp}
			out = append(out, "!"+one.String())
		}
	}
	return strings.Join(out, "|")
}

// String is the target without its exceptions.
func (t *Target) String() string {
	s := t.Variable.String()
	if t.Count {
		s = "&" + s
	}
	switch {
	case t.KeyRegexp != nil:
		return s + ":/" + t.KeyRegexp.String() + "/"
	case t.Key != "":
		return s + ":" + t.Key
	}
	return s
}

// String is the operator with its argument.
func (o *Operator) String() string {
	s := "@" + o.Name
	if o.Negated {
		s = "!" + s
	}
	if o.Argument != "" {
		s += " " + o.Argument
	}
	if slashes := len(s) - len(strings.TrimRight(s, `\`)); slashes%2 == 1 {
		s += " " // or the last would escape the quote that ends it
	}
	return s
}

func (r *Rule) actions() []string {
	var out []string
	var open string // has a quote that is not closed, and must come last
	add := func(name, value string) {
		for _, form := range [...]string{name + ":'" + value + "'", name + ":" + value} {
			if value == "" {
				form = name
			}
			// How quotes pair up in a value decides what it looks like outside.
			as, err := splitActions(form + ",x")
			if err == nil && len(as) == 2 && as[0] == (action{strings.ToLower(name), value}) {
				out = append(out, form)
				return
			}
			open = form
		}
	}
	given := func(name, value string) {
		if value != "" {
			add(name, value)
		}
	}
	number := func(name string, n int, set bool) {
		if set {
			add(name, strconv.Itoa(n))
		}
	}
	first := r.Phase != 0
	number("id", r.ID, r.ID != 0)
	number("phase", r.Phase, first)
	if first && r.Disruptive != "" {
		add(r.Disruptive, r.AllowPhase+r.Redirect)
	}
	number("status", r.Status, r.Status != 0)
	if r.Capture {
		add("capture", "")
	}
	for _, t := range r.Transformations {
		out = append(out, "t:"+t)
	}
	if r.MultiMatch {
		add("multiMatch", "")
	}
	given("msg", r.Msg.String())
	given("logdata", r.LogData.String())
	for _, t := range r.Tags {
		add("tag", t)
	}
	given("ver", r.Ver)
	given("rev", r.Rev)
	number("severity", r.Severity, r.Severity >= 0)
	number("maturity", r.Maturity, r.Maturity != 0)
	number("accuracy", r.Accuracy, r.Accuracy != 0)
	for _, e := range r.Effects {
		add(e.print())
	}
	if first {
		add(map[bool]string{true: "log", false: "nolog"}[r.Log], "")
		add(map[bool]string{true: "auditlog", false: "noauditlog"}[r.AuditLog], "")
	}
	number("skip", r.Skip, r.Skip != 0)
	given("skipAfter", r.SkipAfter)
	if r.Chain != nil {
		add("chain", "")
	}
	if open != "" {
		out = append(out, open)
	}
	return out
}

func (e Effect) print() (name, value string) {
	if s := e.SetVar; s != nil {
		switch s.Op {
		case '!':
			return "setvar", "!tx." + s.Key.String()
		case '=':
			return "setvar", "tx." + s.Key.String() + "=" + s.Value.String()
		}
		return "setvar", "tx." + s.Key.String() + "=" + string(s.Op) + s.Value.String()
	}
	c := e.Ctl
	if c.Target == nil {
		return "ctl", c.Action + "=" + c.Value
	}
	return "ctl", c.Action + "=" + c.Value + ";" + c.Target.String()
}
