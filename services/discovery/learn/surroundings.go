package learn

import (
	"math"
	"strings"
)

// surroundings are what the signs of all children of a place have in common: what
// stands before it, what is asked for at the place itself, how its names are spelled.
type surroundings struct {
	place         [6]float64
	read, added   float64 // whether the place itself is read, and added to
	nothing       float64 // neither
	keyed         float64 // it stands behind what says by what an object is told
	alone         float64 // there is one child
	typed, many   float64 // there are typed children; the logarithm of how many words
	leads         float64 // whether values follow the same name elsewhere
	plural, camel float64 // shares of the words
	reads         reading // means over the words
	all           *summary
	room          int // for the signs of a child, of which all have as many
	elsewhere     map[string]int
}

func surroundingsOf(at context, typed, words []*child, all *summary) *surroundings {
	d := float64(len(words))
	s := &surroundings{place: placeOf(at), keyed: flag(isKey(at.last)), alone: flag(len(words) == 1 && len(typed) == 0), typed: flag(len(typed) > 0), many: math.Log(d), all: all, elsewhere: at.host.places}
	for i := range at.uses {
		switch at.uses[i].method {
		case "GET":
			s.read = 1
		case "POST":
			s.added = 1
		}
	}
	s.nothing = (1 - s.read) * (1 - s.added)
	for _, c := range words {
		s.plural += flag(isPlural(c.text)) / d
		s.camel += flag(isCamel(c.text)) / d
		s.reads.add(c.reads, 1/d)
	}
	l := at.host.leads[at.last]
	if at.last != "" {
		own := int(flag(len(typed) == 0)) // not this place itself
		l[own] = max(0, l[own]-1)
	}
	s.leads = math.Log(float64(1+l[0]) / float64(1+l[1]))
	return s
}

// signs are those of a child, whose oddness falls into o.
func (s *surroundings) signs(c *child, o [5]float64) []float64 {
	p, ta, ld := s.place, s.typed, s.many
	f := append(make([]float64, 0, s.room), s.read, s.added, s.nothing, s.keyed, s.alone, s.leads)
	for _, x := range [...]float64{p[0], p[1], p[2], p[3], p[4], p[5], o[0], o[1], o[2], o[3], o[4], ta, s.alone, ld} {
		f = append(f, x*s.read, x*s.added, x*s.nothing, x*s.keyed, x*s.leads)
	}
	for _, x := range o {
		f = append(f, x*s.alone)
	}
	for _, x := range p {
		f = append(f, x*s.alone)
	}
	f = append(f, s.asked(c, o)...)
	f = append(f, s.spelled(c, o)...)
	f = append(f, s.worded(c)...)
	shared, own, like := deepTwins(c, s.all, s.elsewhere)
	size := math.Log1p(float64(len(c.deep)))
	f = append(f, shared, own, like, size, shared*size, like*size, own*o[0], own*p[0], own*p[1], own*p[2], own*p[4],
		like*size*p[0], like*size*p[1], like*size*p[4], own*ld, size*o[0], size*p[0], size*s.alone)
	s.room = len(f)
	return f
}

// asked says whether c is read, changed and deleted as the objects of a collection are.
func (s *surroundings) asked(c *child, o [5]float64) (f []float64) {
	deleted, changed, read := flag(has(c, "DELETE")), flag(has(c, "PUT") || has(c, "PATCH")), flag(has(c, "GET"))
	for _, x := range [...]float64{1, s.place[4], o[0], o[1] + o[2], o[3] + o[4], s.alone, s.added, s.read, s.typed} {
		f = append(f, x*deleted, x*changed, x*deleted*changed*read, x*deleted*read)
	}
	return f
}

// spelled says whether c is a plural, or several words in camel case or with hyphens,
// as names are more often than values.
func (s *surroundings) spelled(c *child, o [5]float64) (f []float64) {
	plural, camel := flag(isPlural(c.text)), flag(isCamel(c.text))
	for _, x := range [...]float64{1, o[0], o[1], o[2], o[3], s.typed, s.place[2], s.place[4], s.place[5], s.many} {
		f = append(f, x*plural, x*camel)
	}
	parts := math.Min(float64(strings.Count(c.text, "-")+strings.Count(c.text, "_")), 3)
	return append(f, s.plural, s.camel, s.plural*s.many, s.camel*s.many, plural*s.plural, parts, parts*o[0], parts*o[3], parts*(o[1]+o[2]))
}

// worded says of what words c and those beside it are, beyond the vocabulary.
func (s *surroundings) worded(c *child) (f []float64) {
	r, m := c.reads, s.reads
	for _, x := range [...]float64{1, s.place[0], s.place[1], s.place[2], s.place[4], s.place[5], s.typed, s.alone, s.many} {
		f = append(f, x*r.common, x*r.rarer, x*r.joined, x*r.proper, x*r.unknown)
	}
	return append(f, m.common, m.rarer, m.joined, m.proper, m.unknown, m.proper*s.many, m.unknown*s.many, m.common*s.many, m.rarer*s.many)
}
