package engine

import (
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/services/signature/gate"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
	"github.com/miradorhq/mirador/services/signature/transform"
)

// gates say, for every value, which links could match it. Bit i of a set is the first
// link of rule i of the program; links further down in chains come behind those.
type gates struct {
	words  int // of a set
	filter *gate.Filter
	sql    *gate.SQL
	// sqli are the rules that ask libinjection for SQL.
	sqli []uint64
	// want are the gated rules that read a variable; of are the variables that gated
	// rules of a phase read.
	want [seclang.NumVariables][]uint64
	of   [phases + 1][]seclang.Variable
	// uses are for each variable the chains that its gated rules transform it with,
	// touches what any of them may change.
	uses    [seclang.NumVariables][]use
	touches [seclang.NumVariables]gate.Kinds
}

// use is a chain as the rules of one variable use it.
type use struct {
	chain   int
	steps   []int // of multiMatch, where every step is looked at
	touches gate.Kinds
	always  bool
	links   []uint64
	// shortest is how long what the chain makes must be for a rule to match it, input
	// how long a text must be for that.
	shortest, input int
}

// everything is what a chain touches of which no such bytes can be named.
const everything = ^gate.Kinds(0)

// never is a need that no text meets: the place of a rule without a gate.
var never = gate.Need{All: 1 << 63}

// need is what a value must hold for l to match it; false where that is not known.
func need(l *link) (gate.Need, bool, error) {
	if l.op == nil || l.negated || l.src.Op.Macro != nil {
		return gate.Need{}, false, nil
	}
	switch op := l.op.(type) {
	case *operator.BinaryRx:
		n := gate.Need{One: gate.Always.One}
		if len(op.Needs) > 0 {
			n.One = kindsOf(op.Needs[0])
		}
		return n, true, nil
	case *operator.Rx:
		n, err := gate.OfRegexp(op.Source)
		return n, true, err
	case *operator.Pm:
		return gate.OfWords(op.Words), true, nil
	case *operator.ByteRange:
		return gate.Need{One: kindsOf(transform.Range(0, 255).Without(op.Valid))}, true, nil
	case operator.SQLi:
		return gate.Always, true, nil
	case operator.XSS:
		return gate.XSS, true, nil
	}
	switch l.src.Op.Name {
	case "contains", "streq", "beginsWith", "endsWith":
		return gate.OfWords([]string{l.src.Op.Argument}), true, nil
	case "validateUrlEncoding":
		return gate.Need{One: gate.KindOf('%')}, true, nil
	case "validateUtf8Encoding":
		return gate.Need{One: gate.High}, true, nil
	}
	return gate.Need{}, false, nil
}

// makeGates gates the links of p and fills in always.
func (p *program) makeGates() error {
	links := 0
	for i := range p.rules {
		links += len(p.rules[i].links)
	}
	g := &gates{words: (links + 63) / 64, sql: gate.NewSQL()}
	p.always, g.sqli = make([]uint64, g.words), make([]uint64, g.words)
	needs := make([]gate.Need, len(p.rules), links)
	for i := range p.rules {
		l := &p.rules[i].links[0]
		n, known, err := need(l)
		if err != nil {
			return fmt.Errorf("engine: rule %d: %w", p.rules[i].src.ID, err)
		}
		if l.gate = -1; known && l.readsValues() {
			l.gate, needs[i] = i, n
			g.add(p, l, n, p.rules[i].src.Phase)
			continue
		}
		needs[i] = never
		p.always[i>>6] |= 1 << (i & 63)
	}
	for i := range p.rules {
		for j := 1; j < len(p.rules[i].links); j++ {
			l, phase := &p.rules[i].links[j], p.rules[i].src.Phase
			n, known, err := need(l)
			if err != nil {
				return fmt.Errorf("engine: rule %d: %w", p.rules[i].src.ID, err)
			}
			// A variable is not looked at for the sake of a chain that is hardly reached.
			if l.gate = -1; known && l.readsValues() && g.readsAll(l, phase) {
				l.gate, needs = len(needs), append(needs, n)
				g.add(p, l, n, phase)
			}
		}
	}
	g.filter = gate.NewFilter(needs)
	for v := range g.uses {
		for _, u := range g.uses[v] {
			if g.touches[v] |= u.touches; u.always {
				g.touches[v] = everything
			}
		}
	}
	p.gates = g
	return nil
}

// readsValues says whether all that l looks at are values of the transaction that stay
// as they are for a phase.
func (l *link) readsValues() bool {
	return !slices.ContainsFunc(l.targets, func(t target) bool { return t.kind != fromTransaction || t.Count || !steady(t.Variable) })
}

// readsAll says whether gated links of a phase read all that l reads.
func (g *gates) readsAll(l *link, phase int) bool {
	return !slices.ContainsFunc(l.targets, func(t target) bool { return !slices.Contains(g.of[phase], t.Variable) })
}

// add notes what a gated link of a phase reads.
func (g *gates) add(p *program, l *link, n gate.Need, phase int) {
	w, bit := l.gate>>6, uint64(1)<<(l.gate&63)
	if l.sqli {
		g.sqli[w] |= bit
	}
	for i := range l.targets {
		v := l.targets[i].Variable
		if g.want[v] == nil {
			g.want[v] = make([]uint64, g.words)
		}
		if g.want[v][w] |= bit; !slices.Contains(g.of[phase], v) {
			g.of[phase] = append(g.of[phase], v)
		}
		g.uses[v] = used(g.uses[v], p, l, n.Shortest, g.words)
	}
}

// used notes that l looks at a variable through its chain of transformations.
func used(uses []use, p *program, l *link, shortest, words int) []use {
	input := shortest
	if p.lengthens(l.chain) {
		input = 0
	}
	if l.chain == 0 {
		return uses
	}
	i := slices.IndexFunc(uses, func(u use) bool { return u.chain == l.chain && (u.steps != nil) == l.src.MultiMatch })
	if i < 0 {
		c := &p.chains[l.chain]
		i = len(uses)
		uses = append(uses, use{chain: l.chain, steps: l.steps, touches: c.touches, always: c.always, links: make([]uint64, words), shortest: shortest, input: input})
	}
	uses[i].shortest, uses[i].input = min(uses[i].shortest, shortest), min(uses[i].input, input)
	uses[i].links[l.gate>>6] |= 1 << (l.gate & 63)
	return uses
}

// lengthens says whether a chain may make a text longer.
func (p *program) lengthens(c int) bool {
	for ; c != 0; c = p.chains[c].parent {
		switch p.chains[c].name {
		case "base64Encode", "cmdLine", "hexEncode", "htmlEntityDecode", "length", "lowercase", "md5", "normalisePath", "normalisePathWin",
			"normalizePath", "normalizePathWin", "removeWhitespace", "sha1", "uppercase", "urlEncode", "utf8toUnicode":
			return true
		}
	}
	return false
}

// kindsOf are the kinds of the bytes of a set.
func kindsOf(s transform.Set) gate.Kinds {
	var k gate.Kinds
	for b := range 256 {
		if s.Has(byte(b)) {
			k |= gate.KindOf(byte(b))
		}
	}
	return k
}
