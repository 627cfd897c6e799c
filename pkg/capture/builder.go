package capture

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/pkg/capture/redact"
	"github.com/miradorhq/mirador/pkg/event"
)

// Defaults and bounds in bytes.
const (
	DefaultBodyBytes   = 32 << 10
	DefaultHeaderBytes = 64 << 10
	DefaultEventBytes  = 900 << 10 // below the broker's usual limit of 1 MiB a message
	// The codec takes no more; see event.Event.
	maxHeaders = 2048
	// The list tells what kind of thing was masked; it need not name each of a flood.
	maxMasked = 128
)

// Config of a Builder.
type Config struct {
	// Key hashes credentials. Required.
	Key Key
	// Tenant of the events; "default" where empty. No '|'.
	Tenant string
	// Deployment of the events that bring none.
	Service, Namespace string
	// TrustedProxies are the proxies whose forwarding header counts.
	TrustedProxies []netip.Prefix
	// ForwardedHeader is the header that these proxies append to: "x-forwarded-for"
	// (also where empty), "forwarded" (RFC 7239), or another that holds a list of
	// addresses. "none" reads none. Exactly one is read: a proxy passes on what it
	// does not itself write.
	ForwardedHeader string
	// BodyBytes is kept of a body, a direction; HeaderBytes of names and values, a
	// direction; EventBytes bounds the encoded event: a larger one goes headers-only.
	BodyBytes, HeaderBytes, EventBytes int
	Rules                              Rules
	// Masking is what becomes of personal data.
	Masking Masking
	// KeepFields leaves the values of secret body fields and query parameters as
	// they are, for inspecting a file where nothing leaves the process. Credentials
	// in headers and cookies are hashed all the same. Must not be set where events
	// are shipped.
	KeepFields bool
}

// Validate reports everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	if c.Key.pool == nil {
		errs = append(errs, errNoKey)
	}
	if strings.ContainsRune(c.Tenant, '|') {
		errs = append(errs, fmt.Errorf("capture: tenant %q must not hold '|'", c.Tenant))
	}
	for name, v := range map[string]int{"body": c.BodyBytes, "header": c.HeaderBytes, "event": c.EventBytes} {
		if v < 0 {
			errs = append(errs, fmt.Errorf("capture: %s bytes %d must not be negative", name, v))
		}
	}
	if c.EventBytes > 0 && c.HeaderBytes > 0 && c.EventBytes < c.HeaderBytes {
		errs = append(errs, fmt.Errorf("capture: event bytes %d must be at least header bytes %d", c.EventBytes, c.HeaderBytes))
	}
	errs = append(errs, c.Masking.Validate())
	return errors.Join(errs...)
}

// Raw is a transaction as a source saw it, secrets included. It must not leave
// the process: Build makes the event that may. Client.Address is the peer's.
type Raw struct {
	Event event.Event
	// User is a user name that the source states beside the headers, as an access
	// log does. Build hashes it like a Basic user.
	User []byte
}

// Size is about how much memory r holds in bytes.
func (r *Raw) Size() int { return 512 + event.Size(&r.Event) + len(r.User) }

// Limits counts what was cut. Safe to read at any time.
type Limits struct {
	// Bodies and Headers that were cut, Oversize events that went headers-only.
	Bodies, Headers, Oversize atomic.Uint64
}

// Builder makes events of raw transactions: it finds the caller's address and
// identity, decodes, masks and caps. It is safe for concurrent use.
type Builder struct {
	key           Key
	keyID         []byte
	tenant        []byte
	deployment    event.Deployment
	proxies       []netip.Prefix
	forwarded     string
	forwardedName []byte
	body          int
	header        int
	event         int
	keep          bool
	rules         *compiled
	masking       Masking
	decoder       decoder
	limits        Limits
}

// NewBuilder makes a Builder.
func NewBuilder(c Config) (*Builder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	or := func(v, d int) int {
		if v == 0 {
			return d
		}
		return v
	}
	b := &Builder{
		key: c.Key, keyID: []byte(c.Key.id), tenant: []byte(c.Tenant), proxies: c.TrustedProxies,
		body: or(c.BodyBytes, DefaultBodyBytes), header: or(c.HeaderBytes, DefaultHeaderBytes), event: or(c.EventBytes, DefaultEventBytes),
		keep: c.KeepFields, rules: compile(c.Rules), masking: c.Masking,
		deployment: event.Deployment{Service: []byte(c.Service), Namespace: []byte(c.Namespace)},
	}
	if c.Tenant == "" {
		b.tenant = []byte(event.DefaultTenant)
	}
	switch b.forwarded = strings.ToLower(c.ForwardedHeader); b.forwarded {
	case "":
		b.forwarded = "x-forwarded-for"
	case "none":
		b.forwarded = ""
	}
	b.forwardedName = []byte(b.forwarded)
	return b, nil
}

// BodyBytes is how much of a body is kept: a source need not copy more.
func (b *Builder) BodyBytes() int { return b.body }

// Tenant of the events.
func (b *Builder) Tenant() string { return string(b.tenant) }

// Limits counts what this Builder cut.
func (b *Builder) Limits() *Limits { return &b.limits }

