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
	if !ok || start > 0 && p.elements[0].literal != "_" && (kinds[l.text[start-1]] != other || l.text[start-1] == '_') && !escaped(l.text, start-1) {
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

// generic tries the value that is assigned to a name with "token", "secret" and the like
// in it: one that looks drawn by chance.
func (l *line) generic(from, i int) {
	for _, w := range wholeKeys {
		if len(w) == i-from && containsFold(l.text[from:i], w) && !wordEnds(l.text, i) {
			return
		}
	}
	start, ok := l.assigned(i)
	if !ok || start < l.done || l.harmless(from, i) {
		return
	}
	password := containsFold(l.text[from:i], "passw") || containsFold(l.text[from:i], "pwd")
	if password {
		l.password(start)
	}
	header := l.header(from)
	for _, w := range [...]string{"Basic ", "Bearer ", "Token ", "Api-Token ", "ApiKey ", "sha256~"} {
		if bytes.HasPrefix(l.text[start:], []byte(w)) {
			start += len(w)
			break
		}
	}
	least, most, bits := 10, 150, 3.5
	if header { // what is sent as one needs no chance
		least, most, bits = 8, 4000, 2.75
	}
	end := start
	letters, digits := 0, 0
	for end < len(l.text) && end-start <= most && (genericAlphabet[l.text[end]] || l.text[end] == '.' || header && l.text[end] == '@') {
		switch kinds[l.text[end]] {
		case digit:
			digits++
		case lower, upper:
			letters++
		}
		end++
	}
	v := l.text[start:end]
	if len(v) < least || len(v) > most || digits == 0 || letters == 0 || entropy(v) < bits || placeholder(v) || filler(v) || wordy(v) || uuid(v) && !header {
		return
	}
	if end < len(l.text) && (l.text[end] == '(' || l.text[end] == '[' || l.text[end] == '$' || l.text[end] == ':' || l.text[end] == '@') {
		return // a call, an index, a template, an address
	}
	if bytes.IndexByte(v, '.') >= 0 && digits < 4 && (!password || entropy(v) < 4) || bytes.Contains(v, []byte("==")) && v[len(v)-1] != '=' {
		return // config.getValue1, default_rc==0
	}
	l.add(l.s.own.generic, start, end, scoreShape)
}

// header says that the name at i is that of a header of curl's.
func (l *line) header(i int) bool {
	for i > 0 && (kinds[l.text[i-1]] != other || l.text[i-1] == '-') {
		i--
	}
	if i == 0 || l.text[i-1] != '"' && l.text[i-1] != '\'' {
		return false
	}
	before := bytes.TrimRight(l.text[max(0, i-12):i-1], " ")
	return bytes.HasSuffix(before, []byte("-H")) || bytes.HasSuffix(before, []byte("--header"))
}

// password is whatever stands in quotes behind a name of passwords, unless it is a
// placeholder or an expression; without quotes what is set in a line of settings or a query, where it
// has a digit.
func (l *line) password(start int) {
	if start == 0 {
		return
	}
	quote := l.text[start-1]
	if quote != '"' && quote != '\'' && quote != '=' {
		return
	}
	end := start
	for end < len(l.text) && end-start <= 64 && l.text[end] != quote {
		c := l.text[end]
		if quote == '=' && (c <= ' ' || c == '&' || c == ';' || c == '"' || c == '\'' || c == ',') {
			break
		}
		switch c {
		case '$':
			if quote != '=' || end == start {
				return
			}
		case ' ', '{', '<', '\n', '\\', '(', '*', '[':
			return
		}
		end++
	}
	v := l.text[start:end]
	if len(v) < 6 || len(v) > 64 || placeholder(v) || containsFold(v, "passw") && len(v) < 10 || v[0] == '%' && v[len(v)-1] == '%' {
		return
	}
	if quote == '=' && (!hasDigit(v) || wordy(v) || bytes.IndexByte(v, '.') > 0) || quote != '=' && end == len(l.text) {
		return
	}
	l.add(l.s.own.password, start, end, scoreShape)
	l.done = max(l.done, end)
}

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
