package schema

import (
	"bytes"
	"net/netip"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// The formats of strings that JSON Schema has a name for.
const (
	fDate = iota
	fDateTime
	fEmail
	fIPv4
	fIPv6
	fURI
	fUUID
	formats
	noFormat = formats
)

var formatNames = [formats]string{"date", "date-time", "email", "ipv4", "ipv6", "uri", "uuid"}

// formatOf is the format of v by its text, as the standards write it: a time
// without a zone is no date-time.
func formatOf(v []byte) int {
	n := len(v)
	if n < 3 || n > 2048 {
		return noFormat
	}
	c := v[0]
	switch {
	case n == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-':
		if catalog.Classify(v) == catalog.TypeUUID {
			return fUUID
		}
	case n >= 10 && c-'0' <= 9 && v[4] == '-' && v[7] == '-':
		switch {
		case !isDay(v[:10]):
		case n == 10:
			return fDate
		case isTime(v[10:]):
			return fDateTime
		}
		return noFormat
	}
	if c|0x20-'a' < 26 && isURI(v) {
		return fURI
	}
	if n <= 45 && (c-'0' <= 9 || c == ':' || c|0x20-'a' < 6) && looksLikeAddress(v) {
		if a, err := netip.ParseAddr(string(v)); err == nil && a.Zone() == "" {
			if a.Is4() {
				return fIPv4
			}
			return fIPv6
		}
		return noFormat
	}
	if n >= 6 && n <= 254 && bytes.IndexByte(v, '@') > 0 && catalog.Classify(v) == catalog.TypeEmail {
		return fEmail
	}
	return noFormat
}

func two(v []byte) int {
	a, b := v[0]-'0', v[1]-'0'
	if a > 9 || b > 9 {
		return 100
	}
	return int(a)*10 + int(b)
}

// isDay is YYYY-MM-DD.
func isDay(v []byte) bool {
	month, day := two(v[5:]), two(v[8:])
	return two(v) < 100 && two(v[2:]) < 100 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

// isTime is what stands behind the day in RFC 3339.
func isTime(v []byte) bool {
	if len(v) < 10 || len(v) > 30 || v[0]|0x20 != 't' && v[0] != ' ' || v[3] != ':' || v[6] != ':' ||
		two(v[1:]) > 23 || two(v[4:]) > 59 || two(v[7:]) > 60 {
		return false
	}
	v = v[9:]
	if v[0] == '.' {
		v = bytes.TrimLeft(v[1:], "0123456789")
	}
	if len(v) == 1 {
		return v[0]|0x20 == 'z'
	}
	return len(v) == 6 && (v[0] == '+' || v[0] == '-') && v[3] == ':' && two(v[1:]) <= 23 && two(v[4:]) <= 59
}

// isURI is an absolute URI with an authority, or a URN.
func isURI(v []byte) bool {
	i := bytes.IndexByte(v[:min(len(v), 12)], ':')
	if i < 2 || i+3 >= len(v) {
		return false
	}
	if (v[i+1] != '/' || v[i+2] != '/') && string(v[:i]) != "urn" {
		return false
	}
	for _, c := range v[:i] {
		if (c|0x20)-'a' >= 26 && c-'0' > 9 && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	for _, c := range v[i:] {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			return false
		}
	}
	return true
}

func looksLikeAddress(v []byte) bool {
	dots, colons := 0, 0
	for _, c := range v {
		switch {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c-'0' > 9 && c|0x20-'a' >= 6:
			return false
		}
	}
	return dots == 3 || colons >= 2
}

// maxWord is the longest value that may be a code word.
const maxWord = 32

// isWord says whether v looks like a code word, as a state or a kind: a short
// literal to the lexer, of letters, few digits and the marks that join words. What
// holds spaces may be somebody's name.
func isWord(v []byte) bool {
	if len(v) == 0 || len(v) > maxWord {
		return false
	}
	letters, digits := 0, 0
	for _, c := range v {
		switch {
		case c|0x20-'a' < 26:
			letters++
		case c-'0' <= 9:
			digits++
		case c == '_' || c == '-' || c == '.' || c == '/' || c == ':' || c == '+':
		default:
			return false
		}
	}
	if letters == 0 || digits > 4 {
		return false
	}
	// The lexer types what has digits, and long words of random letters.
	return digits == 0 && len(v) < 16 || catalog.Classify(v) == ""
}

// isPersonal says whether the last word of a field's name says that its values are
// somebody's, or somebody's words.
func isPersonal(name string) bool {
	last := lastWord(name)
	if len(last) > 3 && last[len(last)-1] == 's' && last != "address" {
		last = last[:len(last)-1]
	}
	switch last {
	case "account", "actor", "address", "alia", "assignee", "author", "birthday", "birthplace", "body", "by", "city", "comment", "company", "contact",
		"creator", "customer", "description", "email", "employer", "firstname", "forename", "from", "fullname", "givenname", "handle", "holder",
		"key", "label", "lastname", "login", "mail", "maidenname", "member", "message", "mobile", "name", "nick", "nickname", "note", "owner",
		"password", "patient", "person", "phone", "pin", "recipient", "reviewer", "secret", "sender", "session", "signature", "street", "subject",
		"surname", "tel", "telephone", "text", "title", "to", "token", "town", "user", "username", "zip":
		return true
	}
	return false
}

// lastWord is the last word of a name in snake, kebab or camel case, in lower case.
func lastWord(name string) string {
	end := len(name)
	for end > 0 && !isLetter(name[end-1]) {
		end--
	}
	start := end
	for start > 0 && isLetter(name[start-1]) {
		start--
		if name[start] < 'a' && (start == 0 || name[start-1] >= 'a') {
			break
		}
	}
	word := make([]byte, 0, end-start)
	for i := start; i < end; i++ {
		word = append(word, name[i]|0x20)
	}
	return string(word)
}

func isLetter(c byte) bool { return c|0x20-'a' < 26 }
