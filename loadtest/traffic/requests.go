package traffic

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// call is one request and its response, before it becomes an event.
type call struct {
	method, path, template string
	body, contentType      string
	status                 int
	answer                 string
	anonymous              bool // sent without the actor's token
}

// add appends the transaction of actor a.
func (g *generator) add(a *Actor, kind Kind, c call) {
	g.seq++
	e := &event.Event{
		Tenant: []byte(g.o.Tenant), Sensor: []byte("loadtest"), Boot: g.o.Seed + 1, Sequence: g.seq,
		RequestTime: g.at.UnixNano(), ResponseTime: g.at.Add(time.Duration(1+g.r.IntN(40)) * time.Millisecond).UnixNano(),
		Client: event.Client{Address: []byte(a.Address), Port: uint16(20000 + g.r.IntN(40000)), AddressSource: []byte("connection")},
		Method: []byte(c.method), Scheme: []byte("https"), Protocol: []byte("HTTP/1.1"), Authority: []byte(Host), Path: []byte(c.path),
		RequestHeaders: headers("Host", Host, "User-Agent", a.agent, "Accept", "application/json"),
		Status:         uint16(c.status), Deployment: event.Deployment{Service: []byte("bank")},
		ResponseHeaders: headers("Content-Type", "application/json"),
		ResponseBody:    body(c.answer, "application/json"),
	}
	if c.body != "" {
		e.RequestBody = body(c.body, c.contentType)
		e.RequestHeaders = append(e.RequestHeaders, headers("Content-Type", c.contentType, "Content-Length", fmt.Sprint(len(c.body)))...)
	}
	e.Identity.Scheme = []byte("none")
	if a.Subject != "" && !c.anonymous {
		e.Identity = event.Identity{Scheme: []byte("jwt"), Credential: []byte(a.credential), KeyID: []byte("load"), Subject: []byte(a.Subject)}
		e.RequestHeaders = append(e.RequestHeaders, headers("Authorization", "hmac:load:"+a.credential)...)
		e.Masked = [][]byte{[]byte("request.header:authorization")}
	}
	e.ID = id(g.at, g.o.Seed, g.seq)
	template := c.template
	if c.status == 404 {
		template = "" // nothing serves it
	}
	g.out = append(g.out, Transaction{Event: e, Kind: kind, Actor: a, Template: template})
}

// id is a UUIDv7 whose random part is the seed and the sequence.
func id(at time.Time, seed, seq uint64) [16]byte {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli())<<16|0x7000|seed&0xfff)
	binary.BigEndian.PutUint64(u[8:], 0x8000_0000_0000_0000|seq)
	return u
}

func headers(kv ...string) []event.Header {
	var hs []event.Header
	for i := 0; i < len(kv); i += 2 {
		hs = append(hs, event.Header{Name: []byte(kv[i]), Value: []byte(kv[i+1])})
	}
	return hs
}

func body(text, contentType string) event.Body {
	n := uint64(len(text))
	return event.Body{Data: []byte(text), WireLength: n, SeenLength: n, ContentType: []byte(contentType)}
}

func account(id int) string {
	return fmt.Sprintf(`{"id":%d,"iban":"%s","currency":"EUR","balance_cents":%d}`, id, iban(id), id*37%200000)
}

func accounts(ids []int) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = account(id)
	}
	return `{"accounts":[` + strings.Join(parts, ",") + `]}`
}

// iban is a German IBAN with right check digits for account id.
func iban(id int) string {
	bban := fmt.Sprintf("00000000%010d", id)
	rem := 0
	for _, c := range bban + "131400" {
		rem = (rem*10 + int(c-'0')) % 97
	}
	return fmt.Sprintf("DE%02d%s", 98-rem, bban)
}

// pan is a card number with a right Luhn digit in the test range 4000 00.
func pan(id int) string {
	digits := fmt.Sprintf("400000%09d", id*7919%1_000_000_000)
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}

var notes = []string{"rent", "dinner on Friday", "thanks!", "invoice 2231", "gift; see you soon", "select committee fee", "1 of 2", "O'Neill & sons"}

const problem404 = `{"status":404,"detail":"no such resource"}`

