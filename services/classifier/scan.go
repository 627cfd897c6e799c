package classifier

import "bytes"

// match is a candidate: a run of a value that has the shape of a type.
type match struct {
	typ        Type
	pass       bool // the validator agrees
	weak       bool // it does not, by far: this value alone makes no candidate field
	start, end int
}

// class of a byte, a bit each.
const (
	digit = 1 << iota
	upperCase
	lowerCase
	at
	dot
	dash
	tilde
	otherWord
)

// classes are the bytes that a word is made of; every other byte ends one. It is
// the filter before all validators: most values are settled by it alone.
var classes = func() (t [256]uint8) {
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	for c := 'A'; c <= 'Z'; c++ {
		t[c], t[c|0x20] = upperCase, lowerCase
	}
	t['@'], t['.'], t['-'], t['~'] = at, dot, dash, tilde
	t['_'], t['+'] = otherWord, otherWord
	return t
}()

// minValue is the shortest value that any type has: "a@b.co".
const minValue = 6

// Every type has an '@', or enough digits, or a long word: a social security
// number has nine digits, the shortest key is a word of twenty characters.
const (
	fewestDigits = 9
	longWord     = 20
)

// worthwhile says whether v can hold a candidate at all. It settles most values,
// and without a branch that depends on them.
func worthwhile(v []byte) bool {
	if len(v) < minValue {
		return false
	}
	mask, digits, run, longest := uint8(0), 0, 0, 0
	for _, b := range v {
		c := classes[b]
		mask |= c
		digits += int(c & digit)
		run = (run + 1) & inWord[b]
		longest = max(longest, run)
	}
	return mask&at != 0 || digits >= fewestDigits || longest >= longWord
}

// inWord has all bits set for a byte of a word, none for another.
var inWord = func() (t [256]int) {
	for b, c := range classes {
		if c != 0 {
			t[b] = -1
		}
	}
	return t
}()

// scan appends the candidates in v to to. It looks at every byte once, plus a
// bounded number of times at those of digit groups.
func scan(v []byte, to []match) []match {
	if !worthwhile(v) {
		return to
	}
	for i := 0; i < len(v); {
		c := classes[v[i]]
		if c == 0 {
			i++
			continue
		}
		start, mask := i, uint8(0)
		for c != 0 {
			mask |= c
			i++
			if i == len(v) {
				break
			}
			c = classes[v[i]]
		}
		end := i
		for end > start && classes[v[end-1]]&(dot|dash|at|tilde) != 0 {
			end-- // the end of a sentence
		}
		if next := word(v, start, end, i, mask, &to); next > i {
			i = next
		}
	}
	return to
}

// word appends the candidates that the word v[start:end] is or begins. With what
// may be punctuation it ends at full. It returns where to go on.
func word(v []byte, start, end, full int, mask uint8, to *[]match) int {
	w := v[start:end]
	switch {
	case mask&at != 0:
		if i := bytes.IndexByte(w, '@'); i > 0 && i < len(w)-1 {
			*to = append(*to, match{typ: Email, pass: validEmail(w), start: start, end: end})
		}
		return end
	case len(w) == 0:
		return end
	case classes[w[0]] == digit && mask&^(digit|dash|dot) == 0:
		return number(v, start, end, to)
	case len(w) >= 4 && classes[w[2]]&classes[w[3]] == digit && classes[w[0]]&(upperCase|lowerCase) != 0:
		if next := account(v, start, to); next > 0 {
			return next
		}
	case len(w) == 2 && end+1 < len(v) && v[end] == ' ' && classes[v[end+1]] == digit: // "ME 2551 ..."
		if next := account(v, start, to); next > 0 {
			return next
		}
	case mask&dot != 0 && bytes.HasPrefix(w, []byte("eyJ")):
		if bytes.Count(w, []byte{'.'}) >= 2 {
			*to = append(*to, match{typ: JWT, pass: validJWT(w), start: start, end: end})
		}
		return end
	}
	switch w[0] {
	case 'A', 'g', 'x', 's', 'r':
		if candidate, pass := knownKey(v[start:full]); candidate { // its last character may be a dash
			*to = append(*to, match{typ: CloudKey, pass: pass, start: start, end: full})
			return full
		}
		if candidate, pass := knownKey(w); candidate {
			*to = append(*to, match{typ: CloudKey, pass: pass, start: start, end: end})
			return end
		}
		if string(w) == "AccountKey" && end < len(v) && v[end] == '=' {
			if n := azureAccountKey(v[end+1:]); n > 0 {
				*to = append(*to, match{typ: CloudKey, pass: true, start: end + 1, end: end + 1 + n})
				return end + 1 + n
			}
		}
	case 'h':
		if string(w) == "hooks.slack.com" {
			if n := slackWebhook(v[end:]); n > 0 {
				*to = append(*to, match{typ: CloudKey, pass: true, start: end, end: end + n})
				return end + n
			}
		}
	}
	if mask&tilde != 0 && azureSecret(w) {
		*to = append(*to, match{typ: CloudKey, pass: true, start: start, end: end})
	}
	return end
}

// account reads an IBAN from start, with or without blanks or dashes between its
// groups, and appends it if the country has IBANs. It returns where to go on, or 0.
func account(v []byte, start int, to *[]match) int {
	a, b := v[start]&^0x20, v[start+1]&^0x20
	length := ibanLength(a, b)
	if length == 0 {
		return 0
	}
	var compact [40]byte
	n, i := 0, start
	for i < len(v) && n <= length {
		c := v[i]
		if (c == ' ' || c == '-') && (n%4 == 0 || n%4 == 2) && n > 0 && n < length && i+1 < len(v) && classes[v[i+1]]&(digit|upperCase|lowerCase) != 0 {
			i++
			continue
		}
		k := classes[c]
		if k&(digit|upperCase|lowerCase) == 0 {
			break
		}
		if k == lowerCase {
			c &^= 0x20
		}
		compact[n] = c
		n++
		i++
	}
	if n != length || i < len(v) && classes[v[i]]&(digit|upperCase|lowerCase|otherWord) != 0 {
		return 0
	}
	*to = append(*to, match{typ: IBAN, pass: validIBAN(compact[:n]), start: start, end: i})
	return i
}
