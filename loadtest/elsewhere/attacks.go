package elsewhere

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// attack is a way to attack an API.
type attack struct {
	name string
	// rate is steps an hour from hour from on, most their number.
	rate, from float64
	most       int
	step       func(p *person, n int)
}

// Names of the attacks that s has.
func (s Style) Attacks() (names []string) {
	for _, a := range s.attacks() {
		names = append(names, a.name)
	}
	return names
}

func (a *attack) run(w *world) {
	p := w.person(w.o.People+int(number(a.name)%1000), rand.New(rand.NewPCG(w.o.Seed, number(a.name))))
	p.attack = a.name
	p.at = w.start.Add(time.Duration(a.from * float64(time.Hour)))
	p.pass()
	good := p.at
	for n := range a.most {
		if w.jwt && p.at.Sub(good) > 50*time.Minute && a.name != "replay" { // tokens run out
			p.pass()
			good = p.at
		}
		a.step(p, n)
		p.pause(time.Duration(float64(time.Hour) / a.rate))
	}
}

// strange reads an object of somebody.
func strange(p *person, _ int) {
	s := &p.api.Style
	n := each
	if s.few {
		n = partnerObjects
	}
	owner := p.r.IntN(p.api.o.People)
	q := s.read(s, owner, owner*n+p.r.IntN(n))
	if s.foreign != http.StatusOK {
		q.status, q.answer = s.foreign, fmt.Sprintf(`{"errors":[{"status":%d}]}`, s.foreign)
	}
	p.send(q)
}

func (s Style) attacks() (list []attack) {
	list = []attack{
		{"objects-300-in-5m", 3600, 13.2, 300, strange}, {"objects-240-an-hour", 240, 9, 300, strange},
		{"objects-288-a-day", 12, 0.2, 288, strange}, {"objects-48-a-day", 2, 0.3, 48, strange},
	}
	if s.login != nil {
		list = append(list, attack{"stuffing-1000-addresses", 1000, 2, 4000, func(p *person, n int) {
			i := p.r.IntN(1000)
			p.address, p.secret = fmt.Sprintf("203.%d.%d.%d", 1+i%40, i/40%200, 1+i*7%250), ""
			p.send(s.login(fmt.Sprintf("leak%07d@mail.example", n*7919%9_999_991), p.r.IntN(150) == 0))
		}})
	}
	if !s.few {
		list = append(list, attack{"replay", 100, 8, 60, replay})
	}
	if s.pay != nil {
		list = append(list, attack{"transfers", 60, 15, 40, func(p *person, n int) { p.send(s.pay(&s, p.n*each, (n*977+5)%(p.api.o.People*each))) }})
	}
	if s.export != nil {
		list = append(list, attack{"export", 120, 16, 200, func(p *person, n int) { p.send(s.export(&s, n)) }})
	}
	if s.shop {
		visit := func(p *person, n int) {
			p.secret = ""
			if n%25 == 0 {
				p.send(shelf(n / 25))
				return
			}
			p.send(ware((n - 1 - n/25) % wares))
		}
		list = append(list, attack{"scraping", 900, 10, 700, visit}, attack{"scraping-slow", 60, 1, 700, visit},
			attack{"unpaid", 20, 12, 30, func(p *person, n int) {
				p.put(n)
				p.pause(8 * time.Second)
				p.send(address())
				p.pause(8 * time.Second)
				p.send(place(&s, 900_000+n))
			}})
	}
	return list
}

// replay is the credential of somebody who is about, used from elsewhere.
func replay(p *person, n int) {
	s := &p.api.Style
	if n == 0 {
		p.address, p.agent, p.attack = "203.0.113.77", "python-httpx/0.27", ""
		thief := *p
		owner := p.api.person(4, rand.New(rand.NewPCG(1, 4)))
		owner.r, owner.at = p.r, p.at
		owner.pass()
		for range 12 {
			owner.pause(3 * time.Minute)
			owner.send(s.read(s, owner.n, owner.n*each))
		}
		*p = thief
		p.n, p.name, p.secret, p.attack = owner.n, owner.name, owner.secret, "replay"
		p.pause(10 * time.Minute)
	}
	p.send(s.read(s, p.n, p.n*each+n%each))
}
