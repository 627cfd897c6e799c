package agents

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// Hosts of the two APIs.
const (
	Bank = "api.bank.example"
	Shop = "api.shop.example"
)

// call is one request and its response, before it becomes an event.
type call struct {
	method, path, query, template string
	object, user                  string
	body, answer                  string
	status                        int
	anonymous                     bool
	size                          int // of the response on the wire, where it is not that of answer
}

// send puts out the transaction of x.
func (d *day) send(x *actor, c call) {
	d.sequence++
	host, service := Bank, "bank"
	if x.shop {
		host, service = Shop, "shop"
	}
	took := int64(8+x.r.IntN(60)) * int64(time.Millisecond)
	e := &event.Event{
		Tenant: []byte(d.w.o.Tenant), Sensor: []byte("agents"), Boot: d.w.o.Seed + uint64(d.n) + 1, Sequence: d.sequence,
		RequestTime: d.now, ResponseTime: d.now + took,
		Client: event.Client{Address: []byte(x.address), Port: uint16(20000 + x.r.IntN(40000)), AddressSource: []byte("connection")},
		TLS:    event.TLS{Version: []byte("1.3"), SNI: []byte(host), JA4: []byte(x.ja4)},
		Method: []byte(c.method), Scheme: []byte("https"), Protocol: []byte("HTTP/1.1"), Authority: []byte(host), Path: []byte(c.path), Query: []byte(c.query),
		RequestHeaders: headers("Host", host, "User-Agent", x.agent, "Accept", "application/json"),
		Status:         uint16(c.status), Deployment: event.Deployment{Service: []byte(service)},
		ResponseHeaders: headers("Content-Type", "application/json"),
		ResponseBody:    body(c.answer),
	}
	if c.size > len(c.answer) {
		e.ResponseBody.WireLength, e.ResponseBody.Truncated = uint64(c.size), true
	}
	if c.body != "" {
		e.RequestBody = body(c.body)
		e.RequestHeaders = append(e.RequestHeaders, headers("Content-Type", "application/json")...)
	}
	t := &Transaction{Event: e, Cohort: x.Cohort, Attack: x.attack, Template: c.template, Object: c.object, User: c.user}
	t.identify(x, c.anonymous)
	binary.BigEndian.PutUint64(e.ID[:8], uint64(d.now/1e6)<<16|0x7000|d.w.o.Seed&0xfff)
	binary.BigEndian.PutUint64(e.ID[8:], 0x8000_0000_0000_0000|uint64(d.n)<<40|d.sequence)
	if err := d.emit(t); err != nil {
		d.err = err
	}
}

// identify says who t is, as a sensor would: what was sent stays in t alone.
func (t *Transaction) identify(x *actor, anonymous bool) {
	id := &t.Event.Identity
	id.Scheme = []byte("none")
	if anonymous || x.secret == "" {
		return
	}
	hash := func(of string) []byte { return []byte(hexOf(number(of), 8)) }
	id.KeyID = []byte("agents")
	masked := "request.header:authorization"
	switch x.Cohort {
	case Phone, Support, Batch:
		t.bearer = x.secret
		id.Scheme, id.Credential, id.Subject = []byte("jwt"), hash(t.bearer), hash("subject "+x.Name)
		id.Claims = []event.Claim{{Name: []byte("iss"), Value: []byte(`"https://id.bank.example"`)}, {Name: []byte("roles"), Value: fmt.Appendf(nil, "[%q]", x.role())}}
		t.Event.RequestHeaders = append(t.Event.RequestHeaders, headers("Authorization", "hmac:agents:"+string(id.Credential))...)
	case Partner:
		t.key = x.secret
		id.Scheme, id.Credential = []byte("api-key"), hash(t.key)
		t.Event.RequestHeaders = append(t.Event.RequestHeaders, headers("X-Api-Key", "hmac:agents:"+string(id.Credential))...)
		masked = "request.header:x-api-key"
	default:
		t.cookie = x.secret
		id.Scheme, id.Credential, id.Session = []byte("cookie"), hash(t.cookie), hash(t.cookie)
		t.Event.RequestHeaders = append(t.Event.RequestHeaders, headers("Cookie", "sid=hmac:agents:"+string(id.Session))...)
		masked = "request.cookie:sid"
	}
	t.Event.Masked = [][]byte{[]byte(masked)}
}

// role is what the bank has x down as.
func (x *actor) role() string {
	if x.Cohort == Support || x.Cohort == Batch {
		return string(x.Cohort)
	}
	return "customer"
}

// token is a JWT of x: the refreshed one differs, its subject does not.
func (x *actor) token(d *day) string {
	enc := base64.RawURLEncoding
	claims := fmt.Sprintf(`{"iss":"https://id.bank.example","sub":%q,"roles":[%q],"iat":%d,"exp":%d}`, x.Name, x.role(), d.now/1e9, d.now/1e9+3600)
	return enc.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + enc.EncodeToString([]byte(claims)) + "." + hexOf(number(x.Name), uint64(d.now))
}

func headers(kv ...string) []event.Header {
	hs := make([]event.Header, 0, len(kv)/2+3)
	for i := 0; i < len(kv); i += 2 {
		hs = append(hs, event.Header{Name: []byte(kv[i]), Value: []byte(kv[i+1])})
	}
	return hs
}

func body(text string) event.Body {
	n := uint64(len(text))
	return event.Body{Data: []byte(text), WireLength: n, SeenLength: n, ContentType: []byte("application/json")}
}

const (
	missing = `{"status":404,"detail":"no such resource"}`
	refused = `{"status":401,"detail":"wrong user name or password"}`
)
