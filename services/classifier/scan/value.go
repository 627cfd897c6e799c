package scan

// NamedIn appends what TextIn finds in v where a name stands before it: a word of the name
// speaks for what follows, as does one of a text.
func (s *Scanner) NamedIn(w *Work, v []byte, name string, to []Match) []Match {
	if name == "" {
		return s.TextIn(w, v, to)
	}
	from := len(to)
	w.text = append(append(append(w.text[:0], name...), ": "...), v...)
	shift := len(w.text) - len(v)
	found := s.TextIn(w, w.text, to)[from:]
	for _, m := range found {
		if m.Start >= shift {
			m.Start, m.End = m.Start-shift, m.End-shift
			to = append(to, m)
		}
	}
	return to
}

// Value appends what the whole of a value is: the schemes that accept it, and what Text
// finds in it. A name, where there is one, speaks for a scheme as a word before it does.
func (s *Scanner) Value(v []byte, name string, to []Match) []Match {
	work := s.borrow()
	defer s.work.Put(work)
	from := len(to)
	to = s.NamedIn(work, v, name, to)
	l := work.begin(s, v, to)
	c, ok := compact(l.room[:0], v)
	if !ok {
		return l.end()
	}
	// With schemes that accept it, digits in groups are a telephone number or a day no
	// more surely than what those say.
	for _, n := range s.numbers[len(c)] {
		ok, prefixed := n.accepts(c, v)
		switch {
		case !ok || n.asked:
		case n.firm && !(n.class == s.own.card && len(c) < 14) || prefixed && len(n.prefix) > 1:
			l.add(n.class, 0, len(v), scoreFirm)
			if prefixed && len(n.prefix) == 2 && memberState(c) {
				l.add(s.own.vat, 0, len(v), scoreFirm)
			}
		default:
			l.add(n.class, 0, len(v), scoreAmong)
		}
	}
	if len(l.to) > len(to) && name == "" {
		for i := from; i < len(to); i++ {
			if m := &l.to[i]; s.among(m, c, v) {
				m.Score = scoreAmong
			}
		}
	}
	return l.end()
}

// among says that schemes which accept the whole of v, c in compact form, make m no surer than
// they are: a telephone number or a day that is told by its groups alone, a card of a length that
// is no longer given out, a number of four and four digits within a longer one.
func (s *Scanner) among(m *Match, c, v []byte) bool {
	switch m.Class {
	case s.own.phone, s.own.date:
		return v[0] != '+'
	case s.own.card:
		return len(c) < 14
	case s.own.aadhaar:
		return true
	}
	return false
}
