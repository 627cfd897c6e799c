package classifier

// maxGroups is how many groups of digits one number may be written in.
const maxGroups = 5

// number reads digits in groups joined by single blanks or dashes from start and
// appends a card number or a social security number.
func number(v []byte, start, end int, to *[]match) int {
	var digits [20]byte
	var groups [maxGroups]int
	n, g, i, last := 0, 0, start, start
	for {
		from := i
		for i < len(v) && v[i]-'0' <= 9 {
			if n < len(digits) {
				digits[n] = v[i]
				n++
			}
			i++
		}
		if g < maxGroups {
			groups[g] = i - from
		}
		g++
		last = i
		if i+1 < len(v) && (v[i] == ' ' || v[i] == '-') && v[i+1]-'0' <= 9 && g < maxGroups {
			i++
			continue
		}
		break
	}
	if last < len(v) && classes[v[last]]&^(dot|dash) != 0 ||
		last+1 < len(v) && v[last] == '.' && classes[v[last+1]] != 0 {
		return end // "12ab", "3.14": part of something else
	}
	d := digits[:min(n, len(digits))]
	switch {
	case n >= 13 && n <= 19 && cardGroups(groups[:min(g, maxGroups)]):
		*to = append(*to, match{typ: PAN, pass: validPAN(d), weak: !issued(d), start: start, end: last})
		return last
	case n == 9 && (g == 1 || g == 3 && groups[0] == 3 && groups[1] == 2):
		*to = append(*to, match{typ: SSN, pass: validSSN(d), start: start, end: last})
		return last
	}
	return end
}

// cardGroups says whether card numbers are written in such groups.
func cardGroups(g []int) bool {
	switch len(g) {
	case 1:
		return true
	case 3:
		return g[0] == 4 && g[1] == 6 && g[2] >= 4 && g[2] <= 5
	case 4, 5:
		for _, n := range g[:3] {
			if n != 4 {
				return false
			}
		}
		return g[3] >= 1 && g[3] <= 4
	}
	return false
}
