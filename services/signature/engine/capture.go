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
			reads := p.readsCaptures(&links[j])
			for k := range links[:j] {
				links[k].captures = links[k].captures || reads != 0 && links[k].src.Capture
			}
			// A rule's own assignments see what it has captured itself.
			links[j].captures = links[j].captures || reads != 0 && links[j].src.Capture
			all = all || reads&^setsCaptures(links[:j+1]) != 0
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

// readsCaptures is the set of captures that l reads, one bit each.
func (p *program) readsCaptures(l *link) (set uint16) {
	slot := func(i int) {
		if i >= 0 && i < captures {
			set |= 1 << i
		}
	}
	in := func(m macro) {
		for i := range m {
			if m[i].variable == seclang.TX {
				slot(m[i].slot)
			}
		}
	}
	for i := range l.targets {
		if t := &l.targets[i]; t.kind == fromTX && t.slot < 0 && (t.KeyRegexp == nil || slices.ContainsFunc(p.slots[:captures], t.KeyRegexp.MatchString)) {
			set = 1<<captures - 1
		} else if t.kind == fromTX {
			slot(t.slot)
		}
	}
	in(l.argument)
	for _, e := range l.effects {
		if e.set != nil {
			in(e.set.key)
			in(e.set.value)
		}
	}
	return set
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
