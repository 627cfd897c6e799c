package scan

// token looks at the word text[start:end], which has digits in it.
func (l *line) token(start, end int) {
	if start < l.done {
		return
	}
	text := l.text
	if start > 0 && (text[start-1] == '_' || text[start-1] == '@' || text[start-1] == '#') {
		return // part of a name
	}
	if end-start == 8 && len(text)-start >= 36 && text[end] == '-' && uuid(text[start:start+36]) {
		l.done = start + 36 // of which no piece is a number
		return
	}
	if end < len(text) && end-start <= 4 {
		switch text[end] {
		case '.', '-', '/', ':':
			if l.address4(start) || l.mac(start) || l.date(start) {
				return
			}
		}
	}
	if end-start == 4 && end < len(text) && text[end] >= 0x80 && l.eastDay(start, end) {
		return
	}
	near := l.speaking(start)
	if start > 0 && text[start-1] == '+' {
		if l.phone(start, near); start < l.done {
			return
		}
	}
	if near != nil {
		if from := l.lead(start); from < start && l.groups(from, start-1, near) {
			return
		}
		if end-start == 8 && l.compactDay(start) {
			return
		}
	}
	// The longest run of groups first: "4111 1111 1111 1111" before "4111".
	if end-start <= 12 && end < len(text) && separator(text, end) {
		if l.groups(start, end, near) {
			return
		}
	}
	if !l.number(start, end, near) && end-start >= 26 {
		l.coin(start, end)
	}
	if near != nil || start > 0 && (text[start-1] == '+' || text[start-1] == '(') || separator(text, end) {
		l.phone(start, near)
	}
}

// separator says that between two groups stands one sign, at i.
func separator(text []byte, i int) bool {
	if i+1 >= len(text) || kinds[text[i+1]] == other {
		return false
	}
	switch text[i] {
	case ' ', '-', '.', '/':
		return true
	}
	return false
}

// lead is where the letters begin that stand alone before the digits at start, as in "AB 12 34 56 C";
// start where there are none.
func (l *line) lead(start int) int {
	from := start - 1
	if from < 1 || l.text[from] != ' ' && l.text[from] != '-' {
		return start
	}
	for from > 0 && start-from <= 3 && kinds[l.text[from-1]] == upper {
		from--
	}
	if from == start-1 && from > 0 && kinds[l.text[from-1]] == lower { // x-6891975w
		from--
	}
	if from == start-1 || !l.begins(from) {
		return start
	}
	return from
}

// groups tries the runs of groups that begin at start, from the longest.
func (l *line) groups(start, end int, near *set) bool {
	var ends [12]int
	n, chars := 0, end-start
	for i := end; separator(l.text, i) && n < len(ends); n++ {
		j := i + 1
		word := true
		for j < len(l.text) && kinds[l.text[j]] != other {
			word = word && kinds[l.text[j]] == lower
			j++
		}
		chars += j - i - 1
		if word || j-i > 13 || chars > Longest {
			break // prose goes on
		}
		ends[n] = j
		i = j
	}
	for n--; n >= 0; n-- {
		if l.number(start, ends[n], near) {
			return true
		}
	}
	return false
}

// shortestFirm is the length of the shortest number that needs no word beside it, signs
// between its groups and all.
const shortestFirm = 11

// number looks at text[start:end] as one number: the schemes that need no word, and
// those that a word before asks for.
func (l *line) number(start, end int, near *set) (found bool) {
	if end-start < 4 || end-start > Longest*2 || end-start < shortestFirm && near == nil {
		return false
	}
	c, ok := compact(l.room[:0], l.text[start:end])
	if !ok {
		return false
	}
	if near == nil || !near.meets(&l.s.asking[len(c)]) && !near.meets(&l.s.general) { // words of other things
		if end-start < shortestFirm {
			return false
		}
		for _, n := range l.s.firm[len(c)] {
			if ok, _ := n.accepts(c, l.text[start:end]); ok && l.alone(start, end) {
				l.add(n.class, start, end, scoreFirm)
				found = true
			}
		}
		found = l.dashed(c, start, end) || found
	} else {
		for _, n := range l.s.numbers[len(c)] {
			named := n.words.meets(near)
			general := !n.loose && len(c) > 7 && near.meets(&l.s.general) && n.name[2] == '.'
			if !named && !general && !n.firm {
				continue
			}
			ok, prefixed := n.accepts(c, l.text[start:end])
			switch {
			case !ok || n.bare && !named || !named && !l.alone(start, end):
				continue
			case named && n.firm, named && prefixed:
				l.add(n.class, start, end, scoreProven)
			case n.firm:
				l.add(n.class, start, end, scoreFirm)
			case named && !n.loose && !n.bare:
				l.add(n.class, start, end, scoreNamed)
			default:
				l.add(n.class, start, end, scoreShape)
			}
			found = true
		}
		found = found || l.dashed(c, start, end)
	}
	if found {
		l.done = end
	}
	return found
}

// alone says that text[start:end] is no piece of a longer thing of digits: of a
// fraction, an identifier in groups, a path.
func (l *line) alone(start, end int) bool {
	if start > 1 && (l.text[start-1] == '-' || l.text[start-1] == '.') && kinds[l.text[start-2]] != other {
		return false
	}
	return end+1 >= len(l.text) || l.text[end] != '-' && l.text[end] != '.' || kinds[l.text[end+1]] == other
}

// goesOn says that a group of four digits stands before or after: text[start:end] is a piece of
// a number in such groups.
func (l *line) goesOn(start, end int) bool {
	t := l.text
	return end+1 < len(t) && t[end] == ' ' && kinds[t[end+1]] == digit || start > 1 && t[start-1] == ' ' && kinds[t[start-2]] == digit
}

// dashed are the numbers whose separators tell them: 536-90-4399, 390.533.447-05.
func (l *line) dashed(c []byte, start, end int) bool {
	v := l.text[start:end]
	form := func(form string) bool { return written(v, form) }
	name := ""
	switch len(v) {
	case 11:
		if (form("000-00-0000") || form("000 00 0000")) && ssn(c) {
			name = "us.ssn"
		}
	case 13:
		if form("00 000 000 000") {
			name = "au.abn"
		}
	case 14:
		switch {
		case form("000.000.000-00"):
			name = "br.cpf"
		case form("000-000-000 00"):
			name = "ru.snils"
		case form("000000-0000000"):
			name = "kr.rrn"
		case form("0000 0000 0000") && !l.goesOn(start, end):
			name = "in_.aadhaar"
		}
	case 16:
		if form("756.0000.0000.00") {
			name = "ch.ssn"
		}
	case 18:
		if form("00.000.000/0000-00") {
			name = "br.cnpj"
		}
	}
	if name == "" || !l.alone(start, end) {
		return false
	}
	for _, n := range l.s.numbers[len(c)] {
		if n.name == name {
			if n.fits(c) {
				l.add(n.class, start, end, scoreFirm)
				return true
			}
		}
	}
	return false
}
