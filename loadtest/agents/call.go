package agents

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
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
	page                          bool // shown in a browser within the app
	size                          int  // of the response on the wire, where it is not that of answer
	// source is the service that calls, service and namespace who is called, where it is
	// not the API itself.
	source, service, namespace string
}

// send puts out the transaction of x.
func (d *day) send(x *actor, c call) {
	d.sequence++
	host, service := Bank, "bank"
	if x.shop {
		host, service = Shop, "shop"
	}
	if c.service != "" {
		service = c.service
	}
	agent, ja4 := x.agent, x.ja4
	if x.Cohort == Phone && x.attack == nil && x.number%37 == 5 && d.n == d.w.o.Days-1 { // a new phone
		agent, ja4 = "bank-app/5.0 (Android)", "t13d1517h2_8daaf6152771_b0da82dd1658"
	}
	if c.page {
		agent, ja4 = browser, browserJA4
	}
	took := int64(8+x.r.IntN(60)) * int64(time.Millisecond)
	e := &event.Event{
		Tenant: []byte(d.w.o.Tenant), Sensor: []byte("agents"), Boot: d.w.o.Seed + uint64(d.n) + 1, Sequence: d.sequence,
		RequestTime: d.now, ResponseTime: d.now + took,
		Client: event.Client{Address: []byte(x.address), Port: uint16(20000 + x.r.IntN(40000)), AddressSource: []byte("connection")},
		TLS:    event.TLS{Version: []byte("1.3"), SNI: []byte(host), JA4: []byte(ja4)},
		Method: []byte(c.method), Scheme: []byte("https"), Protocol: []byte("HTTP/1.1"), Authority: []byte(host), Path: []byte(c.path), Query: []byte(c.query),
		RequestHeaders: headers("Host", host, "User-Agent", agent, "Accept", "application/json"),
		Status:         uint16(c.status), Deployment: event.Deployment{Service: []byte(service), Source: []byte(c.source), Namespace: []byte(c.namespace)},
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
		id.TokenHeader, id.Claims = shown(t.bearer)
		t.Event.RequestHeaders = append(t.Event.RequestHeaders, headers("Authorization", "hmac:agents:"+string(id.Credential))...)
	case Caller:
		id.Scheme, id.Credential, id.Subject = []byte("mtls"), hash(x.secret), hash("subject "+x.secret)
		return
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

// token is a JWT of x: the refreshed one differs, its subject does not.
func (x *actor) token(d *day) string {
	role := "customer"
	if x.Cohort == Support || x.Cohort == Batch {
		role = string(x.Cohort)
	}
	return x.forge(signed, issuer, role, d.now, time.Hour)
}

const (
	issuer = "https://id.bank.example"
	signed = `{"alg":"RS256","typ":"JWT"}`
)

func (x *actor) forge(header, issuer, role string, at int64, good time.Duration) string {
	enc := base64.RawURLEncoding
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"roles":[%q],"iat":%d,"exp":%d}`, issuer, x.Name, role, at/1e9, at/1e9+int64(good.Seconds()))
	return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(claims)) + "." + hexOf(number(x.Name), uint64(at))
}

// shown is what a sensor keeps of a token.
func shown(token string) (header []byte, claims []event.Claim) {
	enc := base64.RawURLEncoding
	first, rest, _ := strings.Cut(token, ".")
	second, _, _ := strings.Cut(rest, ".")
	header, _ = enc.DecodeString(first)
	payload, _ := enc.DecodeString(second)
	var all map[string]json.RawMessage
	if json.Unmarshal(payload, &all) != nil {
		return header, nil
	}
	for _, name := range [...]string{"iss", "roles", "exp", "iat"} {
		if v := all[name]; v != nil {
			claims = append(claims, event.Claim{Name: []byte(name), Value: v})
		}
	}
	return header, claims
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

// The browser of a phone.
const (
	browser    = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) Safari/605.1"
	browserJA4 = "t13d2014h2_a09f3c656075_e42f34c56612"
)

const (
	missing = `{"status":404,"detail":"no such resource"}`
	refused = `{"status":401,"detail":"wrong user name or password"}`
)
