package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime/quotedprintable"
	"unicode"
	"unicode/utf8"
)

// Other spellings of a text: encodings, escapes, forms of letters and digits.

// text64 gives the text that value is in base64, and in which alphabet; nil for what is
// none.
func text64(value []byte) (*base64.Encoding, []byte) {
	if len(value) < least64 {
		return nil, nil
	}
	breaks := 0
	for _, c := range value {
		switch {
		case c == '\r' || c == '\n': // the decoder passes over them
			breaks++
		case !alphanumeric(c) && bytes.IndexByte([]byte("+/-_="), c) < 0:
			return nil, nil
		}
	}
	enc := base64.StdEncoding
	if bytes.ContainsAny(value, "-_") {
		enc = base64.URLEncoding
	}
	if (len(value)-breaks)%4 != 0 {
		enc = enc.WithPadding(base64.NoPadding)
	}
	plain, err := enc.AppendDecode(nil, value)
	if err != nil || !utf8.Valid(plain) || bytes.ContainsFunc(plain, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
		return nil, nil
	}
	return enc, plain
}

// text16 gives the text whose bytes value writes in hexadecimal digits; nil for what is none.
func text16(value []byte) []byte {
	if len(value) < 2*least64 || len(value)%2 != 0 {
		return nil
	}
	plain := make([]byte, len(value)/2)
	if _, err := hex.Decode(plain, value); err != nil {
		return nil
	}
	for _, c := range plain {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f {
			return nil
		}
	}
	return plain
}

// script undoes the escapes of programs in a text, \x40 and \u0040; nil where there is none.
func script(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return nil
	}
	var out []byte
	at := 0
	for i := 0; i+3 < len(value); i++ {
		digits := 0
		if value[i] == '\\' && value[i+1] == 'x' {
			digits = 2
		} else if value[i] == '\\' && value[i+1] == 'u' {
			digits = 4
		}
		if digits == 0 || i+2+digits > len(value) {
			continue
		}
		r := rune(0)
		for _, c := range value[i+2 : i+2+digits] {
			n := nibble(c)
			if n < 0 {
				r = -1
				break
			}
			r = r<<4 | rune(n)
		}
		if r < ' ' {
			continue
		}
		out = utf8.AppendRune(append(out, value[at:i]...), r)
		i += 1 + digits
		at = i + 1
	}
	if out == nil {
		return nil
	}
	return append(out, value[at:]...)
}

// printable undoes quoted-printable where its escapes show: an "=40" for an at, or a line that goes on;
// nil for another text, in which an equals sign before two digits is one.
func printable(value []byte) []byte {
	if !bytes.Contains(value, []byte("=40")) && !bytes.Contains(value, []byte("=\r\n")) && !bytes.Contains(value, []byte("=\n")) {
		return nil
	}
	plain, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(value)))
	if err != nil || bytes.Equal(plain, value) {
		return nil
	}
	return plain
}

// narrow writes wide forms of ASCII and blanks that are none of it as ASCII, and leaves
// out what has no width; nil where there is nothing of it.
func narrow(value []byte) []byte {
	if !bytes.ContainsFunc(value, func(r rune) bool { return r >= 0x80 && ascii(r) != r }) {
		return nil
	}
	return bytes.Map(ascii, value)
}

func ascii(r rune) rune {
	switch {
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xfee0
	case r == 0xad, r >= 0x200b && r <= 0x200d, r == 0x2060, r == 0xfeff:
		return -1
	case r > 0x80 && unicode.Is(unicode.Zs, r):
		return ' '
	case r == 0x2010, r == 0x2011, r == 0x2212:
		return '-'
	case unicode.IsDigit(r):
		return '0' + decimal(r)
	}
	return r
}

// decimal is the value of a digit of any script: they stand in rows of ten.
func decimal(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}
