// Package dfa answers whether a text holds a match of a regular expression, with the
// syntax and the meaning of Go's regexp, at a few nanoseconds a byte.
//
// A Matcher is a deterministic automaton over classes of runes that is built while it
// is used (Thompson's subset construction done lazily, as in RE2): a state is made the
// first time a text reaches it and shared by all goroutines from then on. States are
// bounded; where no more may be made the Matcher asks regexp instead, and begins anew
// once that has cost as much as the states did (restart.go). So a hostile text can cost
// a few times what regexp costs, but neither memory nor a wrong answer, nor the speed of
// the texts that follow.
package dfa

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// Entries of the table: what follows a state on a class. Any other value is the offset
// of the next state's row.
const (
	unknown = iota
	dead
	matched
	full
	firstRow
)

// maxStates bounds one automaton whatever the budget says: one that needs more is one
// that a text can make grow without end.
const maxStates = 2048

// Matcher is one regular expression. It is safe for concurrent use.
type Matcher struct {
	re      *regexp.Regexp
	prog    *syntax.Prog
	classes classes
	stride  int
	// looks are the empty-width conditions that the expression asks for: what a state
	// has to remember of the rune before.
	looks syntax.EmptyOp
	// once is set when a match can begin only at the beginning of the text.
	once   bool
	budget *Budget

	// hopeless is set where the expression has too many classes for a table.
	hopeless bool
	cache    atomic.Pointer[cache]
	// asked are the bytes that regexp was asked about since the cache is full.
	asked atomic.Int64

	mu    sync.Mutex
	marks []uint32 // of the closure: mark of the last visit of each instruction
	mark  uint32
}

// cache is what was built so far. Readers hold on to theirs; one that was replaced
// grows no more.
type cache struct {
	table  atomic.Pointer[[]atomic.Uint32]
	states []state
	index  map[string]uint32
	bytes  int64 // taken from the budget
	full   bool
}

// state is what may still match: the instructions to continue at, and what the
// rune before was.
type state struct {
	pcs    []uint32
	before rune
}

// New builds the automaton of re, whose text is taken as Perl syntax as regexp.Compile
// does. It has no state but the first yet.
func New(re *regexp.Regexp, budget *Budget) (*Matcher, error) {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	m := &Matcher{re: re, prog: prog, budget: budget}
	for i := range prog.Inst {
		if in := &prog.Inst[i]; in.Op == syntax.InstEmptyWidth {
			m.looks |= syntax.EmptyOp(in.Arg)
		}
	}
	m.once = startsOnce(prog)
	m.classes = classify(prog, m.looks)
	m.stride = m.classes.n + 1 // and the end of the text
	m.marks = make([]uint32, len(prog.Inst))
	m.hopeless = m.classes.n > maxClasses
	m.begin()
	budget.join(m)
	return m, nil
}

// startsOnce says whether every way into the expression asks for the beginning of the
// text.
func startsOnce(p *syntax.Prog) bool {
	seen := make([]bool, len(p.Inst))
	var free func(pc uint32) bool
	free = func(pc uint32) bool {
		if seen[pc] {
			return false
		}
		seen[pc] = true
		switch in := &p.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			return free(in.Out) || free(in.Arg)
		case syntax.InstCapture, syntax.InstNop:
			return free(in.Out)
		case syntax.InstEmptyWidth:
			return syntax.EmptyOp(in.Arg)&syntax.EmptyBeginText == 0 && free(in.Out)
		case syntax.InstFail:
			return false
		}
		return true
	}
	return !free(uint32(p.Start))
}

// Match says whether s holds a match.
func (m *Matcher) Match(s string) bool {
	cache := m.cache.Load()
	table := *cache.table.Load()
	if len(table) <= firstRow { // not even the first state fitted
		return m.ask(s)
	}
	row := uint32(firstRow)
	for i := 0; i < len(s); {
		var c uint32
		if b := s[i]; b < utf8.RuneSelf {
			c = uint32(m.classes.ascii[b])
			i++
		} else {
			r, n := utf8.DecodeRuneInString(s[i:])
			c = uint32(m.classes.high(r))
			i += n
		}
		next := table[row+c].Load()
		if next < firstRow {
			if next == unknown {
				next = m.grow(cache, row, c)
				table = *cache.table.Load()
			}
			switch next {
			case matched:
				return true
			case dead:
				return false
			case full:
				return m.ask(s)
			}
		}
		row = next
	}
	next := table[row+uint32(m.classes.n)].Load()
	if next == unknown {
		next = m.grow(cache, row, uint32(m.classes.n))
	}
	if next == full {
		return m.ask(s)
	}
	return next == matched
}

// Regexp is the expression as regexp has it, for captures.
func (m *Matcher) Regexp() *regexp.Regexp { return m.re }

// States is how many states there are by now.
func (m *Matcher) States() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.cache.Load().states)
}
