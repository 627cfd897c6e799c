package engine

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transaction"
)

// run evaluates the rules of one phase.
func (s *state) run(phase int) {
	if s.off || s.stop() {
		return
	}
	s.phase = phase
	p := s.p
	i, end := p.from[phase], p.from[phase+1]
	if s.pending != "" {
		behind, ok := p.marks[phase][s.pending]
		if !ok {
			return
		}
		s.pending, i = "", behind
	}
	s.open(phase)
	for i = s.next(i, end); i < end && !s.stop(); i = s.next(i, end) {
		r := &p.rules[i]
		i++
		if isSet(s.removed, r.index) {
			continue
		}
		s.matches = s.matches[:0]
		if !s.evaluate(r) {
			continue
		}
		if r.src.SkipAfter != "" || r.src.Skip > 0 {
			if i = r.jump; !r.marker {
				s.pending = r.src.SkipAfter
			} else if r.src.SkipAfter == "" && len(s.removed) > 0 {
				i = s.skip(r, end)
			}
		}
	}
}

// skip is where r's skip goes on when rules were removed: these are no places.
func (s *state) skip(r *rule, end int) int {
	n := r.src.Skip
	for _, at := range r.behind {
		switch {
		case at >= 0 && isSet(s.removed, at):
		case n > 0:
			n--
		case at >= 0:
			return at
		}
	}
	return end
}

// next is the first rule from i on that has to be evaluated.
func (s *state) next(i, end int) int {
	for w := i >> 6; w < len(s.p.always) && w<<6 < end; w++ {
		b := s.p.always[w] | s.opened[w]
		if w == i>>6 {
			b &= ^uint64(0) << (i & 63)
		}
		if b != 0 {
			return w<<6 | bits.TrailingZeros64(b)
		}
	}
	return end
}

// isSet says whether i is in a set of rules, which is empty or complete.
func isSet(set []uint64, i int) bool { return len(set) > 0 && set[i>>6]>>(i&63)&1 == 1 }

// with adds rules to such a set.
func (p *program) with(set []uint64, rules []int) []uint64 {
	if len(set) == 0 {
		set = append(set, make([]uint64, (len(p.rules)+63)/64)...)
	}
	for _, i := range rules {
		set[i>>6] |= 1 << (i & 63)
	}
	return set
}

// evaluate runs r with its chain and says whether all of it matched. Effects happen at
// every value that matches, also where the rest of the chain does not.
func (s *state) evaluate(r *rule) bool {
	start := len(s.data)
	for level := range r.links {
		l := &r.links[level]
		s.link, s.taken = l, len(s.targets)
		n := len(s.data)
		if l.src.Op == nil {
			s.matched(l, seclang.Variable(0), level, "", "")
		} else {
			for t := range l.targets {
				s.target(r, l, &l.targets[t], level)
			}
		}
		if len(s.data) == n || s.over {
			s.data = s.data[:start]
			return false
		}
	}
	if r.src.ID != 0 {
		s.fired = append(s.fired, match{src: r.src, from: start, n: len(s.data) - start})
		if v := r.src.Severity; v >= 0 && v < s.severity {
			s.severity = v
		}
	}
	return true
}

// target tries the values of one target.
func (s *state) target(r *rule, l *link, t *target, level int) {
	if t.kind == fromTransaction && !t.Count && t.plain() && !isSet(s.aimed, r.index) {
		values := s.tx.Values(t.Variable)
		if l.gate >= 0 {
			s.tryOpened(l, t.Variable, level, values)
			return
		}
		for i := range values {
			s.try(l, t.Variable, level, values[i].Key, values[i].Text)
		}
		return
	}
	count, gated := 0, l.gate >= 0 && !t.Count
	s.each(t, func(i int, key, text string) {
		if gated && !s.isOpen(l, t.Variable, i) || s.excepted(r, t, key) {
			return
		}
		if count++; !t.Count {
			s.try(l, t.Variable, level, key, text)
		}
	})
	if t.Count {
		s.try(l, t.Variable, level, t.counted, strconv.Itoa(count))
	}
}

