package operator

import (
	"strings"

	"github.com/corazawaf/libinjection-go"
)

// SQLi is @detectSQLi. It captures the fingerprint, not the value.
type SQLi struct{}

// Match asks libinjection, but for values that are a single token to it.
func (SQLi) Match(s string, env Env) bool {
	if single(s) {
		return false
	}
	found, fingerprint := libinjection.IsSQLi(s)
	if found && env.Capturing() {
		env.Capture(0, fingerprint)
	}
	return found
}

// single says whether s is one word or one number, or nothing. No fingerprint of a
// single token is an injection.
func single(s string) bool {
	letters, digits := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' < 10:
			digits++
		case (c|0x20)-'a' < 26, c == '_':
			letters++
		default:
			return false
		}
	}
	// What begins with a digit and goes on with letters is two tokens.
	return letters == 0 || digits == 0 || s[0]-'0' >= 10
}

// XSS is @detectXSS.
type XSS struct{}

// Match asks libinjection, where s has a < or assigns to an attribute that can carry a
// script. Anything else is none to it: tags, comments and doctypes begin with <, and of
// attributes it judges the value only, behind an equals sign.
func (XSS) Match(s string, _ Env) bool {
	if strings.IndexByte(s, '<') < 0 && !assignsAttribute(s) {
		return false
	}
	return libinjection.IsXSS(s)
}

// assignsAttribute says whether a name that libinjection may hold against s stands
// before an equals sign. It reads more as such a name than libinjection does.
func assignsAttribute(s string) bool {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '=')
		if at < 0 {
			return false
		}
		if attributeBefore(s[from : from+at]) {
			return true
		}
		from += at + 1
	}
}

// longestAttribute is what libinjection compares at most.
const longestAttribute = 64

// attributeBefore looks at the name at the end of s. White space may follow it; NULs
// may stand anywhere.
func attributeBefore(s string) bool {
	i := len(s)
	for i > 0 && (s[i-1] == 0 || latinBlank(s[i-1])) {
		i--
	}
	var name [longestAttribute]byte
	n := len(name)
	for ; i > 0; i-- {
		c := s[i-1] &^ 0x20
		switch {
		case s[i-1] == 0:
			continue
		case s[i-1] == ':':
			c = ':'
		case c-'A' >= 26:
			return scripted(name[n:])
		}
		if n == 0 {
			return false
		}
		n--
		name[n] = c
	}
	return scripted(name[n:])
}

func latinBlank(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

// scripted says whether an attribute can carry a script, or a link to one.
func scripted(name []byte) bool {
	if len(name) >= 5 && name[0] == 'O' && name[1] == 'N' {
		return true
	}
	switch string(name) {
	case "ACTION", "ATTRIBUTENAME", "BACKGROUND", "BY", "DATAFORMATAS", "DATASRC", "DYNSRC", "FILTER", "FOLDER", "FORMACTION", "FROM", "HANDLER", "HREF",
		"LOWSRC", "POSTER", "SRC", "STYLE", "TO", "VALUES", "XLINK", "XLINK:HREF", "XMLNS":
		return true
	}
	return false
}
