package scan

import "bytes"

// What the rest of a name says of a value: the id, the name or the version of a key is
// no key, and neither is a public one or one of a table.
var (
	harmlessEnds   = [...]string{"izer", "ize", "url", "uri", "type", "policy", "rules", "regex", "hint", "id", "name", "version", "hash", "event", "file", "vault", "length", "pair", "source", "signatures"}
	harmlessStarts = [...]string{"page", "page_", "next", "next_", "continuation", "continuation_", "cursor", "cursor_", "csrf", "csrf_", "csrf-", "xsrf", "xsrf-", "xsrf_", "public", "public_", "primary", "primary_", "foreign", "foreign_", "schema", "schema_"}
)

// harmless says that the name, of which a word stands at text[from:i], is of no secret.
func (l *line) harmless(from, i int) bool {
	text, end := l.text, i
	for end < len(text) && end-i < 32 && (kinds[text[end]] != other || text[end] == '_' || text[end] == '-') {
		end++
	}
	for _, w := range harmlessEnds[:] {
		if n := end - len(w); n >= i && containsFold(text[n:end], w) {
			return true
		}
	}
	for _, w := range harmlessStarts[:] {
		if n := from - len(w); n >= 0 && containsFold(text[n:from], w) {
			return true
		}
	}
	return false
}

// credentials looks at what follows -u or --user, which is of curl: user:password.
func (l *line) credentials(start, end int) {
	text := l.text
	if start < 2 || text[start-1] != '-' || bytes.LastIndex(text[:start], []byte("curl ")) < 0 || text[start-2] != '-' && text[start-2] != ' ' {
		return
	}
	for end < len(text) && text[end] == ' ' {
		end++
	}
	quote := byte(' ')
	if end < len(text) && (text[end] == '"' || text[end] == '\'') {
		quote = text[end]
		end++
	}
	from, colon := end, -1
	for end < len(text) && text[end] != quote && text[end] != '\n' && end-from < 200 {
		switch text[end] {
		case ':':
			if colon < 0 {
				colon = end
			}
		case '<', '{', '*':
			return
		case '$':
			if end == from || end == colon+1 || end+1 < len(text) && kinds[text[end+1]] != digit {
				return // of the shell
			}
		}
		end++
	}
	if colon > from && colon == end-1 && end-from > 10 && entropy(text[from:colon]) >= 3 && hasDigit(text[from:colon]) { // a key without a password
		l.add(l.s.own.basic, from, end, scoreShape)
		return
	}
	if colon < 0 || end-colon < 7 || bytes.Equal(text[from:colon], text[colon+1:end]) || placeholder(text[colon+1:end]) || containsFold(text[colon:end], "passw") {
		return
	}
	l.add(l.s.own.basic, from, end, scoreShape)
	l.done = max(l.done, end)
}
