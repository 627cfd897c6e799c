package classifier

import (
	"bytes"
	"time"
)

// Ages that a date of birth gives, in years.
const youngest, oldest = 14, 105

// checkBirth says of a date how far it lies before now.
func checkBirth(v []byte, now int64) verdict {
	year, ok := yearOf(v)
	if !ok {
		return silent
	}
	if age := time.Unix(0, now).UTC().Year() - year; age >= youngest && age <= oldest {
		return passed
	}
	return failed
}

// yearOf reads a day: 1987-03-05, 05.03.1987, 3/5/1987, 19870305, with a time behind it that is
// midnight.
func yearOf(v []byte) (year int, ok bool) {
	if i := bytes.IndexByte(v, 'T'); i == 10 {
		if !bytes.HasPrefix(v[i:], []byte("T00:00")) {
			return 0, false
		}
		v = v[:i]
	}
	if len(v) < 8 || len(v) > 10 {
		return 0, false
	}
	var n [3]int
	var size [3]int
	part := 0
	for i, c := range v {
		switch {
		case c-'0' <= 9:
			n[part], size[part] = n[part]*10+int(c-'0'), size[part]+1
		case (c == '-' || c == '/' || c == '.') && part < 2 && size[part] > 0 && i+1 < len(v):
			part++
		default:
			return 0, false
		}
	}
	switch {
	case part == 0 && len(v) == 8:
		n = [3]int{n[0] / 10000, n[0] / 100 % 100, n[0] % 100}
	case part == 2 && size[0] == 4 && size[1] <= 2 && size[2] <= 2:
	case part == 2 && size[2] == 4 && size[0] <= 2 && size[1] <= 2:
		if n = [3]int{n[2], n[1], n[0]}; n[1] > 12 {
			n[1], n[2] = n[2], n[1]
		}
	default:
		return 0, false
	}
	return n[0], n[0] >= 1900 && n[0] < 2100 && n[1] >= 1 && n[1] <= 12 && n[2] >= 1 && n[2] <= 31
}
