package engine

import (
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Half of the core rule set looks at nothing but settings: which paranoia level, which
// scores, which limits. What such rules do is the same for every transaction, so it is
// worked out once, when a program is made: they are evaluated with the machine that
// evaluates transactions, their assignments become the initial state of TX, and the
// rules that they skip are left out. (Partial evaluation: Futamura 1971.)

// folder goes through the rules in the order in which a transaction does.
type folder struct {
	p *program
	s *state
	// unknown are the variables of TX whose value depends on the transaction; used are
	// those that a rule which depends on it has read or written.
	unknown, used []bool
	// drop are the rules that are left out: true where they were worked out, false
	// where one of those skips them.
	drop    map[*seclang.Rule]bool
	fires   map[*seclang.Rule]bool // those that were worked out and match
	matched []folded
	done    bool
}

// fold makes of a whole program one without the rules that can be worked out.
func (c *compiler) fold(whole *program) *program {
	f := &folder{p: whole, s: &state{}, unknown: make([]bool, len(whole.slots)), used: make([]bool, len(whole.slots)), drop: make(map[*seclang.Rule]bool),
		fires: make(map[*seclang.Rule]bool)}
	f.s.reset(whole)
	for phase := 1; phase <= phases && !f.done; phase++ {
		f.phase(phase)
	}
	p := *whole
	p.matched = f.matched
	p.initial = slices.Clone(f.s.slots)
	var rest []rule
	for _, r := range whole.rules {
		if _, ok := f.drop[r.src]; !ok {
			r.links = slices.Clone(r.links)
			for i := range r.links {
				r.links[i].effects = cloneControls(r.links[i].effects)
			}
			rest = append(rest, r)
		}
	}
	p.arrange(c.text, rest)
	// A rule that does not match may be taken out without anything changing, but for
	// the places that skip counts.
	counts := slices.ContainsFunc(whole.rules, func(r rule) bool { return r.src.Skip > 0 })
	for i := range p.rules {
		for j := range p.rules[i].links {
			for k := range p.rules[i].links[j].effects {
				if ctl := p.rules[i].links[j].effects[k].ctl; ctl != nil {
					src := p.rules[i].links[j].src.Effects[k].Ctl
					// Rules that were worked out read TX alone.
					ctl.unfolds = (src.Target == nil || src.Target.Variable == seclang.TX) &&
						slices.ContainsFunc(whole.rules, func(r rule) bool { return (f.fires[r.src] || counts && f.drop[r.src]) && isAim(src, r.src) })
				}
			}
		}
	}
	return &p
}

func cloneControls(effects []effect) []effect {
	out := slices.Clone(effects)
	for i := range out {
		if c := out[i].ctl; c != nil {
			own := *c
			out[i].ctl = &own
		}
	}
	return out
}

func (f *folder) phase(phase int) {
	p := f.p
	f.s.phase = phase
	// Up to here a rule that depends on the transaction may skip.
	open := 0
	for i, end := p.from[phase], p.from[phase+1]; i < end && !f.done; i++ {
		r := &p.rules[i]
		if i < open || !f.constant(r, phase) {
			f.depends(r)
			if r.src.SkipAfter != "" || r.src.Skip > 0 {
				if open = max(open, r.jump); !r.marker {
					f.done = true
				}
				if r.src.Skip > 0 {
					open = max(open, f.reach(r, end))
				}
			}
			continue
		}
		f.s.fired, f.s.data, f.s.matches = f.s.fired[:0], f.s.data[:0], f.s.matches[:0]
		match := f.s.evaluate(r)
		f.drop[r.src] = true
		if !match {
			continue
		}
		f.fires[r.src] = true
		if r.src.ID != 0 {
			f.matched = append(f.matched, folded{r.src, phase})
		}
		if r.src.SkipAfter != "" {
			for ; i+1 < r.jump; i++ {
				f.drop[p.rules[i+1].src] = false
			}
		}
	}
}

// reach is how far r's skip can go on: what a transaction has taken out is no place. An
// action that takes out r too has either come before r, which then skips nothing, or is r's own.
func (f *folder) reach(r *rule, end int) int {
	taken := func(at int) bool {
		for i := range f.p.rules {
			by := &f.p.rules[i]
			for j := range by.links {
				for _, e := range by.links[j].src.Effects {
					if c := e.Ctl; c != nil && strings.HasPrefix(c.Action, "ruleRemoveBy") && isAim(c, f.p.rules[at].src) && (by == r || !isAim(c, r.src)) {
						return true
					}
				}
			}
		}
		return false
	}
	n := r.src.Skip
	for _, at := range r.behind {
		switch {
		case at >= 0 && taken(at):
		case n > 0:
			n--
		case at >= 0:
			return at
		}
	}
	return end
}

// constant says whether what r does can be worked out.
func (f *folder) constant(r *rule, phase int) bool {
	// HIGHEST_SEVERITY is not worked out, nor what skip means when rules are removed.
	if r.src.SkipAfter != "" && !r.marker || r.src.Skip > 0 || r.src.Severity >= 0 {
		return false
	}
	for i := range r.links {
		l := &r.links[i]
		if l.src.Capture {
			return false
		}
		for t := range l.targets {
			if l.targets[t].kind != fromTX || l.targets[t].slot < 0 || f.unknown[l.targets[t].slot] {
				return false
			}
		}
		if l.src.Op != nil && !f.knows(f.p.macro(l.src.Op.Macro)) {
			return false
		}
		for _, e := range l.effects {
			// A response may be missing: what its phases assign is left to them.
			if e.set == nil || e.set.slot < 0 || phase > 2 || f.used[e.set.slot] || f.unknown[e.set.slot] || !f.knows(e.set.value) {
				return false
			}
		}
	}
	return true
}

func (f *folder) knows(m macro) bool {
	for i := range m {
		if m[i].variable != 0 && (m[i].variable != seclang.TX || m[i].slot < 0 || f.unknown[m[i].slot]) {
			return false
		}
	}
	return true
}

// depends notes what a rule that is left to the transaction reads and writes.
func (f *folder) depends(r *rule) {
	for i := range r.links {
		l := &r.links[i]
		for t := range l.targets {
			if x := &l.targets[t]; x.kind == fromTX {
				if x.slot >= 0 {
					f.used[x.slot] = true
				} else {
					f.every("", false)
				}
			}
		}
		if l.src.Capture {
			for c := range captures {
				f.used[c], f.unknown[c] = true, true
			}
		}
		if l.src.Op != nil {
			f.reads(f.p.macro(l.src.Op.Macro))
		}
		f.reads(f.p.macro(l.src.Msg))
		for _, e := range l.effects {
			switch {
			case e.ctl != nil:
				f.done = f.done || e.ctl.action == "ruleEngine"
			case e.set.slot >= 0:
				f.used[e.set.slot], f.unknown[e.set.slot] = true, true
				f.reads(e.set.value)
			default:
				prefix := ""
				if len(e.set.key) > 0 && e.set.key[0].variable == 0 {
					prefix = strings.ToLower(e.set.key[0].literal)
				}
				f.every(prefix, true)
				f.reads(e.set.key)
				f.reads(e.set.value)
			}
		}
	}
}

func (f *folder) reads(m macro) {
	for i := range m {
		if m[i].variable == seclang.TX && m[i].slot >= 0 {
			f.used[m[i].slot] = true
		}
	}
}

// every notes the use of all variables whose name begins with prefix.
func (f *folder) every(prefix string, write bool) {
	for i, name := range f.p.slots {
		if strings.HasPrefix(name, prefix) {
			f.used[i] = true
			f.unknown[i] = f.unknown[i] || write
		}
	}
}
