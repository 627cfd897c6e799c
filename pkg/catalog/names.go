package catalog

import (
	"strconv"
	"strings"
)

// ParamNames are names for the typed segments of a template, in order, each
// once: that of the literal before it with "_id", so "/accounts/{int}/cards/{uuid}"
// gives accounts_id and cards_id. The type is no part of the name: templates
// that differ in types alone are one path to an OpenAPI document.
func ParamNames(template string) []string {
	if strings.IndexByte(template, '{') < 0 {
		return nil
	}
	var out []string
	last := ""
	for s := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			last = s
			continue
		}
		before := last
		if isLetter(s[0]) { // Orders({int}); a mark, as in @{string}, is no name
			before = strings.TrimRight(s[:open], "(")
		}
		name := identifier(before)
		for n := 2; contains(out, name); n++ {
			name = identifier(before) + strconv.Itoa(n)
		}
		out = append(out, name)
	}
	return out
}

func identifier(s string) string {
	b := make([]byte, 0, len(s)+3)
	for i := range len(s) {
		if isLetter(s[i]) || isDigit(s[i]) {
			b = append(b, s[i])
		} else {
			b = append(b, '_')
		}
	}
	if len(b) > 0 {
		b = append(b, '_')
	}
	return string(append(b, "id"...))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
