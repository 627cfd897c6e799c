package scan

import "strings"

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
	ok, score := false, float32(scoreFirm)
	switch {
	case i-start == 4 && n <= 2:
		ok = year(a) && day(a, b, c)
	case i-start <= 2 && n == 4:
		ok = year(c) && (day(c, b, a) || sep != '.' && day(c, a, b))
	case i-start <= 2 && n == 2 && sep == '/':
		ok = day(2000+c, b, a) || day(2000+c, a, b)
	case i-start == 2 && j-i == 3 && n == 2: // 08.12.65, 65-12-08: three pairs are much else
		score = scoreShape
		ok = day(2000+c, b, a) || sep == '-' && (day(2000+c, a, b) || day(2000+a, b, c))
	}
	if ok {
		l.day(start, end, score)
	}
	return ok
}

// eastDay looks at a year that ends at end for the month and the day of Chinese, Japanese and Korean behind
// it: 2019年7月20日, 2019년 7월 20일.
func (l *line) eastDay(start, end int) bool {
	y, i := l.digits(start, 4)
	if i != end || !year(y) {
		return false
	}
	var parts [2]int
	for n, signs := range [...][2]string{{"年", "년"}, {"月", "월"}} {
		if i = l.behind(i, signs); i < 0 {
			return false
		}
		for i < len(l.text) && l.text[i] == ' ' {
			i++
		}
		from := i
		if parts[n], i = l.digits(i, 2); i == from {
			return false
		}
	}
	if i = l.behind(i, [2]string{"日", "일"}); i < 0 || !day(y, parts[0], parts[1]) {
		return false
	}
	l.day(start, i, scoreFirm)
	return true
}

// behind is where one of signs ends that begins at i, -1 where none does.
func (l *line) behind(i int, signs [2]string) int {
	for _, s := range signs {
		if len(l.text)-i >= len(s) && string(l.text[i:i+len(s)]) == s {
			return i + len(s)
		}
	}
	return -1
}

// compactDay looks at eight digits as a day, which a word must say they are: 19870305.
func (l *line) compactDay(start int) bool {
	n, end := l.digits(start, 9)
	if end-start != 8 || !l.births(start) || !year(n/10000) || !day(n/10000, n/100%100, n%100) {
		return false
	}
	l.day(start, end, scoreFirm)
	return true
}

func year(y int) bool { return y >= 1850 && y <= 2150 }

func (l *line) day(start, end int, score float32) {
	c := l.s.own.date
	if l.births(start) {
		c = l.s.own.birth
	}
	l.add(c, start, end, score)
	l.done = max(l.done, end)
}

// month looks around the name of a month for a day and a year: "March 5, 1987", "5th of March 1987",
// "5-Mar-1987", "5. März 1987", "5 de marzo de 1987", "March 1987".
func (l *line) month(m, start, end int) {
	text := l.text
	d, from := l.dayBefore(start)
	i := end
	if i < len(text) && text[i] == '.' {
		i++
	}
	if i < len(text) && (text[i] == ' ' || text[i] == '-' || text[i] == '/' || text[i] == ',') {
		i++
	}
	if d == 0 {
		n, j := l.digits(i, 4)
		switch {
		case j == i:
			return
		case j-i == 4: // a month and its year
			if year(n) && end-start > 3 && text[end] == ' ' && (j == len(text) || kinds[text[j]] == other && text[j] != '-') {
				l.day(start, j, scoreFirm)
			}
			return
		case j-i > 2:
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
	} else {
		for _, of := range [...]string{" ", "de ", "del "} {
			if strings.HasPrefix(string(text[i:min(len(text), i+len(of))]), of) {
				i += len(of)
			}
		}
	}
	short := d > 0 && end-start <= 4 && end < len(text) && text[end] == '-'
	if i < len(text) && text[i] == '\'' { // 17 May '68
		i, short = i+1, d > 0
	}
	y, j := l.digits(i, 4)
	if j-i == 2 && short { // 5-Mar-87
		y += 1900
	} else if j-i != 4 {
		return
	}
	if year(y) && day(y, m, d) && (j == len(text) || kinds[text[j]] != digit) {
		l.day(from, j, scoreFirm)
	}
}

// dayBefore is the day of the month that stands before the name of one at start, and where it begins;
// 0 for none.
func (l *line) dayBefore(start int) (d, from int) {
	text := l.text
	i := start - 1
	for _, of := range [...]string{" of", " de", " den"} {
		if i >= len(of) && text[i] == ' ' && string(text[i-len(of):i]) == of {
			i -= len(of)
			break
		}
	}
	if i <= 0 || text[i] != ' ' && text[i] != '-' && text[i] != '/' {
		return 0, start
	}
	j := i
	switch { // 5th, 1er, 5.
	case text[j-1] == '.':
		j--
	case j > 2 && kinds[text[j-1]] == lower:
		j -= 2
	}
	k := j
	for k > 0 && j-k < 2 && kinds[text[k-1]] == digit {
		k--
	}
	if k < j && (k == 0 || kinds[text[k-1]] == other && text[k-1] != '.' && text[k-1] != ',') {
		return number(text[k:j]), k
	}
	return 0, start
}
