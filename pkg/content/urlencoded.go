package content

import "bytes"

// parsePairs takes name=value pairs joined by '&' apart: a query or a form.
// Repeated names are kept and noted, except where the name says that it repeats
// ("ids[]"); the empty name is a name.
func (d *Document) parsePairs(text []byte, root int32, l Location) {
	object := d.names.object()
	for len(text) > 0 {
		pair, rest, _ := bytes.Cut(text, []byte{'&'})
		text = rest
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		key := d.unescape(name, true, l, root)
		in := object
		if bytes.HasSuffix(key, []byte("[]")) {
			in = 0
		}
		at := d.child(root, key, l, in)
		if !d.text(l, at, d.unescape(value, true, l, at), value) {
			return
		}
	}
}

// unescape decodes percent escapes, and '+' as a space where plus is set. Without
// any it returns raw itself. A '%' that starts no escape stays and is noted.
func (d *Document) unescape(raw []byte, plus bool, l Location, at int32) []byte {
	value, ok := d.percent(raw, plus)
	if !ok {
		d.issue(BadEncoding, l, at)
	}
	return value
}

// unescapeLoose decodes percent escapes where the text has them throughout, and
// leaves any other text alone: cookies need not be escaped.
func (d *Document) unescapeLoose(raw []byte) []byte {
	if value, ok := d.percent(raw, false); ok {
		return value
	}
	return raw
}

func (d *Document) percent(raw []byte, plus bool) ([]byte, bool) {
	if bytes.IndexByte(raw, '%') < 0 && (!plus || bytes.IndexByte(raw, '+') < 0) {
		return raw, true
	}
	start, ok := len(d.scratch), true
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '+' && plus:
			c = ' '
		case c == '%':
			if i+2 < len(raw) && hexDigit[raw[i+1]] >= 0 && hexDigit[raw[i+2]] >= 0 {
				c = byte(hexDigit[raw[i+1]]<<4 | hexDigit[raw[i+2]])
				i += 2
			} else {
				ok = false
			}
		}
		d.scratch = append(d.scratch, c)
	}
	return d.scratch[start:len(d.scratch):len(d.scratch)], ok
}

// hexDigit is the value of a hexadecimal digit, -1 for any other byte.
var hexDigit = func() (t [256]int16) {
	for i := range t {
		t[i] = -1
	}
	for i := range int16(10) {
		t['0'+i] = i
	}
	for i := range int16(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()
