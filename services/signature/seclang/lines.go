package seclang

import (
	"errors"
	"strings"
)

// directive is one line of SecLang, continued lines joined.
type directive struct {
	name        string // in lower case
	written     string // as it was written
	args        string
	file        string
	first, last int
}

// text parses the directives of one file.
func (p *parser) text(s string) {
	var joined strings.Builder
	first, line, dataset, continued := 0, 0, false, false
	for raw := range strings.Lines(s) {
		line++
		// A comment or an empty line is none even between continued lines.
		l := strings.TrimSpace(raw)
		if l == "" || l[0] == '#' {
			continue
		}
		if joined.Len() == 0 && !continued {
			first = line
		}
		// A dataset stands between a backtick at the end of a line and one that begins a line.
		switch {
		case !dataset && l[len(l)-1] == '`':
			dataset = true
		case dataset && l[0] == '`':
			dataset = false
		}
		if dataset {
			joined.WriteString(l)
			joined.WriteByte('\n')
			continue
		}
		var more string
		if more, continued = strings.CutSuffix(l, `\`); continued {
			joined.WriteString(more)
			continue
		}
		joined.WriteString(l)
		p.directive(joined.String(), first, line)
		joined.Reset()
	}
	d := &directive{file: p.file, first: first, last: line}
	switch {
	case dataset:
		p.fail(d, errors.New("a dataset is not closed with a backtick"))
	case continued:
		p.fail(d, errors.New("the file ends in a continued line"))
	}
	p.closeChain("the file ends")
}

func (p *parser) directive(line string, first, last int) {
	d := &directive{written: line, file: p.file, first: first, last: last}
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		d.written, d.args = line[:i], strings.TrimSpace(line[i:])
	}
	d.name = strings.ToLower(d.written)
	p.run(d)
}

// unquoted is the whole argument of d, which may stand in double quotes.
func (d *directive) unquoted() string {
	if len(d.args) >= 3 && d.args[0] == '"' && d.args[len(d.args)-1] == '"' {
		return strings.Trim(d.args, `"`)
	}
	return d.args
}

// words are the arguments of d: each in double quotes or without spaces.
func (d *directive) words() ([]string, error) {
	var out []string
	for rest := d.args; rest != ""; rest = strings.TrimSpace(rest) {
		if rest[0] == '"' {
			quoted, after, err := cutQuoted(rest)
			if err != nil {
				return nil, err
			}
			out, rest = append(out, strings.ReplaceAll(quoted, `\"`, `"`)), after
			continue
		}
		i := strings.IndexAny(rest, " \t")
		if i < 0 {
			i = len(rest)
		}
		out, rest = append(out, rest[:i]), rest[i:]
	}
	return out, nil
}

// cutQuoted takes the quoted string that s begins with off s. A quote after an odd
// number of backslashes does not end it.
func cutQuoted(s string) (inner, rest string, err error) {
	slashes := 0
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			slashes++
		case s[i] == '"' && slashes%2 == 0:
			return s[1:i], s[i+1:], nil
		default:
			slashes = 0
		}
	}
	return "", "", errors.New("a quote is not closed")
}

// trimQuotes takes off a pair of quotes of the same kind.
func trimQuotes(s string) string {
	if n := len(s); n >= 2 && (s[0] == '"' || s[0] == '\'') && s[n-1] == s[0] {
		return s[1 : n-1]
	}
	return s
}