func (g *generator) customer(a *Actor) {
	own := a.own[g.r.IntN(len(a.own))]
	switch n := g.r.IntN(20); {
	case n == 0:
		g.add(a, Ordinary, call{method: "POST", path: "/v1/login", template: "/v1/login", anonymous: true, contentType: "application/json", status: 200,
			body: fmt.Sprintf(`{"username":%q,"password":"***"}`, a.Name), answer: `{"token_type":"Bearer","expires_in":600,"access_token":"***"}`})
	case n <= 2:
		g.add(a, Ordinary, call{method: "GET", path: "/v1/customers/me", template: "/v1/customers/me", status: 200,
			answer: fmt.Sprintf(`{"id":"c%s","name":"A Person","email":"%s@mail.example"}`, a.Name[len(a.Name)-4:], a.Name)})
	case n <= 6:
		g.add(a, Ordinary, call{method: "GET", path: "/v1/accounts", template: "/v1/accounts", status: 200, answer: accounts(a.own)})
	case n <= 12:
		g.add(a, Ordinary, call{method: "GET", path: fmt.Sprintf("/v1/accounts/%d", own), template: "/v1/accounts/{int}", status: 200, answer: account(own)})
	case n <= 15:
		g.add(a, Ordinary, call{method: "GET", path: fmt.Sprintf("/v1/accounts/%d/transfers", own), template: "/v1/accounts/{int}/transfers", status: 200, answer: `{"transfers":[]}`})
	case n <= 17:
		g.add(a, Ordinary, call{method: "GET", path: "/v1/cards", template: "/v1/cards", status: 200,
			answer: fmt.Sprintf(`{"cards":[{"id":%d,"account":%d,"pan":"%s","expires":"09/29"}]}`, own-4000000, own, pan(own))})
	default:
		g.add(a, Ordinary, call{method: "POST", path: "/v1/transfers", template: "/v1/transfers", contentType: "application/json", status: 201,
			body:   fmt.Sprintf(`{"from":%d,"to_iban":"%s","amount_cents":%d,"note":%q}`, own, iban(own+1), 100+g.r.IntN(20000), notes[g.r.IntN(len(notes))]),
			answer: fmt.Sprintf(`{"id":"tr-%06d","from":%d}`, g.seq, own)})
	}
}

func (g *generator) partner(a *Actor) {
	if a.step++; a.step%20 == 1 {
		g.add(a, Ordinary, call{method: "GET", path: "/partner/v1/accounts", template: "/partner/v1/accounts", status: 200, answer: accounts(a.own)})
		return
	}
	own := a.own[g.r.IntN(len(a.own))]
	g.add(a, Ordinary, call{method: "GET", path: fmt.Sprintf("/partner/v1/accounts/%d/balance", own), template: "/partner/v1/accounts/{int}/balance", status: 200,
		answer: fmt.Sprintf(`{"account":%d,"balance_cents":%d}`, own, own*37%200000)})
}

func (g *generator) attack(a *Actor) {
	n := a.step
	a.step++
	switch a.Kind {
	case Injection:
		g.add(a, Injection, call{method: "POST", path: "/v1/transfers", template: "/v1/transfers", contentType: "application/json", status: 422,
			body:   fmt.Sprintf(`{"from":%d,"to_iban":"%s","amount_cents":100,"note":"x' UNION SELECT username, password FROM users WHERE %d=%d -- "}`, a.own[0], iban(7), n, n),
			answer: `{"status":422,"detail":"refused"}`})
	case Stuffing:
		g.add(a, Stuffing, call{method: "POST", path: "/v1/login", template: "/v1/login", anonymous: true, contentType: "application/json", status: 401,
			body: fmt.Sprintf(`{"username":"leaked.user%03d","password":"***"}`, n), answer: `{"status":401,"detail":"wrong username or password"}`})
	case Enumeration:
		id := firstAccount + n
		g.add(a, Enumeration, call{method: "GET", path: fmt.Sprintf("/v1/accounts/%d", id), template: "/v1/accounts/{int}", status: 200, answer: account(id)})
	case Scan:
		g.add(a, Scan, call{method: "GET", path: "/" + scanWords[n%len(scanWords)] + "/" + scanWords[n/len(scanWords)] + url.PathEscape("x"), status: 404, answer: problem404})
	}
}

// scanWords are names that no signature knows: what finds a scan is what it does.
var scanWords = []string{"old", "internal", "staging", "private", "archive", "legacy", "beta", "draft", "hidden", "spare"}
