package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"html"
	"io"
	"mime/quotedprintable"
	"unicode"
	"unicode/utf8"

	"github.com/miradorhq/mirador/pkg/capture/redact"
)

const (
	maxWithin = 3  // documents and encodings that are opened one within another
	least64   = 12 // characters of base64 that are opened
)

// within masks what a value holds under another syntax or encoding: a document, so that
// the names in it count; base64; hexadecimal digits; entities; escapes of programs and of mail; other forms of letters and digits; percent escapes. false where there is nothing to mask,
// and the value is looked at as it stands.
func (p *Masker) within(name, value []byte) ([]byte, bool) {
	if p.depth == maxWithin {
		return nil, false
	}
	p.depth++
	defer func() { p.depth-- }()
	if kind := document(value); kind != "" {
		if out, _ := redact.Values(value, kind, p.masking); !bytes.Equal(out, value) {
			return out, true
		}
	}
	if enc, plain := text64(value); enc != nil {
		if masked, ok := p.masked(name, plain); ok {
			return enc.AppendEncode(nil, masked), true
		}
	}
	if plain := text16(value); plain != nil {
		if masked, ok := p.masked(name, plain); ok {
			return hex.AppendEncode(nil, masked), true
		}
	}
	if amp := bytes.IndexByte(value, '&'); amp >= 0 && bytes.IndexByte(value[amp:], ';') > 0 {
		if plain := html.UnescapeString(string(value)); plain != string(value) {
			if masked, ok := p.masked(name, []byte(plain)); ok {
				return []byte(html.EscapeString(string(masked))), true
			}
		}
	}
	for _, undo := range [...]func([]byte) []byte{script, printable} {
		if plain := undo(value); plain != nil {
			if masked, ok := p.masked(name, plain); ok {
				return bytes.Clone(masked), true
			}
		}
	}
	if plain := narrow(value); plain != nil {
		if masked, ok := p.masked(name, plain); ok {
			return bytes.Clone(masked), true
		}
	}
	if plain := unescaped(value); len(plain) < len(value) {
		if masked, ok := p.masked(name, plain); ok {
			return escapedLike(nil, masked, value), true
		}
	}
	return nil, false
}

// masking is masked as a redact.Visitor.
func (p *Masker) masking(name, value []byte, _ bool) ([]byte, bool) { return p.masked(name, value) }

// document is the content type as which a value is opened; empty where it is a text.
func document(value []byte) string {
	v := bytes.TrimSpace(value)
	if len(v) < 4 {
		return ""
	}
	switch {
	case (v[0] == '{' || v[0] == '[') && bytes.IndexByte(v, ':') > 0:
		return "application/json"
	case v[0] == '<' && bytes.IndexByte(v, '>') > 0:
		return "text/xml"
	}
	for _, word := range [...]string{"query", "mutation", "subscription", "fragment"} {
		if bytes.HasPrefix(v, []byte(word)) && bytes.IndexByte(v, '{') > 0 {
			return "application/json" // names, colons and quoted values stand there as well
		}
	}
	return ""
}

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

// unescaped undoes percent escapes, leniently, and leaves a plus as it is.
func unescaped(in []byte) []byte {
	if bytes.IndexByte(in, '%') < 0 {
		return in
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] == '%' && i+2 < len(in) && nibble(in[i+1]) >= 0 && nibble(in[i+2]) >= 0 {
			out = append(out, byte(nibble(in[i+1])<<4|nibble(in[i+2])))
			i += 2
		} else {
			out = append(out, in[i])
		}
	}
	return out
}

// escapedLike appends text with percent escapes. What stood in raw without one stands
// so again, so that a list stays a list, and a parameter one.
func escapedLike(dst, text, raw []byte) []byte {
	var plain [256]bool
	for _, c := range raw {
		plain[c] = true
	}
	const hex = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case alphanumeric(c), c == '-', c == '.', c == '_', c == '~', c != '%' && plain[c]:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// blurred bounds the end of a truncated body that is made unreadable.
const blurred = 64

// blurEnd makes letters and digits of what may be the half of a value unreadable: the
// last characters, back to one that stands in no card, number or address of mail.
func blurEnd(data []byte) []byte {
	at := len(data)
	for at > 0 && len(data)-at < blurred && (word(data[at-1]) || bytes.IndexByte([]byte(" .+-@_/()%\\"), data[at-1]) >= 0) {
		at--
	}
	out := append(make([]byte, 0, len(data)), data...)
	for i := at; i < len(out); i++ {
		switch c := out[i]; {
		case c == '\\':
			i++ // the letter of an escape
		case c >= '0' && c <= '9':
			out[i] = '0'
		case word(c):
			out[i] = 'x'
		}
	}
	return out
}
