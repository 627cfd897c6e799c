package operator

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"rsc.io/binaryregexp"
)

// Rx is @rx on text.
type Rx struct {
	// Source is the expression as it was compiled, flags included: a dot matches line
	// feeds, and ^ and $ match at lines.
	Source string
	Re     *regexp.Regexp
}

// BinaryRx is @rx with an expression that names bytes which are not UTF-8. As in Coraza
// it is about bytes altogether, and has no flags but its own.
type BinaryRx struct {
	Source string
	Re     *binaryregexp.Regexp
}

// captures is how many groups @rx stores, the whole match included: one fewer than
// there is room for.
const captures = 9

func newRx(expr string) (Operator, error) {
	if namesBytes(expr) {
		re, err := binaryregexp.Compile(expr)
		if err != nil {
			return nil, err
		}
		return &BinaryRx{Source: expr, Re: re}, nil
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

// Match looks for the expression in s.
func (r *BinaryRx) Match(s string, env Env) bool {
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

// namesBytes says whether expr is not UTF-8 once its \xHH and \x{HH} are bytes. It
// follows Coraza in how it steps over what only looks like one.
func namesBytes(expr string) bool {
	bytes := make([]byte, 0, len(expr))
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		if rest[0] != '\\' {
			bytes = append(bytes, rest[0])
			continue
		}
		if len(rest) < 4 {
			bytes = append(bytes, rest...)
			break
		}
		if rest[1] != 'x' {
			bytes = append(bytes, '\\')
			continue
		}
		escape, skip := rest, 3
		if len(rest) >= 6 && rest[2] == '{' {
			if end := strings.IndexByte(rest, '}'); end >= 0 {
				escape, skip = `\x`+rest[3:end], end
			}
		}
		v, multibyte, _, err := strconv.UnquoteChar(escape, 0)
		if err != nil || multibyte {
			bytes = append(bytes, '\\')
			continue
		}
		bytes = append(bytes, byte(v))
		i += skip
	}
	return !utf8.Valid(bytes)
}
