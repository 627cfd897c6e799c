package catalog

import (
	"bytes"
	"net/netip"
)

// isVersion is v1, v2.1, v1beta1: a name that developers gave, not a value.
func isVersion(s []byte) bool {
	if len(s) < 2 || len(s) > 16 || s[0]|0x20 != 'v' || !isDigit(s[1]) {
		return false
	}
	rest := bytes.TrimLeft(s[1:], "0123456789.")
	for _, word := range [...]string{"alpha", "beta", "rc", "p"} {
		if len(rest) >= len(word) && string(rest[:len(word)]) == word {
			rest = bytes.TrimLeft(rest[len(word):], "0123456789")
			break
		}
	}
	return len(rest) == 0
}

// isUUID is the form 8-4-4-4-12 in hex of either case, with or without braces
// of any version: many issuers set no version.
func isUUID(s []byte) bool {
	if len(s) != 36 {
		return false
	}
	for i, b := range s {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if b != '-' {
				return false
			}
		} else if !isHex(b) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }

// isDate is YYYY-MM, YYYY-MM-DD, and the latter with a time as in RFC 3339 or
// without seconds or zone. Eight digits in a row are an int.
func isDate(s []byte) bool {
	if len(s) < 7 || !digits(s[:4]) || s[4] != '-' || !within(s[5:7], 1, 12) || s[0] != '1' && s[0] != '2' {
		return false
	}
	if len(s) == 7 {
		return true
	}
	if len(s) < 10 || s[7] != '-' || !within(s[8:10], 1, 31) {
		return false
	}
	rest := s[10:]
	if len(rest) == 0 {
		return true
	}
	if rest[0]|0x20 != 't' && rest[0] != '_' || len(rest) < 3 {
		return false
	}
	for _, b := range rest[1:] {
		if !isDigit(b) && b != ':' && b != '.' && b != '-' && b != '+' && b|0x20 != 'z' {
			return false
		}
	}
	return within(rest[1:3], 0, 24)
}

func digits(s []byte) bool {
	for _, b := range s {
		if !isDigit(b) {
			return false
		}
	}
	return len(s) > 0
}

// within says whether two digits are a number between low and high.
func within(s []byte, low, high int) bool {
	if !isDigit(s[0]) || !isDigit(s[1]) {
		return false
	}
	n := int(s[0]-'0')*10 + int(s[1]-'0')
	return n >= low && n <= high
}

// isEmail asks for a local part, a domain with a dot, and letters at its end.
// "@scope/package" and "user@local" are none, and in "jane@example.com.json" there is one.
func isEmail(s []byte) bool {
	at := bytes.IndexByte(s, '@')
	dot := bytes.LastIndexByte(s, '.')
	if at < 1 || dot < at+2 || len(s)-dot < 3 {
		return false
	}
	if end := s[dot+1:]; extensions[string(end)] && !domains[string(end)] {
		return false
	}
	for _, b := range s[dot+1:] {
		if !isLetter(b) {
			return false
		}
	}
	for _, b := range s[at+1 : dot] {
		if !isLetter(b) && !isDigit(b) && b != '-' && b != '.' {
			return false
		}
	}
	return true
}

// isDecimal is a number with a point and three or more places, as coordinates
// have. With fewer it may be a version, and stays literal.
func isDecimal(s []byte) bool {
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	dot := bytes.IndexByte(s, '.')
	return dot > 0 && len(s)-dot > 3 && digits(s[:dot]) && digits(s[dot+1:])
}

func isIP(s []byte) bool {
	if len(s) < 6 || len(s) > 45 {
		return false
	}
	// The conversion does not allocate for so short a string.
	_, err := netip.ParseAddr(string(s))
	return err == nil
}

// isToken is a JWT: three parts of base64url, the first of which starts a JSON
// object.
func isToken(s []byte) bool {
	return len(s) > 20 && string(s[:3]) == "eyJ"
}

// isULID is 26 characters of Crockford's base32 in upper case, of which the
// first is at most 7. Three digits keep words out.
func isULID(s []byte) bool {
	if s[0] > '7' || !isDigit(s[0]) {
		return false
	}
	n := 0
	for _, b := range s {
		switch {
		case isDigit(b):
			n++
		case b < 'A' || b > 'Z' || b == 'I' || b == 'L' || b == 'O' || b == 'U':
			return false
		}
	}
	return n >= 3
}

// isIBAN goes by shape, not by check digits: a path with a mistyped account is
// the same endpoint. Country, two check digits, then 11 to 30 characters of
// which eight or more are digits.
func isIBAN(s []byte, c *shape) bool {
	return len(s) >= 15 && len(s) <= 34 && c.lower == 0 && c.digits >= 10 &&
		s[0] >= 'A' && s[1] >= 'A' && isDigit(s[2]) && isDigit(s[3])
}
