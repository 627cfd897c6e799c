package operator

import (
	"errors"
	"regexp"
	"strings"
)

// Nid is @validateNid: it holds where the expression finds a national number whose
// check digits are right (cl) or that can have been given out (us).
type Nid struct {
	re    *regexp.Regexp
	valid func(string) bool
}

func newNid(argument string) (*Nid, error) {
	country, expr, ok := strings.Cut(argument, " ")
	n := &Nid{valid: map[string]func(string) bool{"cl": validCL, "us": validUS}[country]}
	if !ok || n.valid == nil {
		return nil, errors.New("the argument is cl or us, a space and an expression")
	}
	var err error
	n.re, err = regexp.Compile(expr)
	return n, err
}

// Match stores the valid ones among the first ten, each at its place among all.
func (n *Nid) Match(s string, env Env) bool {
	found := false
	for i, m := range n.re.FindAllStringIndex(s, 10) {
		if number := s[m[0]:m[1]]; n.valid(number) {
			found = true
			if env.Capturing() {
				env.Capture(i, number)
			}
		}
	}
	return found
}

// only is s without what keep does not hold for.
func only(s string, keep func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if keep(r) {
			return r
		}
		return -1
	}, s)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// validCL checks the last digit of a Chilean RUT, which is k for 10.
func validCL(s string) bool {
	if len(s) < 8 {
		return false
	}
	s = only(strings.ToLower(s), func(r rune) bool { return isDigit(r) || r == 'k' })
	if s == "" {
		return false
	}
	rut, check := number(s[:len(s)-1]), s[len(s)-1]
	sum := 0
	for factor := 2; rut != 0; rut /= 10 {
		sum += rut % 10 * factor
		if factor++; factor > 7 {
			factor = 2
		}
	}
	return "0k987654321"[sum%11] == check
}

// validUS excludes numbers of areas, groups and series that are not given out, and
// runs of digits.
func validUS(s string) bool {
	s = only(s, isDigit)
	if len(s) < 9 {
		return false
	}
	area, group, serial := number(s[:3]), number(s[3:5]), number(s[5:9])
	if area == 0 || area == 666 || area >= 740 || group == 0 || serial == 0 {
		return false
	}
	same, rising := true, true
	for i := 1; i < len(s); i++ {
		same = same && s[i] == s[i-1]
		rising = rising && s[i] == s[i-1]+1
	}
	return !same && !rising
}
