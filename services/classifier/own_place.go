package classifier

import "bytes"

// addressed says whether v has a space, and none of the signs that lines of programs have.
func addressed(v []byte) bool {
	spaces := 0
	for _, c := range v {
		switch c {
		case ' ':
			spaces++
		case ';', '=', '(', '{', '<', '@', '|':
			return false
		}
	}
	return spaces > 0 && len(v) > 5
}

// checkAddress looks for a house number in front of a name, or beside a word of streets.
func checkAddress(v []byte, _ int64) verdict {
	if len(v) < 5 || len(v) > maxPersonal {
		return silent
	}
	letter, digit := letters(v)
	switch {
	case !letter:
		return silent
	case !digit:
		return failed
	}
	if houseNumber(v) {
		return passed
	}
	var room [maxPersonal]byte
	low := room[:0]
	for _, c := range v {
		if c-'A' <= 25 {
			c |= 0x20
		}
		low = append(low, c)
	}
	if bytes.HasPrefix(low, []byte("po box ")) || bytes.HasPrefix(low, []byte("p.o. box ")) || bytes.HasPrefix(low, []byte("postfach ")) {
		return passed
	}
	words := 0
	for rest := low; len(rest) > 0; {
		var w []byte
		n := bytes.IndexAny(rest, " ,")
		if n < 0 {
			w, rest = rest, nil
		} else {
			w, rest = rest[:n], rest[n+1:]
		}
		w = bytes.TrimRight(w, ".")
		words++
		if streetWords[string(w)] && (words > 1 || len(rest) > 0) {
			return passed
		}
		for _, end := range streetEnds {
			if len(w) > len(end)+2 && bytes.HasSuffix(w, []byte(end)) {
				return passed
			}
		}
	}
	return failed
}

// houseNumber says whether v begins with a number of up to five digits and a word with a
// capital.
func houseNumber(v []byte) bool {
	i := 0
	for i < len(v) && v[i]-'0' <= 9 {
		i++
	}
	if i == 0 || i > 5 || i+4 > len(v) || v[i] != ' ' || v[i+1]-'A' > 25 {
		return false
	}
	for _, c := range v[i+2 : i+4] {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func checkPostalCode(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	_, digit := letters(v)
	if len(v) < 3 || len(v) > 10 || !digit {
		return failed
	}
	for _, c := range v {
		if c-'0' > 9 && (c|0x20 < 'a' || c|0x20 > 'z') && c != ' ' && c != '-' {
			return failed
		}
	}
	return passed
}

// checkCoordinate takes degrees with at least three decimals: one, or two with a comma.
func checkCoordinate(v []byte, _ int64) verdict {
	if len(v) == 0 {
		return silent
	}
	one, other, pair := bytes.Cut(v, []byte{','})
	if degrees(one) && (!pair || degrees(bytes.TrimLeft(other, " "))) {
		return passed
	}
	return failed
}

func degrees(v []byte) bool {
	v = bytes.TrimPrefix(v, []byte{'-'})
	whole, part, _ := bytes.Cut(v, []byte{'.'})
	if len(whole) == 0 || len(whole) > 3 || len(part) < 3 || len(part) > 17 {
		return false
	}
	n := 0
	for _, c := range whole {
		if c-'0' > 9 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	for _, c := range part {
		if c-'0' > 9 {
			return false
		}
	}
	return n <= 180
}
