package engine

import (
	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transaction"
	"github.com/miradorhq/mirador/services/signature/transform"
)

// state is one transaction on its way through a program. It keeps its memory from one
// to the next and belongs to one goroutine.
type state struct {
	p     *program
	tx    transaction.Tx
	arena transform.Arena

	slots []slot
	loose []named
	view  []named // of TX, while a rule goes through it

	link     *link // the one that is evaluated
	phase    int
	last     found   // MATCHED_VAR
	matches  []found // MATCHED_VARS
	severity int

	pending string   // skipAfter whose marker has not come yet
	off     bool     // ctl:ruleEngine=Off
	removed []uint64 // rules that ctl has taken out
	aimed   []uint64 // rules that ctl has taken targets from
	targets []removal
	taken   int // how many of them there were when the link began, those that it adds come too late for it

	fired []match
	data  []datum

	// unfold is set when rules that were worked out beforehand were taken out: the
	// transaction has to be looked at again by a program that works nothing out.
	unfold bool
	spent  int // bytes that operators have looked at
	over   bool

	gating
}

// match is a rule that matched, with the values of it and of its chain.
type match struct {
	src     *seclang.Rule
	from, n int
}

// datum is one value that matched.
type datum struct {
	variable   seclang.Variable
	level      uint8
	key, value string
}

// removal is a target that ctl has taken from a rule.
type removal struct {
	rule      int
	variable  seclang.Variable
	exception seclang.Exception
}

func (s *state) reset(p *program) {
	s.p = p
	s.tx.Reset(p.limits)
	s.arena.Reset()
	s.slots = append(s.slots[:0], p.initial...)
	s.loose = s.loose[:0]
	s.link, s.phase = nil, 0
	s.last, s.matches, s.severity = found{}, s.matches[:0], 255
	s.pending, s.off = "", false
	s.removed, s.aimed, s.targets = s.removed[:0], s.aimed[:0], s.targets[:0]
	s.fired, s.data = s.fired[:0], s.data[:0]
	s.unfold, s.spent, s.over = false, 0, false
	s.gating.reset(p)
}

// stop says that no further rule is to run.
func (s *state) stop() bool { return s.unfold || s.over }

// charge counts n bytes of work.
func (s *state) charge(n int) {
	s.spent += n + 16
	if s.spent > s.p.work {
		s.over = true
	}
}
