package classifier

import (
	"bytes"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

// mayCount says whether v begins or ends with a digit, as all but a few numbers do.
func mayCount(v []byte) bool { return v[0]-'0' <= 9 || v[len(v)-1]-'0' <= 9 || v[1]-'0' <= 9 }

// beginning is the kind of the first byte of a value, a bit each; those of nothing but digits are a
// kind of their own.
type beginning uint8

const (
	withDigit beginning = 1 << iota
	withCapital
	withSmall
	withHigh // beyond ASCII
	withSign
	digitsAlone // and no other byte

	anyhow = withDigit | withCapital | withSmall | withHigh | withSign | digitsAlone
)

var beginnings = func() (t [256]beginning) {
	for c := range t {
		switch {
		case c-'0' >= 0 && c-'0' <= 9:
			t[c] = withDigit
		case c >= 'A' && c <= 'Z':
			t[c] = withCapital
		case c >= 'a' && c <= 'z':
			t[c] = withSmall
		case c >= 0x80:
			t[c] = withHigh
		default:
			t[c] = withSign
		}
	}
	return t
}()

// worth settles most values, of which the name says nothing, before a class's own check.
func (a *asked) worth(v []byte) bool { return a.begins == anyhow || a.maybe == nil || a.maybe(v) }

// What onlyDigits says.
const (
	no = iota
	row
	fraction
)

// onlyDigits says whether v is a row of digits, or two with a point between them: a price, a share, a
// degree.
func onlyDigits(v []byte) int {
	points := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
		case c == '.' && i > 0 && i < len(v)-1 && points == 0:
			points++
		case c == '-' && i == 0 && len(v) > 1:
		default:
			return no
		}
	}
	if points > 0 {
		return fraction
	}
	return row
}

// allDigits says whether v is ASCII digits and nothing else.
func allDigits(v []byte) bool { return onlyDigits(v) == row && v[0] != '-' }

// callable says whether v is digits, in groups or not, that may be a telephone number where
// the name says so.
func callable(v []byte) bool {
	digits := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
			digits++
		case c == ' ', c == '-', c == '(', c == ')', c == '.', c == '/', c == '+' && i == 0:
		default:
			return false
		}
	}
	return digits >= 7 && digits <= 15
}

// verdict says what a value without a hit is to a class.
func (t *Tables) verdict(c *class, v []byte, named bool, now int64) verdict {
	switch {
	case c.check != nil:
		if c.judge(v, named, now) == failed {
			return failed
		}
	case c.numeral && len(v) >= 4 && len(v) <= scan.Longest && allDigits(v):
		return failed
	case c.numeral || c.name == "phone":
		if len(v) >= 4 && scan.Numeral(v) && !(c.name == "phone" && callable(v)) {
			return failed
		}
	case c.name == "email":
		if bytes.IndexByte(v, '@') >= 0 {
			return failed
		}
	case c.name == "ip":
		if bytes.Count(v, []byte{'.'}) >= 2 && v[0]-'0' <= 9 {
			return failed
		}
	}
	return silent
}

// normalize is equal for values that mean the same.
func (c *class) normalize(to, v []byte) []byte {
	to = append(append(to, c.name...), 0)
	switch {
	case c.numeral && allDigits(v):
		return append(to, v...)
	case c.numeral:
		return scan.Digits(to, v)
	case c.secret():
		return append(to, v...)
	}
	for _, b := range v {
		if b-'A' <= 25 {
			b |= 0x20
		}
		to = append(to, b)
	}
	return to
}
