package scan

import "bytes"

// Mask appends v, a match of class c, in a form that may be shown: of as many characters
// and with the same signs between groups, its letters and digits replaced by stars but
// for what tells records apart: the issuer's digits and the last four of a card, country
// and last four of an account, the domain of an address, the first letters of a key.
func (s *Scanner) Mask(to []byte, c Class, v []byte) []byte {
	signs := 0
	for _, b := range v {
		if b >= 0xc0 || b < 0x80 && kinds[b] != other {
			signs++
		}
	}
	head, tail := 0, min(2, signs/4)
	switch name := s.names[c]; {
	case name == "card" && signs > 11:
		head, tail = 6, 4
	case name == "iban":
		head, tail = 2, 4
	case c == s.own.email:
		at := bytes.LastIndexByte(v, '@')
		to = append(to, v[0])
		if v[0] >= 0x80 {
			to[len(to)-1] = '*'
		}
		for _, b := range v[1:at] {
			if b&0xc0 != 0x80 {
				to = append(to, '*')
			}
		}
		return append(to, v[at:]...)
	case c == s.own.url:
		end := bytes.Index(v, []byte("//"))
		if end = max(end+2, 0); end < len(v) {
			if n := bytes.IndexByte(v[end:], '/'); n >= 0 {
				end += n
			} else {
				end = len(v)
			}
		}
		if bytes.IndexByte(v[:end], '@') >= 0 {
			end = 0
		}
		to = append(to, v[:end]...)
		return stars(to, v[end:], len(v), 0, 0)
	case c == s.own.date, c == s.own.birth, c == s.own.password, name == "secret.connection-string", c == s.own.private:
		tail = 0
	case s.Secret(c):
		head, tail = min(4, signs/4), 0
	case c == s.own.ip:
		head, tail = 0, 0
	}
	return stars(to, v, signs, head, tail)
}

func stars(to, v []byte, signs, head, tail int) []byte {
	n := 0
	for _, b := range v {
		if b >= 0x80 { // the first byte of a character stands for all of it
			if b&0xc0 != 0x80 {
				to = append(to, '*')
				n++
			}
			continue
		}
		if kinds[b] != other {
			if n >= head && n < signs-tail {
				b = '*'
			}
			n++
		}
		to = append(to, b)
	}
	return to
}
