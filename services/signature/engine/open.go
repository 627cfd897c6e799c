package engine

import (
	"unsafe"

	"github.com/miradorhq/mirador/services/signature/gate"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// gating is what a transaction knows of its values.
type gating struct {
	loaded [seclang.NumVariables]loaded
	// candidates has for each value that was looked at the set of rules that may match
	// it; opened is their union over the variables of the phase.
	candidates []uint64
	opened     []uint64
	unions     []uint64 // by variable
	forms      []form
	got        []uint64 // sets of forms
	chainText  []string // what the chains made of the value at hand
	chainOf    []uint32 // what chainText is of
	at         uint32
}

type loaded struct {
	phase uint8 // 0: not yet
	first int   // of its values in candidates
}

// form is what a chain made of a value, with what the filter said of it.
type form struct {
	text string
	got  int // first word in got
}

func (g *gating) reset(p *program) {
	g.loaded = [seclang.NumVariables]loaded{}
	g.candidates = g.candidates[:0]
	if p.gates == nil { // it is being made
		return
	}
	// What they hold of another program is cleared where it is first used.
	w := p.gates.words
	g.opened = sized(g.opened, w)
	g.unions = sized(g.unions, w*seclang.NumVariables)
	g.chainText, g.chainOf = sized(g.chainText, len(p.chains)), sized(g.chainOf, len(p.chains))
}

// sized is a slice of length n, in the memory of s where that is enough.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// changed is the phase from which on a variable is complete; what is read before may
// be other. What is not known of may change with every phase.
func changed(v seclang.Variable) uint8 {
	switch v {
	case seclang.RequestHeaders, seclang.RequestHeadersNames, seclang.RequestCookies, seclang.RequestCookiesNames, seclang.RequestURI, seclang.RequestURIRaw,
		seclang.RequestLine, seclang.RequestMethod, seclang.RequestProtocol, seclang.RequestFilename, seclang.RequestBasename, seclang.QueryString, seclang.RemoteAddr,
		seclang.ArgsGet, seclang.ArgsGetNames, seclang.UniqueID:
		return 1
	case seclang.Args, seclang.ArgsNames, seclang.ArgsPost, seclang.ArgsPostNames, seclang.RequestBody, seclang.XML, seclang.RequestXML,
		seclang.Files, seclang.FilesNames, seclang.MultipartFilename, seclang.MultipartName, seclang.MultipartPartHeaders:
		return 2
	case seclang.ResponseHeaders, seclang.ResponseHeadersNames, seclang.ResponseStatus, seclang.ResponseContentType:
		return 3
	case seclang.ResponseBody, seclang.ResponseArgs:
		return 4
	}
	return phases
}

// steady says whether a variable stays as it is while the rules of a phase run.
func steady(v seclang.Variable) bool {
	return v != seclang.ReqbodyProcessor && v != seclang.ResBodyProcessor // which ctl sets
}

// open finds the rules of a phase that may match some value.
func (s *state) open(phase int) {
	g := s.p.gates
	clear(s.opened)
	for _, v := range g.of[phase] {
		union := s.unions[int(v)*g.words : (int(v)+1)*g.words]
		if l := &s.loaded[v]; l.phase == 0 || l.phase < changed(v) && int(l.phase) < phase {
			l.phase, l.first = uint8(phase), len(s.candidates)/g.words
			clear(union)
			for _, value := range s.tx.Values(v) {
				s.openValue(v, value.Text, union)
			}
		}
		for w := range s.opened {
			s.opened[w] |= union[w]
		}
	}
}

// openValue finds the rules that may match text as a value of v.
func (s *state) openValue(v seclang.Variable, text string, union []uint64) {
	g := s.p.gates
	first := len(s.candidates)
	for range g.words {
		s.candidates = append(s.candidates, 0)
	}
	set := s.candidates[first:]
	kinds := gate.KindsOf(text)
	if kinds&gate.Upper != 0 {
		kinds |= gate.Lower // what a chain lowers is not told apart
	}
	s.charge(len(text))
	s.scan(text, kinds, set)
	for w := range set {
		set[w] &= g.want[v][w]
	}
	// A text without a byte is of no kind, yet the length of it is one.
	if kinds&g.touches[v] != 0 || text == "" && g.touches[v] == everything {
		s.openForms(v, text, kinds, set)
	}
	for w := range set {
		union[w] |= set[w]
	}
}

// scan asks the filter.
func (s *state) scan(text string, kinds gate.Kinds, set []uint64) {
	g := s.p.gates
	g.filter.Scan(text, kinds, set)
	for w, b := range g.sqli {
		if set[w]&b != 0 {
			if g.sql.Plain(text, kinds) {
				for i := range set {
					set[i] &^= g.sqli[i]
				}
			}
			return
		}
	}
}

// openForms looks at what the chains make of text, where that is another text.
func (s *state) openForms(v seclang.Variable, text string, kinds gate.Kinds, set []uint64) {
	g := s.p.gates
	s.at++
	s.forms, s.got = s.forms[:0], s.got[:0]
	for i := range g.uses[v] {
		u := &g.uses[v][i]
		if kinds&u.touches == 0 && !u.always || len(text) < u.input {
			continue
		}
		if u.steps != nil {
			s.openSteps(u, text, kinds, set)
			continue
		}
		if out := s.transformed(u.chain, text, kinds); !sameToGates(out, text) {
			for w := range set {
				set[w] &^= u.links[w]
			}
			if len(out) >= u.shortest {
				s.take(set, u, out)
			}
		}
	}
}

// openSteps looks at what multiMatch looks at: text, which set is of already, and every
// step that changes it.
func (s *state) openSteps(u *use, text string, kinds gate.Kinds, set []uint64) {
	for _, i := range u.steps {
		c := &s.p.chains[i]
		if kinds&c.acts == 0 && !c.step.Always {
			continue
		}
		next := c.step.Apply(&s.arena, text)
		if !c.step.Changed(text, next) {
			continue
		}
		if text, kinds = next, gate.KindsOf(next); len(text) >= u.shortest {
			s.take(set, u, text)
		}
	}
}

// sameToGates says whether out is text, but for capital letters of ASCII made small: the
// kinds of text hold both already. Small letters made capital are another kind.
func sameToGates(out, text string) bool {
	if len(out) != len(text) {
		return false
	}
	for i := range len(out) {
		if c := text[i]; out[i] != c && (c < 'A' || c > 'Z' || out[i] != c|0x20) {
			return false
		}
	}
	return true
}

// take adds the links of u that may match text.
func (s *state) take(set []uint64, u *use, text string) {
	for w, b := range s.form(text) {
		set[w] |= b & u.links[w]
	}
}

// form is what the filter says of text, which several chains may have made.
func (s *state) form(text string) []uint64 {
	words := s.p.gates.words
	for i := range s.forms {
		if s.forms[i].text == text {
			return s.got[s.forms[i].got : s.forms[i].got+words]
		}
	}
	at := len(s.got)
	for range words {
		s.got = append(s.got, 0)
	}
	kinds := gate.KindsOf(text)
	if kinds&gate.Upper != 0 {
		kinds |= gate.Lower
	}
	s.charge(len(text))
	s.scan(text, kinds, s.got[at:at+words])
	s.forms = append(s.forms, form{text, at})
	return s.got[at : at+words]
}

// transformed is transform for the value at hand, which remembers the steps. kinds are
// those of text.
func (s *state) transformed(c int, text string, kinds gate.Kinds) string {
	if c == 0 {
		return text
	}
	if s.chainOf[c] != s.at {
		ch := &s.p.chains[c]
		out := s.transformed(ch.parent, text, kinds)
		// What nothing has changed yet has the kinds of text.
		if kinds&ch.acts != 0 || ch.step.Always || len(out) != len(text) || unsafe.StringData(out) != unsafe.StringData(text) {
			out = ch.step.Apply(&s.arena, out)
		}
		s.chainText[c], s.chainOf[c] = out, s.at
	}
	return s.chainText[c]
}

// transform runs chain c over text.
func (s *state) transform(c int, text string) string {
	if c == 0 {
		return text
	}
	ch := &s.p.chains[c]
	return ch.step.Apply(&s.arena, s.transform(ch.parent, text))
}

// isOpen says whether the gate of a link is open for value i of v.
func (s *state) isOpen(l *link, v seclang.Variable, i int) bool {
	g := s.p.gates
	return s.candidates[(s.loaded[v].first+i)*g.words+l.gate>>6]>>(l.gate&63)&1 == 1
}
