package content

import "encoding/binary"

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// ascii says whether b has no byte above 0x7f, eight bytes at a time.
func ascii(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&highs != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// textType is the type that the text of v shows. "null" stays a string: text has
// no null.
func textType(v []byte) Type {
	if len(v) == 0 || len(v) > 40 {
		return String
	}
	switch c := v[0]; {
	case c == 't' || c == 'f':
		if string(v) == "true" || string(v) == "false" {
			return Boolean
		}
	case c == '-' || '0' <= c && c <= '9':
		if t, ok := numberType(v); ok {
			return t
		}
		if integer(v) { // leading zeros: an integer in text, none in JSON
			return Integer
		}
	}
	return String
}

func integer(v []byte) bool {
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	for _, c := range v {
		if c-'0' > 9 {
			return false
		}
	}
	return len(v) > 0
}

// numberType checks v against the grammar of JSON numbers.
func numberType(v []byte) (t Type, ok bool) {
	i, t := 0, Integer
	digits := func() bool {
		start := i
		for i < len(v) && v[i]-'0' <= 9 {
			i++
		}
		return i > start
	}
	if i < len(v) && v[i] == '-' {
		i++
	}
	if i < len(v) && v[i] == '0' {
		i++
	} else if !digits() {
		return Number, false
	}
	if i < len(v) && v[i] == '.' {
		i++
		t = Number
		if !digits() {
			return Number, false
		}
	}
	if i < len(v) && v[i]|0x20 == 'e' {
		i++
		t = Number
		if i < len(v) && (v[i] == '+' || v[i] == '-') {
			i++
		}
		if !digits() {
			return Number, false
		}
	}
	return t, i == len(v)
}
