package gate

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// most is how many strings a set of literals may have: an expression of a thousand
// commands is worth them, one that multiplies out is not.
const most = 1500

// found is what is known of the texts that an expression matches: the whole of them
// (exact), or strings of which every match holds one (some). All are folded to small
// letters of ASCII.
type found struct {
	exact, some []string
	isExact     bool
}

func (f found) required() []string {
	if f.isExact {
		return f.exact
	}
	return f.some
}

var nothing = found{}

// literals looks for strings of which every match of re holds at least one; nil when
// there are none. re must be simplified. It is the idea of RE2's prefilter, with sets
// compared by how often ordinary text would hold them.
func literals(re *syntax.Regexp) []string {
	s := minimal(find(re).required())
	if len(s) == 0 || len(s[0]) == 0 {
		return nil
	}
	return s
}

func find(re *syntax.Regexp) found {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return found{exact: []string{""}, isExact: true}
	case syntax.OpLiteral:
		return findLiteral(re)
	case syntax.OpCharClass:
		return findClass(re)
	case syntax.OpCapture:
		return find(re.Sub[0])
	case syntax.OpPlus:
		return found{some: find(re.Sub[0]).required()}
	case syntax.OpQuest:
		if f := find(re.Sub[0]); f.isExact && len(f.exact) < most {
			return found{exact: union([]string{""}, f.exact), isExact: true}
		}
		return nothing
	case syntax.OpAlternate:
		all := found{isExact: true}
		for _, s := range re.Sub {
			f := find(s)
			set := f.required()
			all.isExact = all.isExact && f.isExact
			if len(set) == 0 || !f.isExact && slices.Contains(set, "") || len(all.exact)+len(set) > most {
				return nothing
			}
			all.exact = union(all.exact, set)
		}
		all.some = all.exact
		return all
	case syntax.OpConcat:
		return findConcat(re.Sub)
	}
	return nothing
}

func findLiteral(re *syntax.Regexp) found {
	var b strings.Builder
	for _, r := range re.Rune {
		if r >= utf8.RuneSelf && (re.Flags&syntax.FoldCase != 0 || r == utf8.RuneError) {
			return nothing
		}
		b.WriteRune(foldRune(r))
	}
	return found{exact: []string{b.String()}, isExact: true}
}

func foldRune(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		return r | 0x20
	}
	return r
}

func findClass(re *syntax.Regexp) found {
	var set []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		lo, hi := re.Rune[i], re.Rune[i+1]
		if hi-lo > 64 {
			return nothing
		}
		for r := lo; r <= hi; r++ {
			switch {
			case r == kelvin || r == longS: // a text with these is a candidate of all
			case r >= utf8.RuneSelf:
				return nothing
			default:
				set = append(set, string(foldRune(r)))
			}
		}
	}
	if set = union(nil, set); len(set) == 0 || len(set) > 16 {
		return nothing
	}
	return found{exact: set, isExact: true}
}

// findConcat multiplies what is exact as far as it goes and keeps the best set that it
// meets on the way.
func findConcat(subs []*syntax.Regexp) found {
	run := []string{""}
	var best []string
	whole := true
	for _, s := range subs {
		f := find(s)
		if f.isExact && len(run)*len(f.exact) <= 256 {
			run = product(run, f.exact)
			continue
		}
		whole = false
		best = better(best, run)
		best = better(best, f.required())
		run = []string{""}
		if f.isExact && len(f.exact) <= 256 {
			run = f.exact
		}
	}
	if whole {
		return found{exact: run, isExact: true}
	}
	return found{some: better(best, run)}
}

func product(a, b []string) []string {
	out := make([]string, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			out = append(out, x+y)
		}
	}
	return union(nil, out)
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// minimal leaves out what holds another of the set.
func minimal(set []string) []string {
	byLength := slices.Clone(set)
	slices.SortFunc(byLength, func(a, b string) int { return len(a) - len(b) })
	var out []string
	for _, s := range byLength {
		if !slices.ContainsFunc(out, func(t string) bool { return strings.Contains(s, t) }) {
			out = append(out, s)
		}
	}
	return out
}

// better is the set of which ordinary text holds fewer.
func better(a, b []string) []string {
	ra, rb := rate(a), rate(b)
	if rb < ra {
		return b
	}
	return a
}

// rate is how many of the strings of set a byte of ordinary text begins: 1 for a set
// that is no condition at all.
func rate(set []string) float64 {
	if len(set) == 0 {
		return 1
	}
	sum := 0.0
	for _, s := range set {
		p := 1.0
		for i := range len(s) {
			p *= frequency(s[i])
		}
		sum += p
	}
	return min(sum, 1)
}

// frequency is roughly the share of b, folded, in JSON, headers and URLs of benign
// traffic.
func frequency(b byte) float64 {
	const byShare = "etaoinsrhldcumfpgwybvkxjqz"
	if i := strings.IndexByte(byShare, b); i >= 0 {
		return 0.09 * (1 - float64(i)/28)
	}
	switch k := kindOf[b]; {
	case k == Digit:
		return 0.02
	case strings.IndexByte(" -._,:/\"", b) >= 0:
		return 0.02
	case k&(Space|High|Lower|Upper) != 0:
		return 0.01
	case strings.IndexByte("@=&?+%()'", b) >= 0:
		return 0.004
	}
	return 0.001
}
