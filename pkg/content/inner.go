package content

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// inner is a value that may hold others.
type inner struct {
	value    []byte
	at       int32 // its node
	leaf     int32 // leaves there were when it had been added
	location Location
	depth    uint8
	cut      bool // the body ended within it
}

// minInner is the shortest value that is looked into: less than {"a":1} or four
// characters of base64 says nothing that the value itself does not.
const minInner = 6

// What a value may hold, by its first byte. holds is asked of every string of every
// message, so what it rules out must be most of them.
const (
	nothing = iota
	container
	escape
	letters
)

var holds = func() (t [256]uint8) {
	for _, c := range []byte("{[ \t\r\n") {
		t[c] = container
	}
	t['%'] = escape
	// The first character of base64 has the upper six bits of the first byte; these
	// are the ones that printable ASCII has.
	for c := byte(' '); c < 0x7f; c++ {
		t[base64Alphabet[c>>2]] = letters
	}
	return t
}()

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// sextet is the value of a character of base64 in either alphabet, 0xff for others.
var sextet = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range len(base64Alphabet) {
		t[base64Alphabet[i]] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// sampled is how many characters of base64 must decode to printable ASCII before
// a value is taken for it. A random value passes once in 10^5.
const sampled = 16

// promising says whether it is worth to try and open v. A word of sixteen letters
// hardly ever passes, nor does an id or a hash.
func promising(v []byte) bool {
	switch holds[v[0]] {
	case container:
		return looksJSON(bytes.TrimLeft(v, " \t\r\n"))
	case escape:
		return v[1] == '7' && v[2]|0x20 == 'b' || v[1] == '5' && v[2]|0x20 == 'b'
	}
	if len(v) < sampled {
		return false
	}
	for i := 0; i < sampled; i += 4 {
		a, b, c, d := sextet[v[i]], sextet[v[i+1]], sextet[v[i+2]], sextet[v[i+3]]
		if (a|b|c|d)&0xc0 != 0 {
			return false
		}
		if !printable(a<<2|b>>4) || !printable(b<<4|c>>2) || !printable(c<<6|d) {
			return false
		}
	}
	return true
}

func printable(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\n' || c == '\t' || c == '\r'
}

// openValues opens the values that were noted, in the order of the message, and
// those that come to light; deeper ones later. Their leaves go to Nested.
func (d *Document) openValues() {
	if len(d.inner) == 0 {
		return
	}
	was := d.enter()
	for i := 0; i < len(d.inner) && d.budget > 0; i++ {
		v := d.inner[i]
		if int(v.depth) >= d.limits.Nesting {
			d.issue(NestingLimit, v.location, v.at)
			continue
		}
		d.depth = v.depth + 1
		d.open(&v)
	}
	d.leave(was)
}

// markCut says of the last leaf, where it may hold others, that it was cut.
func (d *Document) markCut(cut bool) {
	if n := len(d.inner); cut && n > 0 && int(d.inner[n-1].leaf) == len(d.Leaves) {
		d.inner[n-1].cut = true
	}
}

// enter makes Nested the place where leaves go, with a budget of their own. leave
// goes back.
func (d *Document) enter() (budget int) {
	d.Leaves, d.Nested = d.Nested, d.Leaves
	budget, d.budget = d.budget, d.limits.NestedLeaves-len(d.Leaves)
	return budget
}

func (d *Document) leave(budget int) {
	d.Leaves, d.Nested = d.Nested, d.Leaves
	d.budget, d.via, d.depth = budget, Direct, 0
}

func (d *Document) open(v *inner) {
	switch l := v.location; holds[v.value[0]] {
	case container:
		d.via = FromJSON
		d.tryJSON(v.value, d.child(v.at, []byte("{json}"), l, 0), l, v.cut)
	case escape:
		d.via = FromPercent
		if text, ok := d.percent(v.value, false); ok && looksJSON(text) {
			d.leaf(l, d.child(v.at, []byte("{percent}"), l, 0), text, v.value, String)
		}
	default:
		if d.openToken(v) {
			return
		}
		d.via = FromBase64
		if text, ok := d.base64Text(v.value, v.cut); ok {
			d.leaf(l, d.child(v.at, []byte("{base64}"), l, 0), text, v.value, textType(text))
			d.markCut(v.cut)
		}
	}
}

// openToken opens a JSON Web Token: three parts, of which the last is a signature
// and may be empty, or the five of an encrypted one, whose header alone can be
// read.
func (d *Document) openToken(v *inner) bool {
	header, rest, ok := bytes.Cut(v.value, []byte{'.'})
	if !ok || !bytes.HasPrefix(header, []byte("ey")) {
		return false
	}
	payload, _, ok := bytes.Cut(rest, []byte{'.'})
	if !ok && !v.cut {
		return false
	}
	text, ok := d.base64Text(header, false)
	if !ok || !looksJSON(text) {
		return false
	}
	d.via = FromJWT
	at := d.child(v.at, []byte("{jwt}"), v.location, 0)
	if !d.tryJSON(text, d.child(at, []byte("header"), v.location, 0), v.location, false) {
		return false
	}
	if text, ok = d.base64Text(payload, v.cut); ok && looksJSON(text) {
		d.tryJSON(text, d.child(at, []byte("payload"), v.location, 0), v.location, v.cut)
	}
	return true
}

// base64Text decodes b where it is base64 of text.
func (d *Document) base64Text(b []byte, cut bool) ([]byte, bool) {
	b = bytes.TrimRight(b, "=")
	if cut {
		b = b[:len(b)&^3]
	}
	encoding := base64.RawStdEncoding
	if bytes.ContainsAny(b, "-_") {
		encoding = base64.RawURLEncoding
	}
	start := len(d.scratch)
	text, err := encoding.AppendDecode(d.scratch, b)
	if err != nil {
		return nil, false
	}
	d.scratch = text
	text = text[start:len(text):len(text)]
	if cut {
		text = wholeRunes(text)
	}
	if len(text) == 0 || !isText(text) {
		d.scratch = d.scratch[:start]
		return nil, false
	}
	return text, true
}

// isText says whether b is text for people: UTF-8 without control characters.
func isText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return ascii(b) || utf8.Valid(b)
}

// wholeRunes is b without a character that was cut at its end.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= min(len(b), utf8.UTFMax-1); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// tryJSON reads b as JSON, or not at all where it turns out not to be any. What
// was used of the budget stays used, so that failing is not for free.
func (d *Document) tryJSON(b []byte, at int32, l Location, truncated bool) bool {
	leaves, issues, inner, messages := len(d.Leaves), len(d.Issues), len(d.inner), len(d.messages)
	if d.parseJSON(bytes.TrimSpace(b), at, l, truncated, false) {
		return true
	}
	d.Leaves, d.Issues, d.inner, d.messages = d.Leaves[:leaves], d.Issues[:issues], d.inner[:inner], d.messages[:messages]
	d.budget = max(d.budget, 0) // to say so where what follows does not fit
	return false
}
