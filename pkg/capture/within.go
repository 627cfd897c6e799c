package capture

import (
	"bytes"
	"encoding/hex"
	"html"

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
