package content

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
	return p.d.same(p.l, at, p.b[start:p.i:p.i], t)
}

// number reads by the grammar of JSON. What begins like a number and is none is
// text of its own, up to where no character of numbers stands.
func (p *jsonParser) number(at int32) bool {
	b, start, i, t := p.b, p.i, p.i, Integer
	if b[i] == '-' {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	ok := i > first && (b[first] != '0' || i == first+1)
	if i < len(b) && (b[i] == '.' || b[i]|0x20 == 'e' || b[i] == '+' || b[i] == '-') {
		for i < len(b) && (b[i]-'0' <= 9 || b[i] == '.' || b[i]|0x20 == 'e' || b[i] == '+' || b[i] == '-') {
			i++
		}
		t, ok = numberType(b[start:i])
	}
	p.i = i
	if i == len(b) && p.truncated { // the number may go on
		return false
	}
	if !ok {
		p.bad(at)
		t = String
	}
	return p.d.same(p.l, at, b[start:i:i], t)
}
