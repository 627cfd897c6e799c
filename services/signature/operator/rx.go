package operator

import "regexp"

// Rx is @rx on text.
type Rx struct {
	// Source is the expression as it was compiled, flags included: a dot matches line
	// feeds, and ^ and $ match at lines.
	Source string
	Re     *regexp.Regexp
}

// captures is how many groups @rx stores, the whole match included: one fewer than
// there is room for.
const captures = 9

func newRx(expr string) (Operator, error) {
	if namesBytes(expr) {
		return newBinaryRx(expr)
	}
	source := "(?sm)" + expr
	re, err := regexp.Compile(source)
	if err != nil {
		return nil, err
	}
	return &Rx{Source: source, Re: re}, nil
}

// Match looks for the expression in s.
func (r *Rx) Match(s string, env Env) bool {
	// To know only whether it matches is much less work, and mostly it does not.
	if !r.Re.MatchString(s) {
		return false
	}
	if env.Capturing() {
		capture(s, r.Re.FindStringSubmatchIndex(s), env)
	}
	return true
}

// capture stores the groups at the index pairs m; one that took no part is empty.
func capture(s string, m []int, env Env) {
	for i := 0; i < len(m)/2 && i < captures; i++ {
		group := ""
		if m[2*i] >= 0 {
			group = s[m[2*i]:m[2*i+1]]
		}
		env.Capture(i, group)
	}
}
