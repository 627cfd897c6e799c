package engine

import (
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// slot is a variable of TX that has a place of its own because a rule names it.
type slot struct {
	text string
	set  bool
}

// named is a variable of TX whose name no rule spells out.
type named struct{ name, text string }

// found is a value that matched, for MATCHED_VAR and its like.
type found struct {
	variable  seclang.Variable
	key, text string
	any       bool // something has matched; an action matches a variable that has no name
}

// name is made when a rule asks for it.
func (s *state) nameOf(f *found) string {
	switch {
	case !f.any:
		return ""
	case f.key == "":
		return f.variable.String()
	}
	v := f.variable.String()
	b := append(s.arena.Take(len(v)+1+len(f.key)), v...)
	return s.arena.Keep(append(append(b, ':'), f.key...))
}

func (s *state) matchedName() string { return s.nameOf(&s.last) }

// capture 0 to 9 have the first slots.
const captures = 10

func (s *state) lookup(name string) (string, bool) {
	if i, ok := s.p.slotOf[name]; ok {
		return s.slots[i].text, s.slots[i].set
	}
	for i := range s.loose {
		if s.loose[i].name == name {
			return s.loose[i].text, true
		}
	}
	return "", false
}

func (s *state) store(i int, name, text string) {
	if i < 0 {
		var ok bool
		if i, ok = s.p.slotOf[name]; !ok {
			s.storeLoose(name, text)
			return
		}
	}
	s.slots[i] = slot{text, true}
}

func (s *state) storeLoose(name, text string) {
	for i := range s.loose {
		if s.loose[i].name == name {
			s.loose[i].text = text
			return
		}
	}
	s.loose = append(s.loose, named{name, text})
}

func (s *state) remove(i int, name string) {
	if i < 0 {
		var ok bool
		if i, ok = s.p.slotOf[name]; !ok {
			for j := range s.loose {
				if s.loose[j].name == name {
					s.loose = append(s.loose[:j], s.loose[j+1:]...)
					return
				}
			}
			return
		}
	}
	s.slots[i] = slot{}
}

// assign carries out a setvar as Coraza does: a sum of what is no number stays as it
// was.
func (s *state) assign(a *assignment) {
	i, name := a.slot, ""
	if i < 0 {
		name = strings.ToLower(s.expand(a.key))
	}
	if a.op == '!' {
		s.remove(i, name)
		return
	}
	value, op := s.expand(a.value), a.op
	if op == '=' && !a.value.static() && value != "" && (value[0] == '+' || value[0] == '-') {
		op, value = value[0], value[1:]
	}
	if op == '=' {
		s.store(i, name, value)
		return
	}
	n := 0
	if value != "" {
		var err error
		if n, err = strconv.Atoi(value); err != nil {
			if !strings.HasPrefix(value, "tx.") {
				s.store(i, name, string(op)+value)
			}
			return
		}
	}
	var old string
	if i >= 0 {
		old = s.slots[i].text
	} else {
		old, _ = s.lookup(name)
	}
	sum := 0
	if old != "" {
		var err error
		if sum, err = strconv.Atoi(old); err != nil {
			return
		}
	}
	if op == '-' {
		n = -n
	}
	s.store(i, name, strconv.Itoa(sum+n))
}

// expand writes m out, into the arena where it is more than one part.
func (s *state) expand(m macro) string {
	switch len(m) {
	case 0:
		return ""
	case 1:
		return s.expandPart(&m[0])
	}
	var buf [8]string // parts may take room in the arena themselves, so first all of them
	parts, n := buf[:0], 0
	for i := range m {
		parts = append(parts, s.expandPart(&m[i]))
		n += len(parts[i])
	}
	b := s.arena.Take(n)
	for _, p := range parts {
		b = append(b, p...)
	}
	return s.arena.Keep(b)
}

func (s *state) expandPart(p *part) string {
	if p.variable == 0 {
		return p.literal
	}
	if v, ok := s.value(p); ok {
		return v
	}
	return p.text
}

// value is the first value of a variable with a key.
func (s *state) value(p *part) (string, bool) {
	switch p.variable {
	case seclang.TX:
		if p.slot >= 0 {
			return s.slots[p.slot].text, s.slots[p.slot].set
		}
		if p.key != "" {
			return s.lookup(p.key)
		}
		return "", false
	case seclang.MatchedVar:
		return s.last.text, true
	case seclang.MatchedVarName:
		return s.matchedName(), true
	case seclang.RuleVar:
		return s.ruleValue(p.key)
	case seclang.HighestSeverity:
		return strconv.Itoa(s.severity), true
	}
	for _, v := range s.tx.Values(p.variable) {
		if p.key == "" || v.Named(p.key) {
			return v.Text, true
		}
	}
	return "", false
}

func (s *state) ruleValue(key string) (string, bool) {
	switch r := s.link.src; key {
	case "id":
		id := r.ID
		if id == 0 {
			id = r.ParentID
		}
		return strconv.Itoa(id), true
	case "msg":
		if r.HasMsg {
			return r.Msg.String(), true
		}
	case "rev":
		return r.Rev, true
	case "severity":
		if r.Severity >= 0 {
			return severityNames[r.Severity], true
		}
		return "", true
	}
	return "", false
}

var severityNames = [...]string{"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"}

// Expand implements operator.Env: an operator asks for its own argument.
func (s *state) Expand(seclang.Macro) string { return s.expand(s.link.argument) }

// Capturing implements operator.Env.
func (s *state) Capturing() bool { return s.link.captures }

// Capture implements operator.Env.
func (s *state) Capture(i int, text string) {
	if i >= 0 && i < captures {
		s.slots[i] = slot{text, true}
	}
}

func (p *program) part(m seclang.MacroPart) part {
	out := part{literal: m.Literal, variable: m.Variable, key: m.Key, text: m.Text, slot: -1}
	if m.Literal != "" {
		out.variable = 0
	} else if m.Variable == seclang.TX && m.Key != "" {
		if i, ok := p.slotOf[m.Key]; ok {
			out.slot = i
		}
	}
	return out
}
