package pack

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// Bounds of the literals that are derived: a gate of many or short ones lets
// everything through.
const (
	minLiteral   = 3
	maxLiterals  = 400
	maxExact     = 400
	maxClassSize = 10
)

// required derives literals, in lower case, of which every match of re holds one;
// nil where there are none that would rule much out.
func required(re *syntax.Regexp) []string {
	l := derive(re)
	best := l.need
	if better(l.exact, best) {
		best = l.exact
	}
	for _, l := range best {
		if len(l) < minGate || len(l) < minLiteral && plain(l) {
			return nil
		}
	}
	return best
}

// plain says whether l is of letters and digits alone, which two of occur anywhere.
func plain(l string) bool {
	for i := range len(l) {
		if !wordByte[l[i]] {
			return false
		}
	}
	return true
}

// literals are what is known of the matches of an expression: all of them (exact),
// or texts of which each holds one (need). Both may be nil.
type literals struct{ exact, need []string }

func derive(re *syntax.Regexp) literals {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return literals{exact: []string{""}}
	case syntax.OpLiteral:
		return literals{exact: []string{strings.ToLower(string(re.Rune))}}
	case syntax.OpCharClass:
		return literals{exact: class(re.Rune)}
	case syntax.OpCapture:
		return derive(re.Sub[0])
	case syntax.OpPlus:
		return literals{need: derive(re.Sub[0]).best()}
	case syntax.OpRepeat:
		if re.Min == 0 {
			return literals{}
		}
		return literals{need: derive(re.Sub[0]).best()}
	case syntax.OpQuest:
		if l := derive(re.Sub[0]); l.exact != nil {
			return literals{exact: unite(l.exact, []string{""})}
		}
	case syntax.OpAlternate:
		return alternate(re.Sub)
	case syntax.OpConcat:
		return concat(re.Sub)
	}
	return literals{}
}

func (l literals) best() []string {
	if better(l.exact, l.need) {
		return l.exact
	}
	return l.need
}

// class is the runes of a small class.
func class(ranges []rune) []string {
	var out []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1]-ranges[i] >= maxClassSize {
			return nil
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if r < unicode.MaxASCII {
				out = append(out, strings.ToLower(string(r)))
			}
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) > maxClassSize {
		return nil
	}
	return out
}

func alternate(subs []*syntax.Regexp) literals {
	all := literals{exact: []string{}, need: []string{}}
	for _, s := range subs {
		l := derive(s)
		if all.exact != nil && l.exact != nil {
			all.exact = unite(all.exact, l.exact)
		} else {
			all.exact = nil
		}
		if b := l.best(); all.need != nil && len(b) > 0 && shortest(b) > 0 {
			all.need = unite(all.need, b)
		} else {
			all.need = nil
		}
	}
	if len(all.exact) > maxExact {
		all.exact = nil
	}
	if len(all.need) > maxLiterals {
		all.need = nil
	}
	return all
}

// concat joins neighbours that are known exactly and keeps the best of the runs.
func concat(subs []*syntax.Regexp) literals {
	run, whole := []string{""}, true
	var need []string
	end := func() {
		if better(run, need) {
			need = run
		}
		run = []string{""}
	}
	for _, s := range subs {
		l := derive(s)
		if l.exact == nil {
			whole = false
			end()
			if better(l.need, need) {
				need = l.need
			}
			continue
		}
		if len(run)*len(l.exact) > maxExact {
			whole = false
			end()
		}
		joined := make([]string, 0, len(run)*len(l.exact))
		for _, a := range run {
			for _, b := range l.exact {
				joined = append(joined, a+b)
			}
		}
		run = joined
	}
	if whole {
		return literals{exact: run}
	}
	end()
	return literals{need: need}
}

// better says whether a is the better gate: the longer its shortest literal the
// better, up to a length, then the fewer.
func better(a, b []string) bool {
	if len(a) == 0 || shortest(a) == 0 {
		return false
	}
	if len(b) == 0 {
		return true
	}
	x, y := min(shortest(a), 5), min(shortest(b), 5)
	return x > y || x == y && len(a) < len(b)
}

func shortest(list []string) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}

func unite(a, b []string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}
