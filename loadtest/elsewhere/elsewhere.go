// Package elsewhere makes labelled traffic of APIs that have nothing in common with the
// bank and the shop of package agents: other addresses, other shapes of ids and other
// places for them, answers that wrap what they say, other ways to log in and to refuse,
// little to learn from. A rule of behaviour that is only right about its own generator
// fails here.
//
// It is small on purpose: what a Style says of an API is what matters, its people are
// simple. Transactions are JSON lines as mirador inspect reads them, a day in memory.
package elsewhere

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/segmentio/encoding/json"
)

// Options say how many people there are, and for how many days; the last has attacks.
type Options struct {
	Seed         uint64
	People, Days int
}

// Line is a transaction, as mirador inspect reads it, and its truth beside it.
type Line struct {
	ID              string            `json:"id"`
	TS              string            `json:"ts"`
	ClientIP        string            `json:"client_ip"`
	Method          string            `json:"method"`
	URI             string            `json:"uri"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body,omitempty"`
	Status          int               `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers,omitempty"`
	ResponseBody    string            `json:"response_body,omitempty"`
	Attack          string            `json:"attack,omitempty"`

	at time.Time
}

// request is a call before it is somebody's.
type request struct {
	method, uri string
	body        string
	headers     map[string]string
	status      int
	answer      string
	location    string
	anonymous   bool
}

// person is who calls.
type person struct {
	n       int
	name    string
	address string
	agent   string
	secret  string
	role    string
	api     *world
	r       *rand.Rand
	at      time.Time
	attack  string
}

// world is an API with its people, in the making.
type world struct {
	Style
	o     Options
	lines []Line
	start time.Time
}

// Objects that each person has; their numbers follow from the person's.
const each = 3

// Day makes the traffic of s on day n, in order.
func (s Style) Day(o Options, n int) ([]Line, error) {
	w := &world{Style: s, o: o, start: time.Date(2026, time.May, 4+n, 0, 0, 0, 0, time.UTC)}
	for i := range o.People {
		r := rand.New(rand.NewPCG(o.Seed+uint64(n)<<32, uint64(i)))
		p := w.person(i, rand.New(rand.NewPCG(o.Seed, uint64(i)+1<<40)))
		p.r = r
		visits := s.visits(p)
		for range visits {
			p.at = w.start.Add(time.Duration(dayTime(r) * float64(24*time.Hour)))
			p.secret = ""
			s.visit(p)
		}
	}
	if n == o.Days-1 {
		for _, a := range s.attacks() {
			a.run(w)
		}
	}
	end := w.start.Add(24 * time.Hour)
	w.lines = slices.DeleteFunc(w.lines, func(l Line) bool { return l.at.Before(w.start) || !l.at.Before(end) })
	slices.SortStableFunc(w.lines, func(a, b Line) int { return a.at.Compare(b.at) })
	for i := range w.lines {
		w.lines[i].ID = fmt.Sprintf("%s-%d-%d", s.Name, n, i)
		w.lines[i].TS = w.lines[i].at.Format(time.RFC3339Nano)
	}
	return w.lines, nil
}

// dayTime is a part of the day: people are about in the morning and in the evening.
func dayTime(r *rand.Rand) float64 {
	peak := 10.5
	if r.IntN(2) == 0 {
		peak = 19
	}
	return math.Mod(math.Abs(peak+3*r.NormFloat64()), 24) / 24
}

// person is number n of the world; r decides on what stays the same from day to day.
func (w *world) person(n int, r *rand.Rand) *person {
	p := &person{n: n, name: fmt.Sprintf("user-%d@mail.example", n*37+11), api: w, r: r, agent: agents[r.IntN(len(agents))]}
	p.address = fmt.Sprintf("198.18.%d.%d", n/200%250, 1+n%200)
	if r.IntN(5) == 0 { // one of many behind an address
		p.address = fmt.Sprintf("198.19.0.%d", 1+n%7)
	}
	return p
}

var agents = [...]string{
	"okhttp/4.12.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Wallet/311 CFNetwork/1498 Darwin/23.5.0",
}

// pause lets time pass, about d.
func (p *person) pause(d time.Duration) {
	p.at = p.at.Add(time.Duration(float64(d) * (0.3 + 0.7*p.r.ExpFloat64())))
}

// send puts the request of p down.
func (p *person) send(q request) {
	w := p.api
	l := Line{ClientIP: p.address, Method: q.method, URI: "https://" + w.host + q.uri, Status: q.status, Attack: p.attack, at: p.at,
		Headers: map[string]string{"host": w.host, "user-agent": p.agent}}
	for k, v := range q.headers {
		l.Headers[k] = v
	}
	if !q.anonymous && p.secret != "" {
		l.Headers[w.secretHeader] = w.secretPrefix + p.secret
	}
	if q.location != "" {
		l.ResponseHeaders = map[string]string{"location": q.location}
	}
	if w.bodies {
		if l.Body = q.body; q.body != "" {
			l.Headers["content-type"] = cmp.Or(w.form, "application/json")
		}
		if l.ResponseBody = q.answer; q.answer != "" && q.location == "" {
			l.ResponseHeaders = map[string]string{"content-type": "application/json"}
		}
	}
	w.lines = append(w.lines, l)
}

// pass gives p a new credential, as the API issues them.
func (p *person) pass() {
	h := scatter(uint64(p.n), uint64(p.at.UnixNano()), 5)
	if p.api.jwt {
		enc := base64.RawURLEncoding
		claims, _ := json.Marshal(map[string]any{"iss": "https://" + p.api.host, "sub": p.name, "scope": cmp.Or(p.role, "user"), "iat": p.at.Unix(), "exp": p.at.Add(time.Hour).Unix()}) // plain data always marshals
		p.secret = enc.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + enc.EncodeToString(claims) + "." + fmt.Sprintf("%016x", h)
		return
	}
	p.secret = fmt.Sprintf("%016x%016x", h, scatter(h))
	if p.api.fixed {
		p.secret = fmt.Sprintf("%016x", scatter(uint64(p.n), 6))
	}
}

func scatter(ns ...uint64) uint64 {
	x := uint64(1)
	for _, n := range ns {
		x = (x ^ n) * 0x9e3779b97f4a7c15
		x ^= x >> 29
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 32
	}
	return x
}
