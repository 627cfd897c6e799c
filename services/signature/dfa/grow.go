package dfa

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync/atomic"
)

// What a state remembers of the rune before it: one rune that stands for all that the
// empty-width conditions cannot tell apart.
const (
	beginText   = rune(-1)
	beforeLine  = '\n'
	beforeWord  = 'a'
	beforeOther = ' '
)

// begin starts with a cache of the first state alone. It is called with mu held, or
// before anybody else has m.
func (m *Matcher) begin() {
	if old := m.cache.Load(); old != nil {
		old.full = true
		m.budget.give(old.bytes)
	}
	c := &cache{index: make(map[string]uint32)}
	t := make([]atomic.Uint32, firstRow)
	c.table.Store(&t)
	m.asked.Store(0)
	if m.hopeless {
		c.full = true
	} else {
		m.add(c, state{before: beginText})
	}
	m.cache.Store(c)
}

// grow finds what follows the state of row on class c, and writes it into the table.
func (m *Matcher) grow(cache *cache, row, c uint32) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	table := *cache.table.Load()
	if next := table[row+c].Load(); next != unknown {
		return next
	}
	next := m.step(cache, &cache.states[(row-firstRow)/uint32(m.stride)], int(c))
	if next != full { // the state may fit the next time
		(*cache.table.Load())[row+c].Store(next)
	}
	return next
}

func (m *Matcher) step(cache *cache, s *state, c int) uint32 {
	end := c == m.classes.n
	r := rune(-1)
	if !end {
		r = m.classes.sample[c]
	}
	flags := syntax.EmptyOpContext(s.before, r)
	if s.before != beginText {
		flags &^= syntax.EmptyBeginText
	}
	m.mark++
	stack := make([]uint32, 0, 64)
	push := func(pc uint32) {
		if m.marks[pc] != m.mark {
			m.marks[pc] = m.mark
			stack = append(stack, pc)
		}
	}
	for _, pc := range s.pcs {
		push(pc)
	}
	if !m.once || s.before == beginText {
		push(uint32(m.prog.Start))
	}
	var next []uint32
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		switch in := &m.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			push(in.Out)
			push(in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			push(in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^flags == 0 {
				push(in.Out)
			}
		case syntax.InstMatch:
			return matched
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if !end && in.MatchRune(r) {
				next = append(next, in.Out)
			}
		}
	}
	if end || m.once && len(next) == 0 {
		return dead
	}
	slices.Sort(next)
	return m.add(cache, state{pcs: slices.Compact(next), before: m.before(r)})
}

// before reduces r to what the expression can ask of it.
func (m *Matcher) before(r rune) rune {
	if r == '\n' && m.looks&syntax.EmptyBeginLine != 0 {
		return beforeLine
	}
	if m.looks&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0 && syntax.IsWordChar(r) {
		return beforeWord
	}
	return beforeOther
}

// add gives the row of s, which is made when there is none. It is called as begin is.
func (m *Matcher) add(c *cache, s state) uint32 {
	key := make([]byte, 0, 4*len(s.pcs)+4)
	key = binary.LittleEndian.AppendUint32(key, uint32(s.before))
	for _, pc := range s.pcs {
		key = binary.LittleEndian.AppendUint32(key, pc)
	}
	if row, ok := c.index[string(key)]; ok {
		return row
	}
	if c.full {
		return full
	}
	// A row, the state with its instructions and its place in the index.
	bytes := int64(4*m.stride + 8*len(s.pcs) + 100)
	if len(c.states) >= maxStates || !m.budget.take(bytes) {
		c.full = true
		return full
	}
	c.bytes += bytes
	row := uint32(firstRow + len(c.states)*m.stride)
	c.states = append(c.states, s)
	c.index[string(key)] = row
	c.room(int(row) + m.stride)
	return row
}

// room makes the table hold n entries. Readers keep the table they have: what is
// missing there is unknown to them, and they come here for it.
func (c *cache) room(n int) {
	old := *c.table.Load()
	if n <= len(old) {
		return
	}
	grown := make([]atomic.Uint32, max(n, firstRow+2*(len(old)-firstRow)))
	for i := range old {
		grown[i].Store(old[i].Load())
	}
	c.table.Store(&grown)
}
