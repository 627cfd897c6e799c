package seclang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// targets adds the variables of a rule to r: A|B:key|&C|!B:/regexp/. A negation takes
// keys out of those of its variable that stand before it, and says nothing where there
// are none.
func (p *parser) targets(r *Rule, text string) []error {
	var errs []error
	for {
		one, rest, more, err := cutTarget(text)
		if err != nil {
			return append(errs, err)
		}
		if err := p.target(r, one); err != nil {
			errs = append(errs, err)
		}
		if !more {
			return errs
		}
		text = rest
	}
}

// cutTarget takes the first of several variables off s. A bar inside of a regular
// expression separates nothing.
func cutTarget(s string) (one, rest string, more bool, err error) {
	name, key, keyed := strings.Cut(s, ":")
	if bar := strings.IndexByte(name, '|'); bar >= 0 || !keyed || isPath(name) {
		one, rest, more = strings.Cut(s, "|")
		return one, rest, more, nil
	}
	start := strings.TrimPrefix(key, "'")
	if !strings.HasPrefix(start, "/") {
		one, rest, more = strings.Cut(s, "|")
		return one, rest, more, nil
	}
	end := closingSlash(start)
	if end < 0 {
		return "", "", false, fmt.Errorf("the regular expression of %s is not closed", name)
	}
	n := len(s) - len(start) + end + 1
	if len(start) < len(key) {
		if n >= len(s) || s[n] != '\'' {
			return "", "", false, fmt.Errorf("the quote around the regular expression of %s is not closed", name)
		}
		n++
	}
	if n < len(s) && s[n] != '|' {
		return "", "", false, fmt.Errorf("%q follows the regular expression of %s: escape a slash in it as \\/", s[n:], name)
	}
	if n == len(s) {
		return s, "", false, nil
	}
	return s[:n], s[n+1:], true, nil
}

// isPath says whether the keys of a variable are XPaths and not names.
func isPath(name string) bool {
	name = strings.TrimLeft(name, "!&")
	return name == "XML" || name == "JSON"
}

// closingSlash is where the regular expression that begins with the slash s[0] ends.
func closingSlash(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '/':
			return i
		}
	}
	return -1
}

func (p *parser) target(r *Rule, text string) error {
	name, key, keyed := strings.Cut(text, ":")
	name, negated := strings.CutPrefix(name, "!")
	name, count := strings.CutPrefix(name, "&")
	v, ok := ParseVariable(name)
	switch {
	case !ok:
		return fmt.Errorf("unknown variable %q", name)
	case negated && count:
		return fmt.Errorf("%s is counted and negated at once", v)
	case keyed && key == "":
		return fmt.Errorf("%s: without a key", v)
	case keyed && !v.Collection():
		return fmt.Errorf("%s holds one value and has no keys", v)
	}
	t := Target{Variable: v, Count: count, Key: key}
	if expr, is := regexpKey(name, key); is {
		if !v.CaseSensitive() {
			expr = strings.ToLower(expr)
		}
		re, err := p.key(expr)
		if err != nil {
			return fmt.Errorf("%s: %w", v, err)
		}
		t.Key, t.KeyRegexp = "", re
	} else if isPath(name) && strings.HasSuffix(key, "/") {
		return fmt.Errorf("XPath %q of %s ends in a slash", key, v)
	} else if !isPath(name) && strings.ContainsAny(key, "/'") {
		return fmt.Errorf("key %q of %s: write a regular expression between slashes", key, v)
	}
	if negated {
		for i := range r.Targets {
			if r.Targets[i].Variable == v {
				r.Targets[i].Exceptions = append(r.Targets[i].Exceptions, Exception{Key: strings.ToLower(t.Key), KeyRegexp: t.KeyRegexp})
			}
		}
		return nil
	}
	if !v.CaseSensitive() {
		t.Key = strings.ToLower(t.Key)
	}
	r.Targets = append(r.Targets, t)
	return nil
}

// regexpKey is the expression of a key that is one: /.../ or '/.../'.
func regexpKey(variable, key string) (string, bool) {
	if len(key) >= 2 && key[0] == '\'' && key[len(key)-1] == '\'' {
		key = key[1 : len(key)-1]
	}
	if isPath(variable) || len(key) < 2 || key[0] != '/' || closingSlash(key) != len(key)-1 {
		return "", false
	}
	return key[1 : len(key)-1], true
}

func (p *parser) key(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, errors.New("an empty regular expression")
	}
	if re := p.keys[expr]; re != nil {
		return re, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	p.keys[expr] = re
	return re, nil
}
