package transform

import "encoding/base64"

func base64Encode(a *Arena, s string) string {
	return a.Keep(base64.StdEncoding.AppendEncode(a.Take(base64.StdEncoding.EncodedLen(len(s))), bytesOf(s)))
}

const (
	sextetNone  = 0xFF // no letter of the alphabet
	sextetEnd   = 0xFE // ends the text
	sextetBlank = 0xFD // passed over
)

func sextets(blank, end, dash string) (t [256]byte) {
	for i := range t {
		t[i] = sextetNone
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(letters) {
		t[letters[i]] = byte(i)
	}
	for i := range len(dash) {
		t[dash[i]] = byte(62 + i)
	}
	for i := range len(end) {
		t[end[i]] = sextetEnd
	}
	for i := range len(blank) {
		t[blank[i]] = sextetBlank
	}
	return t
}

var (
	strictSextets = sextets("\r\n", "= ", "")
	// The forgiving one reads the alphabet of URLs as well and passes over all that is
	// in neither; only padding ends it.
	forgivingSextets = sextets("", "=", "-_")
)

// base64Decode returns what stands before the first byte that is not base64.
func base64Decode(a *Arena, s string) string { return sextetsDecode(a, s, &strictSextets, true) }

func base64DecodeExt(a *Arena, s string) string {
	return sextetsDecode(a, s, &forgivingSextets, false)
}

func sextetsDecode(a *Arena, s string, table *[256]byte, strict bool) string {
	out := a.Take(len(s)/4*3 + 3)
	var x uint32
	n := 0
scan:
	for i := range len(s) {
		v := table[s[i]]
		switch {
		case v < 64:
		case v == sextetEnd, v == sextetNone && strict:
			break scan
		default:
			continue
		}
		x = x<<6 | uint32(v)
		if n++; n == 4 {
			out = append(out, byte(x>>16), byte(x>>8), byte(x))
			x, n = 0, 0
		}
	}
	// What is left over counts as far as it makes whole bytes.
	switch n {
	case 2:
		out = append(out, byte(x>>4))
	case 3:
		out = append(out, byte(x>>10), byte(x>>2))
	}
	return a.Keep(out)
}
