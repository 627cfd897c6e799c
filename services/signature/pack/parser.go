package pack

import (
	"github.com/corazawaf/libinjection-go"
	"github.com/miradorhq/mirador/pkg/content"
)

// parser takes a text apart and says whether it is an attack. The core rule set asks
// the same of values as they are sent; what a value holds behind an encoding only we
// see, and for that rules name one in place of patterns.
type parser func(string) bool

var parsers = map[string]parser{
	"":    nil,
	"sql": func(s string) bool { found, _ := libinjection.IsSQLi(s); return found },
	"xss": libinjection.IsXSS,
}

// maxParsed is the longest text that is parsed: what is longer and was hidden is a
// document or a picture.
const maxParsed = 1 << 10

// parse asks the parsers about a text that an encoding hid.
func (s *Scanner) parse(k Kind, t *target, text string, v View, depth int) {
	if len(text) > maxParsed || depth == 0 && (t.leaf == nil || t.leaf.Via == content.Direct) {
		return
	}
	for _, i := range s.p.parsers {
		if r := s.p.rules[i]; r.fits(k, text) && !s.has(r, k, t.leaf) && r.parse(text) && r.applies(k, t.leaf) {
			s.hit(r, k, t, text, 0, len(text), v, depth)
		}
	}
}
