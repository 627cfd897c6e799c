package scan

import "bytes"

// generic tries the value that is assigned to a name with "token", "secret" and the like
// in it: one that looks drawn by chance.
func (l *line) generic(from, i int) {
	for _, w := range wholeKeys {
		if len(w) == i-from && containsFold(l.text[from:i], w) && !wordEnds(l.text, i) {
			return
		}
	}
	start, ok := l.assigned(i)
	if !ok {
		start, ok = l.login(from, i)
	}
	if !ok || start < l.done || l.harmless(from, i) {
		return
	}
	password := containsFold(l.text[from:i], "passw") || containsFold(l.text[from:i], "pwd") || spokenPassword(l.text[from:i])
	if password {
		l.password(from, start)
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
	if len(v) >= 32 && hexadecimal(v) { // of sixteen signs there is no more to be had
		bits = 3
	}
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

// password is whatever stands in quotes behind the name of passwords at from, unless it is a
// placeholder or an expression; without quotes what is set in a line of settings or a query, where it
// has a digit.
func (l *line) password(from, start int) {
	if start == 0 {
		return
	}
	quote := l.text[start-1]
	if (quote == ' ' || bytes.HasSuffix(l.text[:start], colon)) && l.setting(from, start) {
		quote = '='
	}
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

// passwords are what they are called in other languages.
var passwords = [...]string{"contraseña", "contrasena", "mot de passe", "motdepasse", "senha", "kennwort", "пароль", "密码", "密碼", "パスワード", "비밀번호", "hasło", "haslo", "wachtwoord", "lösenord", "losenord", "adgangskode", "şifre", "sifre", "heslo", "jelszó", "jelszo", "salasana"}

func spokenPassword(v []byte) bool {
	for _, w := range passwords[:] {
		if len(v) == len(w) && containsFold(v, w) {
			return true
		}
	}
	return false
}

// setting says that the line of the name at from is of that name, a colon and one word: of YAML.
func (l *line) setting(from, start int) bool {
	text := l.text
	if start < 2 || text[start-2] != ':' && !bytes.HasSuffix(text[:start], colon) {
		return false
	}
	for from > 0 && (kinds[text[from-1]] != other || text[from-1] == '_' || text[from-1] == '-') {
		from--
	}
	for from > 0 && (text[from-1] == ' ' || text[from-1] == '\t' || text[from-1] == '-') {
		from--
	}
	if from > 0 && text[from-1] != '\n' {
		return false
	}
	end := start
	for end < len(text) && text[end] > ' ' {
		end++
	}
	for end < len(text) && (text[end] == ' ' || text[end] == '\r') {
		end++
	}
	return end == len(text) || text[end] == '\n' || text[end] == '#'
}

// login is where the word begins behind that of a password at text[from:i] in a line of .netrc, which
// has a machine, a login and a password.
func (l *line) login(from, i int) (start int, ok bool) {
	text := l.text
	if i+1 >= len(text) || text[i] != ' ' && !bytes.HasPrefix(text[i:], []byte("ord ")) {
		return 0, false
	}
	before := text[max(0, from-160):from]
	before = before[bytes.LastIndexByte(before, '\n')+1:]
	if !bytes.Contains(before, []byte("machine ")) || !bytes.Contains(before, []byte("login ")) {
		return 0, false
	}
	return i + bytes.IndexByte(text[i:], ' ') + 1, true
}

// joined looks at the name that ends before a sign of assignment at i for a word of secrets that is part of
// a longer one, where the automaton does not begin: PGPASSWORD=, dbpassword:.
func (l *line) joined(i int) {
	text := l.text
	if i > 0 && (text[i-1] == '"' || text[i-1] == '\'' || text[i-1] == ' ') {
		i--
	}
	for _, w := range secretEnds[:] {
		k := i - len(w)
		if k < 1 || folded[text[i-1]] != w[len(w)-1] || !containsFold(text[k:i], w) {
			continue
		}
		if before := kinds[text[k-1]]; before == lower && kinds[text[k]] == lower || before == upper && kinds[text[k]] == upper {
			l.generic(k, i)
		}
		return
	}
}

var secretEnds = [...]string{"password", "passwd", "secret", "token", "apikey"}

// secretEnding says whether a and b may be the last two letters of one of secretEnds, in either case.
func secretEnding(a, b byte) bool {
	n := int(a&31)<<5 | int(b&31)
	return lastTwo[n>>6]>>(n&63)&1 != 0
}

var lastTwo = func() (t [16]uint64) {
	for _, w := range secretEnds {
		n := int(w[len(w)-2]&31)<<5 | int(w[len(w)-1]&31)
		t[n>>6] |= 1 << (n & 63)
	}
	return t
}()

func hexadecimal(v []byte) bool {
	for _, c := range v {
		if !hexDigit(c) {
			return false
		}
	}
	return true
}
