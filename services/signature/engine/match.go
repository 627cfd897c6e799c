package engine

import (
	"strings"
	"unicode/utf8"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// try transforms one value and asks the operator.
func (s *state) try(l *link, v seclang.Variable, level int, key, text string) {
	if !l.src.MultiMatch {
		s.ask(l, v, level, key, s.transform(l.chain, text))
		return
	}
	s.ask(l, v, level, key, text)
	for _, c := range l.steps {
		st := s.p.chains[c].step
		if next := st.Apply(&s.arena, text); st.Changed(text, next) {
			text = next
			s.ask(l, v, level, key, text)
		}
	}
}

func (s *state) ask(l *link, v seclang.Variable, level int, key, text string) {
	s.charge(len(text))
	if s.over {
		return
	}
	var match bool
	switch {
	case l.whole: // all of it, which needs no search
		if match = true; l.captures {
			s.Capture(0, text)
		}
	case l.rx != nil:
		if match = l.rx.Match(text); match && l.captures {
			l.op.Match(text, s)
		}
	case l.sqli:
		match = l.op.Match(s.upper(text), s)
	default:
		match = l.op.Match(text, s)
	}
	if match != l.negated {
		s.matched(l, v, level, key, text)
	}
}

// matched records a value and carries out what a match of l does.
func (s *state) matched(l *link, v seclang.Variable, level int, key, text string) {
	s.data = append(s.data, datum{variable: v, level: uint8(min(level, 255)), key: key, value: text})
	s.last = found{variable: v, key: key, text: text, any: true}
	s.matches = append(s.matches, s.last)
	for i := range l.effects {
		if e := &l.effects[i]; e.set != nil {
			s.assign(e.set)
		} else {
			s.control(e.ctl)
		}
	}
}

// control carries out a ctl action.
func (s *state) control(c *control) {
	switch c.action {
	case "ruleRemoveById", "ruleRemoveByTag", "ruleRemoveByMsg":
		s.removed = s.p.with(s.removed, c.rules)
		s.unfold = s.unfold || c.unfolds
	case "ruleRemoveTargetById", "ruleRemoveTargetByTag", "ruleRemoveTargetByMsg":
		s.aimed = s.p.with(s.aimed, c.rules)
		for _, i := range c.rules {
			s.targets = append(s.targets, removal{rule: i, variable: c.target.Variable, exception: seclang.Exception{Key: c.target.Key, KeyRegexp: c.target.KeyRegexp}})
		}
		s.unfold = s.unfold || c.unfolds
	case "ruleEngine":
		s.off = c.value == "off"
	case "requestBodyProcessor":
		if s.phase <= 1 {
			s.tx.SetProcessor(c.value)
		}
	case "forceRequestBodyVariable":
		s.tx.ForceRequestBody(c.on)
	case "requestBodyAccess":
		if s.phase <= 1 {
			s.tx.AccessRequestBody(c.on)
		}
	case "requestBodyLimit":
		if s.phase <= 1 {
			s.tx.LimitRequestBody(c.number)
		}
	case "responseBodyProcessor":
		if s.phase <= 3 {
			s.tx.SetResponseProcessor(c.value)
		}
	case "forceResponseBodyVariable":
		s.tx.ForceResponseBody(c.on)
	}
}

// upper makes text the same to libinjection in capitals, in which it looks every word
// up: it would make a copy of each. Of its few tests that tell case apart, one is for
// what follows a backslash, one for what stands between dollars, one for sp_password.
func (s *state) upper(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || c == '\\' || c == '$' {
			return text
		}
	}
	if strings.Contains(text, "sp_password") {
		return text
	}
	b := s.arena.Take(len(text))
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		b = append(b, c)
	}
	return s.arena.Keep(b)
}
