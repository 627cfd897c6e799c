package elsewhere

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Style is how an API looks.
type Style struct {
	Name, host string
	// secretHeader is where a credential stands, behind secretPrefix; jwt makes it a
	// token that says who, fixed one that never changes.
	secretHeader, secretPrefix string
	jwt, fixed                 bool
	bodies                     bool   // recorded
	form                       string // content type of requests, JSON if empty
	// foreign is the answer to who asks for what is somebody else's.
	foreign int
	id      func(kind string, n int) string

	login  func(user string, right bool) request
	list   func(s *Style, owner int) request
	read   func(s *Style, owner, object int) request
	pay    func(s *Style, from, to int) request
	export func(s *Style, page int) request // nil where there is none
	shop   bool
	few    bool // a handful of programs with many objects each
}

// visits is how often p comes in a day.
func (s *Style) visits(p *person) int {
	if s.few {
		return 4
	}
	rate := math.Min(8, 0.7*math.Exp(0.9*p.r.NormFloat64()))
	n := int(rate)
	if p.r.Float64() < rate-float64(n) {
		n++
	}
	return n
}

func (s *Style) visit(p *person) {
	switch {
	case s.shop:
		s.browse(p)
	case s.few:
		s.sync(p)
	default:
		s.bank(p)
	}
}

// enter logs p in; some mistype.
func (s *Style) enter(p *person) bool {
	for range 1 + p.r.IntN(2) {
		if p.r.IntN(9) == 0 {
			q := s.login(p.name, false)
			q.anonymous = true
			p.send(q)
			p.pause(8 * time.Second)
			continue
		}
		q := s.login(p.name, true)
		q.anonymous = true
		p.send(q)
		p.pass()
		return true
	}
	return false
}

// bank is a visit of a customer: a list, then what is in it; some know their accounts by
// heart and ask for no list.
func (s *Style) bank(p *person) {
	if p.n%70 == 69 && s.jwt { // who else has a back office elsewhere
		s.desk(p)
		return
	}
	if p.n%3 == 0 && !s.fixed { // an app that stays logged in
		p.pass()
	} else if !s.enter(p) {
		return
	}
	for i := range 2 + p.r.IntN(9) {
		p.pause(9 * time.Second)
		own := p.n*each + p.r.IntN(each)
		switch k := p.r.IntN(10); {
		case i == 0 && p.n%4 > 0, k < 2:
			p.send(s.list(s, p.n))
		case k < 9:
			p.send(s.read(s, p.n, own))
		default: // to one of few whom p pays
			p.send(s.pay(s, own, (p.n+1+p.r.IntN(4))*each))
		}
	}
}

// desk is a visit of staff, who look at customers of whom they were told.
func (s *Style) desk(p *person) {
	p.role = "staff"
	for i := range 20 + p.r.IntN(20) {
		if i%20 == 0 { // tokens run out
			p.pass()
		}
		p.pause(time.Minute)
		about := p.r.IntN(p.api.o.People)
		p.send(s.list(s, about))
		p.pause(10 * time.Second)
		p.send(s.read(s, about, about*each+p.r.IntN(each)))
	}
}

// partnerObjects is how many a program has.
const partnerObjects = 60

// sync is a visit of a program: what it has is listed, and each read.
func (s *Style) sync(p *person) {
	p.pass()
	if p.n%2 == 0 {
		p.send(s.list(s, p.n))
	}
	for i := range partnerObjects {
		p.pause(2 * time.Second)
		p.send(s.read(s, p.n, p.n*partnerObjects+i))
	}
}

func uuid(kind string, n int) string {
	a, b := scatter(number(kind), uint64(n)), scatter(number(kind), uint64(n), 1)
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

func counted(_ string, n int) string { return fmt.Sprint(100_400 + n*7%9_999_991) }

func prefixed(kind string, n int) string {
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var b strings.Builder
	b.WriteString(kind[:3] + "_")
	for i := range 16 {
		b.WriteByte(letters[scatter(number(kind), uint64(n), uint64(i))%uint64(len(letters))])
	}
	return b.String()
}

func ulid(kind string, n int) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := []byte("01HX")
	for i := range 22 {
		b = append(b, letters[scatter(number(kind), uint64(n), uint64(i))%32])
	}
	return string(b)
}

func digest(kind string, n int) string {
	return fmt.Sprintf("%016x%016x%08x", scatter(number(kind), uint64(n)), scatter(number(kind), uint64(n), 2), uint32(scatter(uint64(n))))
}

func number(s string) (n uint64) {
	for i := range len(s) {
		n = n*131 + uint64(s[i])
	}
	return n
}

// of joins what one gives for each object of an owner.
func of(owner, n int, one func(object int) string) string {
	var parts []string
	for i := range n {
		parts = append(parts, one(owner*n+i))
	}
	return strings.Join(parts, ",")
}

// Few says whether its clients are a handful of programs.
func (s *Style) Few() bool { return s.few }
