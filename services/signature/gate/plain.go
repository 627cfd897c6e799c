package gate

import "regexp/syntax"

// Many expressions look for words in which an attacker may have put quotes, backslashes
// and the like: c'a't. Of them no string can be required. But of a text without such
// signs it can: the parts of the expression that ask for them fall away. So an
// expression is also looked at as if there were only plain kinds of bytes.

// plainTexts are the alphabets that are tried, the largest first.
var plainTexts = func() [2]Kinds {
	without := func(k Kinds, signs string) Kinds {
		for i := range len(signs) {
			k &^= kindOf[signs[i]]
		}
		return k
	}
	a := without(allKinds, "\"'`\\()[]{}$|;<>^*!#~") &^ (Feed | Return | Tab | Control | Nul)
	return [2]Kinds{a, without(a, "%&+?=@")}
}()

// often is the rate above which strings keep hardly a text back.
const often = 0.004

// plain adds to n what a text of plain bytes must hold, where n itself says little.
func (n *Need) plain(re *syntax.Regexp) {
	if len(n.Literals) > 0 && rate(n.Literals) < often {
		return
	}
	for _, kinds := range plainTexts {
		s := specialise(re, kinds)
		if s == nil { // no plain text matches; n.One says so as well, mostly
			n.Plain, n.PlainLiterals = kinds, nil
			return
		}
		if l := literals(s.Simplify()); long(l) && rate(l) < often {
			n.Plain, n.PlainLiterals = kinds, l
			return
		}
	}
}

func long(set []string) bool {
	for _, s := range set {
		if len(s) < 2 {
			return false
		}
	}
	return len(set) > 0
}

// specialise is re over texts of the allowed kinds alone; nil where it matches none.
func specialise(re *syntax.Regexp, allowed Kinds) *syntax.Regexp {
	switch re.Op {
	case syntax.OpLiteral:
		if !possible(re, allowed) {
			return nil
		}
	case syntax.OpCharClass:
		return specialiseClass(re, allowed)
	case syntax.OpCapture:
		return specialise(re.Sub[0], allowed)
	case syntax.OpStar, syntax.OpQuest:
		sub := specialise(re.Sub[0], allowed)
		if sub == nil {
			return &syntax.Regexp{Op: syntax.OpEmptyMatch}
		}
		return with(re, sub)
	case syntax.OpPlus:
		sub := specialise(re.Sub[0], allowed)
		if sub == nil {
			return nil
		}
		return with(re, sub)
	case syntax.OpConcat:
		subs := make([]*syntax.Regexp, 0, len(re.Sub))
		for _, s := range re.Sub {
			sub := specialise(s, allowed)
			if sub == nil {
				return nil
			}
			subs = append(subs, sub)
		}
		return with(re, subs...)
	case syntax.OpAlternate:
		var subs []*syntax.Regexp
		for _, s := range re.Sub {
			if sub := specialise(s, allowed); sub != nil {
				subs = append(subs, sub)
			}
		}
		switch len(subs) {
		case 0:
			return nil
		case 1:
			return subs[0]
		}
		return with(re, subs...)
	case syntax.OpNoMatch:
		return nil
	}
	return re
}

func with(re *syntax.Regexp, subs ...*syntax.Regexp) *syntax.Regexp {
	return &syntax.Regexp{Op: re.Op, Flags: re.Flags, Sub: subs}
}

func specialiseClass(re *syntax.Regexp, allowed Kinds) *syntax.Regexp {
	var runes []rune
	for i := 0; i+1 < len(re.Rune); i += 2 {
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			if r >= firstHigh {
				if allowed&High != 0 {
					runes = append(runes, r, re.Rune[i+1])
				}
				break
			}
			if kindOf[r]&allowed != 0 {
				runes = append(runes, r, r)
			}
		}
	}
	if len(runes) == 0 {
		return nil
	}
	return &syntax.Regexp{Op: syntax.OpCharClass, Flags: re.Flags, Rune: runes}
}

const firstHigh = 0x80
