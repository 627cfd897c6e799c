package engine

import (
	"slices"

	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// Most rules of the core rule set capture for the sake of their log line alone. What a
// rule captures costs a second search and memory, so it is left out where no rule reads
// it: captures stay until the next rule overwrites them, so a rule that reads one which
// its own chain has not set makes all rules capture.

// keepCaptures finds the links whose captures are read.
func (p *program) keepCaptures() {
	all := false
	for i := range p.rules {
		links := p.rules[i].links
		for j := range links {
			looks, does := p.readsCaptures(&links[j])
			for k := range links[:j] {
				links[k].captures = links[k].captures || looks|does != 0 && links[k].src.Capture
			}
			// A rule's own assignments see what it has captured itself, what it looks at
			// is from before.
			links[j].captures = links[j].captures || looks|does != 0 && links[j].src.Capture
			all = all || looks&^setsCaptures(links[:j]) != 0 || does&^setsCaptures(links[:j+1]) != 0
		}
	}
	if all {
		for i := range p.rules {
			for j := range p.rules[i].links {
				l := &p.rules[i].links[j]
				l.captures = l.src.Capture
			}
		}
	}
}

// readsCaptures are the sets of captures that l reads, one bit each: before its
// operator is asked, and when it has matched.
func (p *program) readsCaptures(l *link) (looks, does uint16) {
	bit := func(i int) uint16 {
		if i >= 0 && i < captures {
			return 1 << i
		}
		return 0
	}
	in := func(m macro) (set uint16) {
		for i := range m {
			if m[i].variable == seclang.TX {
				set |= bit(m[i].slot)
			}
		}
		return set
	}
	for i := range l.targets {
		if t := &l.targets[i]; t.kind == fromTX && t.slot < 0 && (t.KeyRegexp == nil || slices.ContainsFunc(p.slots[:captures], t.KeyRegexp.MatchString)) {
			looks = 1<<captures - 1
		} else if t.kind == fromTX {
			looks |= bit(t.slot)
		}
	}
	looks |= in(l.argument)
	for _, e := range l.effects {
		if e.set != nil {
			does |= in(e.set.key) | in(e.set.value)
		}
	}
	return looks, does
}

// setsCaptures is the set of captures that are sure to be overwritten when all of
// links have matched.
func setsCaptures(links []link) (set uint16) {
	for i := range links {
		l := &links[i]
		if !l.src.Capture || l.negated {
			continue
		}
		switch op := l.op.(type) {
		case *operator.Rx:
			for n := 0; n <= op.Re.NumSubexp() && n < captures-1; n++ {
				set |= 1 << n
			}
		case *operator.Pm, operator.SQLi:
			set |= 1
		}
	}
	return set
}
