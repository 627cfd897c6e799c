package transaction

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// text reads the string that starts here.
func (f *flattener) text() (string, bool) {
	b, i := f.b, f.i+1
	start := i
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		q, s := x^ones*'"', x^ones*'\\'
		// The lowest bit set marks the first quote, backslash or control character.
		if m := ((q-ones)&^q | (s-ones)&^s | (x-ones*' ')&^x) & highs; m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			break
		}
		i += 8
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	switch {
	case i == len(b) || b[i] < ' ':
		return "", false
	case b[i] == '"':
		f.i = i + 1
		return view(b[start:i]), true
	}
	return f.escaped(start, i)
}

// escaped reads a string that has its first backslash at i.
func (f *flattener) escaped(start, i int) (string, bool) {
	b, end := f.b, i
	for end < len(b) && b[end] != '"' {
		if b[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(b) {
		return "", false
	}
	a := &f.t.arena
	a.reserve(end - start) // no escape is longer than what it is written as
	mark := len(a.block)
	out := append(a.block, b[start:i]...)
	for i < end {
		c := b[i]
		if c < ' ' {
			return "", false
		}
		i++
		if c != '\\' {
			out = append(out, c)
			continue
		}
		c = b[i]
		i++
		switch c {
		case '"', '\\', '/':
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r, ok := hex4(b[i:end])
			if !ok {
				return "", false
			}
			i += 4
			if utf16.IsSurrogate(r) && i+6 <= end && b[i] == '\\' && b[i+1] == 'u' {
				// Only a whole pair makes one character. What is no escape at all is met
				// again when its turn comes.
				if second, ok := hex4(b[i+2 : end]); ok && utf16.DecodeRune(r, second) != utf8.RuneError {
					r = utf16.DecodeRune(r, second)
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		default:
			return "", false
		}
		out = append(out, c)
	}
	a.block = out
	f.i = end + 1
	return a.since(mark), true
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		d := digit(c)
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}