// Build seals r and gives its event, which is r's own. Nothing in it is a
// secret any more by the rules, and it keeps within the caps. r must not be
// built twice. It does not set Sensor, Boot and Sequence.
func (b *Builder) Build(r *Raw) *event.Event {
	e := &r.Event
	if len(e.Tenant) == 0 {
		e.Tenant = b.tenant
	}
	if len(e.Deployment.Service) == 0 {
		e.Deployment.Service = b.deployment.Service
	}
	if len(e.Deployment.Namespace) == 0 {
		e.Deployment.Namespace = b.deployment.Namespace
	}
	if addr, source := b.clientAddress(e.Client.Address, e.RequestHeaders); addr != nil {
		e.Client.Address, e.Client.AddressSource, e.Client.Port = addr, source, 0
	}
	if len(e.TraceID) == 0 {
		e.TraceID = traceID(e.RequestHeader("traceparent"))
	}
	e.Identity = b.Identity(e.RequestHeaders, e.Query, e.TLS)
	m := sealer{b: b, e: e}
	if len(r.User) > 0 {
		if len(e.Identity.Subject) == 0 {
			e.Identity.Subject = b.key.appendHash(nil, []byte("basic"), []byte{0}, r.User)
		}
		if string(e.Identity.Scheme) == "none" {
			e.Identity.Scheme, e.Identity.KeyID = []byte("basic"), b.keyID
		}
		r.User = nil
		m.note("request.header", "authorization")
	}
	// Read before the caps may drop them: a body that stays packed cannot be masked.
	coding, media := e.RequestHeader("content-encoding"), e.RequestHeader("content-type")
	backCoding, backMedia := e.ResponseHeader("content-encoding"), e.ResponseHeader("content-type")
	e.RequestHeaders = b.capHeaders(e.RequestHeaders, &m, "request")
	e.ResponseHeaders = b.capHeaders(e.ResponseHeaders, &m, "response")
	m.headers(e.RequestHeaders, "request")
	m.headers(e.ResponseHeaders, "response")
	if !b.keep {
		e.Query = m.query(e.Query, "request.query")
	}
	m.path()
	b.sealBody(&e.RequestBody, coding, media, &m, "request.body")
	b.sealBody(&e.ResponseBody, backCoding, backMedia, &m, "response.body")
	if b.masking.on() {
		m.personal(coding, backCoding)
	}
	if cut := b.header; len(e.Path) > cut || len(e.Query) > cut {
		e.Path, e.Query = e.Path[:min(len(e.Path), cut)], e.Query[:min(len(e.Query), cut)]
		b.limits.Headers.Add(1)
		m.note("request.target", "cut")
	}
	if event.Size(e) > b.event {
		StripBodies(e)
		b.limits.Oversize.Add(1)
	}
	return e
}

// StripBodies leaves the headers of an event only, and says so.
func StripBodies(e *event.Event) {
	for _, body := range []*event.Body{&e.RequestBody, &e.ResponseBody} {
		if len(body.Data) > 0 {
			body.Data, body.Truncated = nil, true
		}
	}
	e.Flags |= event.HeadersOnly
}

// sealBody decodes, masks and caps one body.
func (b *Builder) sealBody(body *event.Body, coding, contentType []byte, m *sealer, where string) {
	if len(body.ContentType) == 0 {
		body.ContentType = contentType
	}
	body.SeenLength = max(body.SeenLength, uint64(len(body.Data)))
	body.WireLength = max(body.WireLength, body.SeenLength)
	if len(body.Data) == 0 {
		return
	}
	b.decoder.decode(body, string(coding), b.body)
	if len(body.Data) > b.body {
		body.Data, body.Truncated = body.Data[:b.body], true
	}
	if !b.keep {
		r := redact.Body(body.Data, string(body.ContentType), b.rules.fields)
		body.Data = r.Data
		for _, f := range r.Fields {
			m.note(where, f)
		}
	}
	if body.Truncated {
		b.limits.Bodies.Add(1)
	}
}

// capHeaders keeps the first headers up to the cap.
func (b *Builder) capHeaders(hs []event.Header, m *sealer, side string) []event.Header {
	left := b.header
	for i := range hs {
		left -= len(hs[i].Name) + len(hs[i].Value)
		if left < 0 || i == maxHeaders {
			b.limits.Headers.Add(1)
			m.note(side+".headers", "cut")
			return hs[:i]
		}
	}
	return hs
}

// path masks the session that servlet containers write into a path.
func (m *sealer) path() {
	p := m.e.Path
	const mark = ";jsessionid="
	i := bytes.IndexByte(p, ';')
	for ; i >= 0 && i < len(p); i++ {
		if len(p)-i > len(mark) && fold(p[i:i+len(mark)], mark) {
			from := i + len(mark)
			to := from
			for to < len(p) && p[to] != '/' && p[to] != ';' {
				to++
			}
			if to > from {
				out := m.b.key.appendMark(append([]byte(nil), p[:from]...), p[from:to], p[from:to])
				m.e.Path = append(out, p[to:]...)
				m.note("request.path", "jsessionid")
			}
			return
		}
	}
}

// traceID is the trace id of a W3C traceparent header.
func traceID(v []byte) []byte {
	if len(v) < 55 || v[2] != '-' || v[35] != '-' {
		return nil
	}
	id := v[3:35]
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return nil
		}
	}
	return id
}

// NewID makes a UUIDv7 of t: its milliseconds, then randomness.
func NewID(t time.Time) [16]byte {
	return newID(uint64(t.UnixMilli()))
}
