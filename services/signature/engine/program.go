package engine

import (
	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/miradorhq/mirador/services/signature/gate"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transaction"
	"github.com/miradorhq/mirador/services/signature/transform"
)

// phases are numbered 1 to 5, as in SecLang.
const phases = 5

// program is a compiled rule set. It is read-only once made, but for the states of its
// automata.
type program struct {
	limits transaction.Config
	work   int

	// rules are those of phase 1 in the order of their text, then those of phase 2 and
	// so on; phase p has from[p] to from[p+1].
	rules []rule
	from  [phases + 2]int
	// marks[p] has for each marker the first rule of phase p behind it.
	marks [phases + 1]map[string]int

	slots   []string // names of TX with a place of their own
	slotOf  map[string]int
	initial []slot // what TX holds before the first rule
	// folded are rules that were worked out when the program was made: matched holds
	// those that always match.
	matched []folded

	chains []chain
	gates  *gates
	always []uint64
}

// folded is a rule that matches every transaction whatever is in it.
type folded struct {
	src   *seclang.Rule
	phase int
}

// rule is a SecRule or SecAction with those that are chained to it.
type rule struct {
	src   *seclang.Rule
	index int
	links []link
	// jump is where a match of a rule with skip or skipAfter goes on: the end of the
	// phase where the marker does not follow in it.
	jump   int
	marker bool // it follows in it
	// behind are the places behind a rule with skip.
	behind []int
}

// link is one rule of a chain.
type link struct {
	src     *seclang.Rule
	targets []target
	op      operator.Operator // nil matches always
	// argument is that of an operator with variables in it.
	argument macro
	// gate is the bit that says for each value whether the link could match it, -1 where
	// there is none.
	gate    int
	rx      *dfa.Matcher // op, where it is a regular expression
	whole   bool         // op is the expression that matches every text as a whole
	sqli    bool         // op asks libinjection for SQL
	negated bool
	// captures is set where the rule captures and some rule reads what.
	captures bool
	chain    int   // of transformations
	steps    []int // the chains of one step, two steps, ..., for multiMatch
	effects  []effect
}

type target struct {
	*seclang.Target
	kind kind
	key  string // in lower case: collections do not tell case apart
	slot int    // of a TX target with a key that has a place, -1 otherwise
	// slots are the places that a TX target without such a key reads.
	slots []int
	// counted is the key of the number of values, where these are counted.
	counted string
}

// kind is where the values of a target come from.
type kind uint8

const (
	fromTransaction kind = iota
	fromTX
	fromMatched // MATCHED_VAR and its like
	fromRule
	fromNothing // ENV, GEO and what else is never there
)

// chain is a sequence of transformations: those of another chain and one step.
type chain struct {
	parent int
	name   string
	step   *transform.Transformation
	// touches are the kinds of bytes that the sequence may change; a text without them
	// goes through as it is, but for capital letters where it lowers them, which no
	// gate tells apart.
	touches gate.Kinds
	always  bool
	// acts are the kinds of bytes without which the step does nothing to what the
	// parent made, all where no such can be named.
	acts gate.Kinds
}

// effect is what a match does.
type effect struct {
	set *assignment
	ctl *control
}

type assignment struct {
	slot  int // -1: key is not known before
	key   macro
	op    byte
	value macro
}

// control is a compiled ctl action.
type control struct {
	action string
	value  string
	number int
	on     bool
	rules  []int // the rules that it takes out or takes a target from
	// unfolds is set when one of them was worked out beforehand.
	unfolds bool
	target  *seclang.Target
}

// macro is a text with variables in it.
type macro []part

type part struct {
	literal  string
	slot     int // of TX, -1 none
	variable seclang.Variable
	key      string
	text     string // what a variable without a value expands to
}

func (m macro) static() bool { return len(m) == 0 || len(m) == 1 && m[0].variable == 0 }
