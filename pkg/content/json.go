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
		if raw, ok := p.plain(); ok {
			return p.d.same(p.l, at, raw, String)
		}
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

// object reads names and values. Objects of a list repeat their names in their
// order, and so do answers of one endpoint: each name is first compared with the
// one that followed its predecessor the last time, so in the steady state it is
// neither scanned nor looked up.
func (p *jsonParser) object(at int32, depth int) bool {
	if depth >= p.d.limits.Depth {
		return p.tooDeep(at)
	}
	p.i++
	names := &p.d.names
	object := names.object()
	p.space()
	if p.peek() == '}' {
		p.i++
		return p.d.take(p.l, at) // no leaf, but work all the same
	}
	before, expected := int32(none), names.nodes[at].first
	for {
		child, end := names.expect(expected, p.b, p.i)
		if child == none {
			var ok bool
			if child, ok = p.name(at, object); !ok {
				return false
			}
			names.follows(at, before, child)
		} else {
			p.i = end
			if names.seen(child, object) {
				p.d.issue(DuplicateKey, p.l, child)
			}
		}
		before, expected = child, names.nodes[child].follow
		if p.i < len(p.b) && p.b[p.i] <= ' ' {
			p.space()
		}
		if raw, ok := p.plain(); ok {
			if !p.d.same(p.l, child, raw, String) {
				return false
			}
		} else if !p.value(child, depth+1) {
			return false
		}
		if p.i < len(p.b) && p.b[p.i] == ',' {
			p.i++
		} else {
			p.space()
			switch p.peek() {
			case ',':
				p.i++
			case '}':
				p.i++
				return true
			default:
				return p.fail(at, p.i)
			}
		}
		if p.i < len(p.b) && p.b[p.i] <= ' ' {
			p.space()
		}
	}
}

// name reads a name and its colon where it is not the one expected.
func (p *jsonParser) name(at int32, object uint64) (child int32, ok bool) {
	from := p.i
	if p.peek() != '"' {
		return 0, p.fail(at, from)
	}
	p.i++
	_, key, closed := p.text(at)
	if !closed {
		return 0, p.fail(at, from)
	}
	child = p.d.child(at, key, p.l, object)
	p.space()
	if p.peek() != ':' {
		return 0, p.fail(at, from)
	}
	p.i++
	return child, true
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
