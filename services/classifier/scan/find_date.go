package scan

// digits reads a number of at most so many digits at i.
func (l *line) digits(i, most int) (n, end int) {
	end = i
	for end < len(l.text) && end-i < most && kinds[l.text[end]] == digit {
		n = n*10 + int(l.text[end]-'0')
		end++
	}
	return n, end
}

// date looks for a day in digits: 1987-03-05, 05/03/1987, 5.3.1987.
func (l *line) date(start int) bool {
	a, i := l.digits(start, 4)
	if i == start || i+1 >= len(l.text) || start > 1 && l.text[start-1] == l.text[i] {
		return false
	}
	sep := l.text[i]
	if sep != '-' && sep != '/' && sep != '.' {
		return false
	}
	b, j := l.digits(i+1, 2)
	if j == i+1 || j >= len(l.text) || l.text[j] != sep {
		return false
	}
	c, end := l.digits(j+1, 4)
	n := end - j - 1
	if end < len(l.text) && (kinds[l.text[end]] == digit || kinds[l.text[end]] == lower || end+1 < len(l.text) && l.text[end] == sep && kinds[l.text[end+1]] == digit) {
		return false
	}
	ok := false
	switch {
	case i-start == 4 && n <= 2:
		ok = year(a) && day(a, b, c)
	case i-start <= 2 && n == 4:
		ok = year(c) && (day(c, b, a) || sep != '.' && day(c, a, b))
	case i-start <= 2 && n == 2 && sep == '/':
		ok = day(2000+c, b, a) || day(2000+c, a, b)
	}
	if ok {
		l.day(start, end)
	}
	return ok
}

func year(y int) bool { return y >= 1850 && y <= 2150 }

func (l *line) day(start, end int) {
	c := l.s.own.date
	if l.hits > 0 && l.nearAny(start, birthWords) {
		c = l.s.own.birth
	}
	l.add(c, start, end, scoreFirm)
	l.done = max(l.done, end)
}

// month looks around the name of a month: "March 5, 1987", "5th of March 1987",
// "5-Mar-1987".
func (l *line) month(m, start, end int) {
	text, d := l.text, 0
	from := start
	i := start - 1
	if i > 2 && text[i] == ' ' && text[i-1] == 'f' && text[i-2] == 'o' {
		i -= 3
	}
	if i > 0 && (text[i] == ' ' || text[i] == '-' || text[i] == '/') {
		j := i
		if j > 2 && kinds[text[j-1]] == lower { // 5th
			j -= 2
		}
		k := j
		for k > 0 && j-k < 2 && kinds[text[k-1]] == digit {
			k--
		}
		if k < j && (k == 0 || kinds[text[k-1]] == other) {
			d, from = number(text[k:j]), k
		}
	}
	i = end
	if i < len(text) && text[i] == '.' {
		i++
	}
	if i < len(text) && (text[i] == ' ' || text[i] == '-' || text[i] == '/' || text[i] == ',') {
		i++
	}
	if d == 0 {
		n, j := l.digits(i, 2)
		if j == i {
			return
		}
		if j+1 < len(text) && kinds[text[j]] == lower {
			j += 2
		}
		d = n
		if j < len(text) && text[j] == ',' {
			j++
		}
		if j < len(text) && (text[j] == ' ' || text[j] == '-') {
			j++
		}
		i = j
	} else if i < len(text) && text[i] == ' ' {
		i++
	}
	y, j := l.digits(i, 4)
	if j-i == 4 && year(y) && day(y, m, d) && (j == len(text) || kinds[text[j]] != digit) {
		l.day(from, j)
	}
}
