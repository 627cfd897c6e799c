package content

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// plain reads a string that has nothing but ASCII without escapes; of anything else
// it reads nothing.
func (p *jsonParser) plain() (raw []byte, ok bool) {
	b, i := p.b, p.i
	if i >= len(b) || b[i] != '"' {
		return nil, false
	}
	i++
	start := i
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		// The lowest bit set marks the first quote, backslash, control character or
		// byte above 0x7f; what a borrow sets above it does not matter.
		if m := ((x ^ (ones * '"') - ones) | (x ^ (ones * '\\') - ones) | (x - ones*0x20) | x) & highs; m != 0 {
			if i += bits.TrailingZeros64(m) >> 3; b[i] != '"' {
				return nil, false
			}
			p.i = i + 1
			return b[start:i:i], true
		}
		i += 8
	}
	return nil, false
}

// text reads a string whose opening quote was passed. raw is without quotes;
// closed is false where the input ends before the string does.
func (p *jsonParser) text(at int32) (raw, value []byte, closed bool) {
	b, i := p.b, p.i
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		q, s := x^ones*'"', x^ones*'\\'
		// The lowest bit set marks the first quote, backslash, control character or
		// byte above 0x7f.
		if m := ((q-ones)&^q | (s-ones)&^s | (x-ones*0x20)&^x | x) & highs; m != 0 {
			i += bits.TrailingZeros64(m) >> 3
			break
		}
		i += 8
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 && b[i] < 0x80 {
		i++
	}
	if i < len(b) && b[i] == '"' {
		raw = b[p.i:i:i]
		p.i = i + 1
		return raw, raw, true
	}
	return p.hardText(at, i)
}

// hardText goes on where text met something other than plain ASCII, at i.
func (p *jsonParser) hardText(at int32, i int) (raw, value []byte, closed bool) {
	b, start, escaped, control := p.b, p.i, false, false
	for ; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			escaped = true
			i++
		} else if b[i] < 0x20 {
			control = true
		}
	}
	i = min(i, len(b))
	raw, p.i = b[start:i:i], i
	if i < len(b) {
		closed = true
		p.i++
	}
	if control {
		p.bad(at)
	}
	value, valid := raw, true
	if escaped {
		value, valid = p.unescape(raw, at)
	}
	if valid && !ascii(raw) {
		valid = utf8.Valid(raw)
	}
	if !valid && closed { // a cut string may end within a character
		p.d.issue(BadUTF8, p.l, at)
	}
	return raw, value, closed
}

// unescape decodes the escapes of raw; valid is false where they make no text.
func (p *jsonParser) unescape(raw []byte, at int32) (value []byte, valid bool) {
	d, start := p.d, len(p.d.scratch)
	valid = true
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' || i+1 == len(raw) {
			d.scratch = append(d.scratch, c)
			continue
		}
		i++
		switch c = raw[i]; c {
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
			r := hex4(raw[i+1:])
			if r < 0 {
				p.bad(at)
				d.scratch = append(d.scratch, '\\', 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				second := rune(-1)
				if i+2 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
					second = hex4(raw[i+3:])
				}
				if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
					valid = false
				} else {
					i += 6
				}
			}
			d.scratch = utf8.AppendRune(d.scratch, r)
			continue
		default:
			p.bad(at)
			d.scratch = append(d.scratch, '\\')
		}
		d.scratch = append(d.scratch, c)
	}
	return d.scratch[start:len(d.scratch):len(d.scratch)], valid
}

// hex4 is the value of the four hexadecimal digits that b starts with, or -1.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	r := rune(0)
	for _, c := range b[:4] {
		h := hexDigit[c]
		if h < 0 {
			return -1
		}
		r = r<<4 | rune(h)
	}
	return r
}
