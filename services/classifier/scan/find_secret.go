package scan

import "bytes"

var (
	genericKeys = []string{"access", "auth", "api", "credential", "creds", "key", "passw", "secret", "token", "pwd", "accesskey", "apikey", "authkey", "authtoken", "authorization", "accesstoken"}
	// Whole words only: an author is no authorization.
	wholeKeys = []string{"access", "auth", "api", "key"}
)

// prefixed tries the pattern whose literal stands at i.
func (l *line) prefixed(p *pattern, i int) {
	start, ok := behind(p.elements[:p.anchor], l.text, i)
	if !ok || start > 0 && p.elements[0].literal != "_" && (!l.begins(start) || l.text[start-1] == '_') && !escaped(l.text, start-1) {
		return
	}
	if start > 1 && l.text[start-1] == '.' && kinds[l.text[start-2]] != other && len(p.elements[0].literal) < 5 && p.anchor == 0 {
		return // what a file ends with
	}
	l.try(p, start, scoreProven)
}

// escaped says that the letter at i is that of \n and the like.
func escaped(text []byte, i int) bool {
	return i > 0 && text[i-1] == '\\' && (text[i] == 'n' || text[i] == 'r' || text[i] == 't')
}

// try adds the secret of p that begins at start, where there is one.
func (l *line) try(p *pattern, start int, score float32) bool {
	end, ok := ahead(p.elements, l.text, start)
	if !ok || end < len(l.text) && (l.text[end] == '_' || kinds[l.text[end]] != other && kinds[l.text[end-1]] != other) {
		return false
	}
	v := l.text[start:end]
	if p.entropy > 0 && (entropy(v) < p.entropy || p.digits && !hasDigit(v[p.lead:])) || filler(v) || p.check != nil && !p.check(v) {
		return false
	}
	if n := len(l.to) - 1; n >= 0 && l.to[n].Class == l.s.own.generic && l.to[n].Start <= start && start < l.to[n].End {
		l.to = l.to[:n] // what it is has a name now
	}
	l.add(p.class, start, end, score)
	l.done = max(l.done, end)
	return true
}

// vendor tries the value that is assigned to a name in which a key ended before i.
func (l *line) vendor(p *pattern, from, i int) {
	if !oneCase(l.text[from:i]) {
		return
	}
	// A pattern with a sign of its own needs none of assignment.
	if start, ok := l.assigned(i); ok || start > 0 && p.marked {
		l.try(p, start, scoreFirm)
	}
}

var colon = []byte("：") // of texts in Chinese and Japanese

// oneCase says that a name is in small letters, or in capitals, or begins with one:
// "sumObjects" is none of Sumo's.
func oneCase(v []byte) bool {
	small, capital := 0, 0
	for _, c := range v[1:] {
		switch kinds[c] {
		case lower:
			small++
		case upper:
			capital++
		}
	}
	return capital == 0 || small == 0 && kinds[v[0]] == upper || len(v) > 8
}

// assigned is where the value begins that is assigned to the name that goes on at i: the
// rest of the name and one word more, a sign of assignment, quotes. Without a sign it is what comes
// next, and not ok.
func (l *line) assigned(i int) (start int, ok bool) {
	text := l.text
	if bytes.HasPrefix(text[i:], colon) {
		return i + len(colon), true
	}
	limit := min(len(text), i+64)
	for i < limit && (kinds[text[i]] != other || text[i] == '_' || text[i] == '.' || text[i] == '-') {
		i++
	}
	if i+1 < limit && text[i] == ' ' && (kinds[text[i+1]] == lower || kinds[text[i+1]] == upper) { // of a declaration
		for i++; i < limit && (kinds[text[i]] != other || text[i] == '_'); {
			i++
		}
	}
	sign := byte(0)
	for ; i < limit; i++ {
		switch text[i] {
		case '=', ':', '>', ',', '|':
			sign = text[i]
		case ' ', '\t', '"', '\'', '`', '?', '.', '(', '\n', '\r':
			if text[i] == '\n' && sign != '=' && sign != ':' && !(sign == '>' && i+1 < limit && text[i+1] == ' ') {
				return 0, false
			}
		case '\\': // a quote within a quote
			if i+1 < limit && kinds[text[i+1]] != other {
				return 0, false
			}
		default:
			if rest := text[i:]; sign == 0 && bytes.HasPrefix(rest, []byte("value=")) && bytes.Contains(text[max(0, i-80):i], []byte("key=")) { // <add key="..." value="..."/>
				i, sign = i+len("value"), '='
				continue
			}
			return i, sign != 0
		}
	}
	return 0, false
}

var genericAlphabet = alphabets['k']

func hasDigit(v []byte) bool {
	for _, c := range v {
		if kinds[c] == digit {
			return true
		}
	}
	return false
}

// privateKey looks at the words PRIVATE KEY that end before i for the armour of one: its
// beginning, at least a line of base64, its end or that of the text.
func (l *line) privateKey(start, end int) {
	text := l.text
	from := bytes.LastIndex(text[max(0, start-40):start], []byte("-----BEGIN"))
	if from < 0 || start < l.done {
		return
	}
	from += max(0, start-40)
	if bytes.HasPrefix(text[end:], []byte(" BLOCK")) {
		end += len(" BLOCK")
	}
	if !bytes.HasPrefix(text[end:], []byte("-----")) {
		return
	}
	end += len("-----")
	body := end
	for end < len(text) && (alphabets['b'][text[end]] || text[end] <= ' ' || text[end] == '=' || text[end] == '\\' || text[end] == ':' || text[end] == ',' || text[end] == '"' || text[end] == '.' || text[end] == '(' || text[end] == ')') {
		end++
	}
	if end-body < 64 {
		return
	}
	if bytes.HasPrefix(text[end:], []byte("-----END")) {
		if n := bytes.Index(text[end+8:], []byte("-----")); n >= 0 && n < 60 {
			end += 8 + n + 5
		}
	}
	l.add(l.s.own.private, from, end, scoreProven)
	l.done = max(l.done, end)
}