func (t *target) plain() bool { return t.Key == "" && t.KeyRegexp == nil && len(t.Exceptions) == 0 }

// tryOpened tries the values for which the gate of l is open.
func (s *state) tryOpened(l *link, v seclang.Variable, level int, values []transaction.Value) {
	w, bit := l.gate>>6, uint64(1)<<(l.gate&63)
	words := s.p.gates.words
	first := s.loaded[v].first
	for i := range values {
		if s.candidates[(first+i)*words+w]&bit != 0 {
			s.try(l, v, level, values[i].Key, values[i].Text)
		}
	}
}

// each calls f for the values of t with their place in the collection, exceptions not
// considered.
func (s *state) each(t *target, f func(i int, key, text string)) {
	switch t.kind {
	case fromTX:
		s.eachTX(t, f)
	case fromMatched:
		s.eachMatched(t, f)
	case fromRule:
		if v, ok := s.ruleValue(t.Key); ok {
			f(0, t.Key, v)
		}
	case fromTransaction:
		for i, v := range s.tx.Values(t.Variable) {
			switch {
			case t.KeyRegexp != nil:
				if !t.KeyRegexp.MatchString(strings.ToLower(v.Key)) {
					continue
				}
			case t.key != "" && !v.Named(t.key):
				continue
			}
			f(i, v.Key, v.Text)
		}
	}
}

func (s *state) eachTX(t *target, f func(i int, key, text string)) {
	if t.slot >= 0 {
		if v := s.slots[t.slot]; v.set {
			f(0, t.Key, v.text)
		}
		return
	}
	// What a match assigns is not among the values that this rule goes on with.
	view := s.view[:0]
	for _, i := range t.slots {
		if s.slots[i].set {
			view = append(view, named{s.p.slots[i], s.slots[i].text})
		}
	}
	for i := range s.loose {
		if v := &s.loose[i]; (t.KeyRegexp == nil || t.KeyRegexp.MatchString(v.name)) && (t.key == "" || t.key == v.name) {
			view = append(view, *v)
		}
	}
	s.view = view
	for i := range view {
		f(0, view[i].name, view[i].text)
	}
}

func (s *state) eachMatched(t *target, f func(i int, key, text string)) {
	switch t.Variable {
	case seclang.MatchedVar:
		f(0, "", s.last.text)
		return
	case seclang.MatchedVarName:
		f(0, "", s.matchedName())
		return
	case seclang.HighestSeverity:
		f(0, "", strconv.Itoa(s.severity))
		return
	}
	for i, n := 0, len(s.matches); i < n; i++ {
		m := s.matches[i]
		name := s.nameOf(&m)
		low := strings.ToLower(name)
		if t.KeyRegexp != nil && !t.KeyRegexp.MatchString(low) || t.key != "" && t.key != low {
			continue
		}
		if t.Variable == seclang.MatchedVarsNames {
			f(i, name, name)
		} else {
			f(i, name, m.text)
		}
	}
}

// excepted says whether the value named key is taken out of t.
func (s *state) excepted(r *rule, t *target, key string) bool {
	for i := range t.Exceptions {
		if isException(&t.Exceptions[i], key) {
			return true
		}
	}
	for i := range s.targets[:s.taken] {
		if x := &s.targets[i]; x.rule == r.index && x.variable == t.Variable && isException(&x.exception, key) {
			return true
		}
	}
	return false
}

func isException(e *seclang.Exception, key string) bool {
	switch {
	case e.KeyRegexp != nil:
		return e.KeyRegexp.MatchString(strings.ToLower(key))
	case e.Key == "":
		return true
	}
	return transaction.Value{Key: key}.Named(strings.ToLower(e.Key))
}
