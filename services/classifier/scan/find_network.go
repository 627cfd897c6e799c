package scan

import "net/netip"

// address4 looks at four numbers with dots between them. After a slash or a dash they are
// the version of a product, as in Chrome/120.0.0.0.
func (l *line) address4(start int) bool {
	text, i := l.text, start
	for part := range 4 {
		n, from := 0, i
		for i < len(text) && kinds[text[i]] == digit && i-from < 4 {
			n = n*10 + int(text[i]-'0')
			i++
		}
		if i == from || n > 255 || i-from > 3 || i-from > 1 && text[from] == '0' {
			return false
		}
		if part == 3 {
			break
		}
		if i == len(text) || text[i] != '.' {
			return false
		}
		i++
	}
	if i < len(text) && (kinds[text[i]] != other || text[i] == '_') || i+1 < len(text) && text[i] == '.' && kinds[text[i+1]] == digit || start > 1 && text[start-1] == '.' {
		return false
	}
	if start > 0 && (text[start-1] == '/' || text[start-1] == '-') && !(start > 1 && text[start-2] == '/') {
		return false
	}
	if near := l.context(start); near.has(l.s.version) {
		return false
	}
	l.add(l.s.own.ip, start, i, scoreFirm)
	l.done = max(l.done, i)
	return true
}

// address6 looks at the run of hexadecimal groups that has its first colon at colon.
func (l *line) address6(start, colon int) {
	text := l.text
	if colon < l.done {
		return
	}
	if l.begins(colon) {
		start = colon
	}
	end, colons := start, 0
	for end < len(text) && end-start < 46 && (hexDigit(text[end]) || text[end] == ':' || text[end] == '.' && colons > 1) {
		if text[end] == ':' {
			colons++
		}
		end++
	}
	if end > start && text[end-1] == '.' {
		end--
	}
	short := end-start < 6 && end-start < len(text) // in a text, as an operator of a language
	if colons < 2 || short || end < len(text) && kinds[text[end]] != other {
		return
	}
	if l.mac(start) {
		return
	}
	a, err := netip.ParseAddr(string(text[start:end]))
	if err != nil || a.Is4() || !hasDigit(text[start:end]) {
		return
	}
	l.add(l.s.own.ip, start, end, scoreFirm)
	l.done = end
}

func hexDigit(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 && c >= 'A' }

// mac looks at six pairs with the same sign between them.
func (l *line) mac(start int) bool {
	t := l.text[start:]
	if len(t) < 17 || len(t) > 17 && (kinds[t[17]] != other || (t[17] == t[2]) && len(t) > 18 && hexDigit(t[18])) {
		return false
	}
	if t[2] != ':' && t[2] != '-' || start > 0 && l.text[start-1] == t[2] {
		return false
	}
	for i, c := range t[:17] {
		if i%3 == 2 && c != t[2] || i%3 != 2 && !hexDigit(c) {
			return false
		}
	}
	l.add(l.s.own.mac, start, start+17, scoreFirm)
	l.done = max(l.done, start+17)
	return true
}

// url goes from a scheme to the first byte that no URL has, less the end of a sentence.
func (l *line) url(start, end int) {
	text := l.text
	if !l.begins(start) || start < l.done && len(l.to) > 0 && l.to[len(l.to)-1].Class == l.s.own.url && l.to[len(l.to)-1].End > start {
		return
	}
	from := end
	for end < len(text) && text[end] > ' ' && text[end] != '"' && text[end] != '<' && text[end] != '>' && text[end] != '\'' && text[end] != '\\' && text[end] != '`' && text[end] != '|' {
		end++
	}
	for end > from {
		switch text[end-1] {
		case '.', ',', ')', ']', '}', ';', ':', '!', '?', '*':
			end--
			continue
		}
		break
	}
	if end-from < 4 {
		return
	}
	l.add(l.s.own.url, start, end, scoreFirm)
}
