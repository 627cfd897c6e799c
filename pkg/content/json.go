package content

// parseJSON reads b in one pass, without a tree and without a copy of anything
// that has no escape. More than one document in a row is read too; unless
// sequence says that it is meant so, that is an issue. clean says that nothing
// was wrong with the syntax.
func (d *Document) parseJSON(b []byte, root int32, l Location, truncated, sequence bool) (clean bool) {
	p := jsonParser{d: d, b: b, l: l, truncated: truncated, sequence: sequence}
	for n := 0; ; n++ {
		p.space()
		if p.i >= len(p.b) {
			if n == 0 {
				p.fail(root, p.i)
			}
			break
		}
		if n == 1 && !sequence {
			p.bad(root)
		}
		d.message(root)
		if !p.value(root, 0) {
			break
		}
	}
	return !p.dirty
}

type jsonParser struct {
	d         *Document
	b         []byte
	i         int
	l         Location
	truncated bool
	sequence  bool
	dirty     bool // the syntax is not that of JSON
}

// bad notes that the syntax at node at is not that of JSON.
func (p *jsonParser) bad(at int32) {
	p.dirty = true
	p.d.issue(BadSyntax, p.l, at)
}

func (p *jsonParser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\n', '\r', '\t':
		case 0x1e: // record separator of application/json-seq
			if !p.sequence {
				return
			}
		default:
			return
		}
		p.i++
	}
}

// peek is the next byte, 0 at the end; 0 itself is no JSON.
func (p *jsonParser) peek() byte {
	if p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

// fail ends the reading: what starts at from becomes a leaf as text.
func (p *jsonParser) fail(at int32, from int) bool {
	if p.i >= len(p.b) && p.truncated { // noted already
		return false
	}
	p.bad(at)
	p.d.rest(p.l, at, p.b[min(from, len(p.b)):])
	return false
}

// value reads one value for node at; false ends the reading.
func (p *jsonParser) value(at int32, depth int) bool {
	switch c := p.peek(); c {
	case '"':
		p.i++
		raw, value, closed := p.text(at)
		if !closed {
			// What there is of the value is a leaf, whether the sensor or the sender
			// cut it.
			if len(raw) > 0 {
				p.d.leaf(p.l, at, value, raw, String)
			}
			return p.fail(at, len(p.b))
		}
		return p.d.leaf(p.l, at, value, raw, String)
	case '{':
		return p.object(at, depth)
	case '[':
		return p.array(at, depth)
	case 't':
		return p.literal(at, "true", Boolean)
	case 'f':
		return p.literal(at, "false", Boolean)
	case 'n':
		return p.literal(at, "null", Null)
	default:
		if c == '-' || c-'0' <= 9 {
			return p.number(at)
		}
		return p.fail(at, p.i)
	}
}

func (p *jsonParser) object(at int32, depth int) bool {
	if depth >= p.d.limits.Depth {
		return p.tooDeep(at)
	}
	p.i++
	object := p.d.names.object()
	p.d.names.rewind(at)
	p.space()
	if p.peek() == '}' {
		p.i++
		return p.d.take(p.l, at) // no leaf, but work all the same
	}
	for {
		from := p.i
		if p.peek() != '"' {
			return p.fail(at, from)
		}
		p.i++
		_, key, closed := p.text(at)
		if !closed {
			return p.fail(at, from)
		}
		child := p.d.child(at, key, p.l, object)
		p.space()
		if p.peek() != ':' {
			return p.fail(at, from)
		}
		p.i++
		p.space()
		if !p.value(child, depth+1) {
			return false
		}
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case '}':
			p.i++
			return true
		default:
			return p.fail(at, p.i)
		}
	}
}

func (p *jsonParser) array(at int32, depth int) bool {
	if depth >= p.d.limits.Depth {
		return p.tooDeep(at)
	}
	p.i++
	p.space()
	if p.peek() == ']' {
		p.i++
		return p.d.take(p.l, at)
	}
	p.d.names.rewind(at)
	item := p.d.child(at, []byte("[]"), p.l, 0)
	for {
		if depth == 0 {
			p.d.message(item)
		}
		if !p.value(item, depth+1) {
			return false
		}
		p.space()
		switch p.peek() {
		case ',':
			p.i++
			p.space()
		case ']':
			p.i++
			return true
		default:
			return p.fail(at, p.i)
		}
	}
}

// tooDeep makes the container that starts here one leaf, as text.
func (p *jsonParser) tooDeep(at int32) bool {
	p.d.issue(DepthLimit, p.l, at)
	start, open := p.i, 0
	for ; p.i < len(p.b); p.i++ {
		switch p.b[p.i] {
		case '{', '[':
			open++
		case '}', ']':
			open--
		case '"':
			for p.i++; p.i < len(p.b) && p.b[p.i] != '"'; p.i++ {
				if p.b[p.i] == '\\' {
					p.i++
				}
			}
		}
		if open == 0 {
			p.i++
			raw := p.b[start:p.i]
			return p.d.closed(p.l, at, raw)
		}
	}
	p.i = len(p.b)
	return p.d.closed(p.l, at, p.b[start:]) && p.fail(at, len(p.b))
}

func (p *jsonParser) literal(at int32, word string, t Type) bool {
	start := p.i
	for k := 0; k < len(word); k++ {
		if p.peek() != word[k] {
			return p.fail(at, start)
		}
		p.i++
	}
	raw := p.b[start:p.i]
	return p.d.leaf(p.l, at, raw, raw, t)
}

func (p *jsonParser) number(at int32) bool {
	start, t := p.i, Integer
	for ; p.i < len(p.b); p.i++ {
		c := p.b[p.i]
		if c-'0' <= 9 {
			continue
		}
		if c != '.' && c|0x20 != 'e' && c != '+' && c != '-' {
			break
		}
		if p.i > start {
			t = Number
		}
	}
	raw := p.b[start:p.i]
	if p.i == len(p.b) && p.truncated { // the number may go on
		return false
	}
	if t == Number || len(raw) == 1 || raw[0] == '0' || raw[0] == '-' {
		var ok bool
		if t, ok = numberType(raw); !ok {
			p.bad(at)
			t = String
		}
	}
	return p.d.leaf(p.l, at, raw, raw, t)
}
