package chsink

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// EventSettings say how much of an event is kept in ClickHouse. Credentials were
// masked by the sensor; Masking takes out what else is sensitive.
type EventSettings struct {
	Query     bool          `yaml:"query" doc:"Keep the query string."`
	Headers   bool          `yaml:"headers" doc:"Keep the masked headers."`
	Bodies    bool          `yaml:"bodies" doc:"Keep the masked bodies."`
	MaxText   int           `yaml:"max_text" doc:"Bytes kept of a path, a query, a header value and any other single text."`
	MaxBody   int           `yaml:"max_body" doc:"Bytes kept of a body."`
	MaxAhead  time.Duration `yaml:"max_ahead" doc:"An event whose time is further ahead of its receipt by Kafka than this is filed under the time of receipt."`
	Mask      bool          `yaml:"mask" doc:"Put pseudonyms in the place of sensitive data in what is kept, whatever the shipper left."`
	Principal int           `yaml:"principal_cache" doc:"Addresses and hosts whose normal form is remembered."`
	// Masking does what Mask says; nil keeps everything as it came.
	Masking Masking `yaml:"-"`
}

// Masking takes sensitive data out of parts of a message. What it gives may alias
// what it was given. It is called from one goroutine.
type Masking interface {
	Path(path []byte) []byte
	Query(query []byte) []byte
	Header(name, value []byte) []byte
	// Claim is that of a token, its value in JSON.
	Claim(name, value []byte) []byte
	// Body gives false for one that it cannot look into.
	Body(data []byte, contentType string, truncated bool) ([]byte, bool)
}

// DefaultEventSettings keep metadata and the query.
func DefaultEventSettings() EventSettings {
	return EventSettings{Query: true, Mask: true, MaxText: 8 << 10, MaxBody: 64 << 10, MaxAhead: 5 * time.Minute, Principal: 50_000}
}

// Validate reports everything that is wrong.
func (s *EventSettings) Validate() error {
	var errs []error
	for _, v := range []struct {
		name  string
		value int
	}{{"max_text", s.MaxText}, {"max_body", s.MaxBody}, {"principal_cache", s.Principal}} {
		if v.value < 1 {
			errs = append(errs, fmt.Errorf("%s: %d is less than 1", v.name, v.value))
		}
	}
	if s.MaxAhead < 0 {
		errs = append(errs, fmt.Errorf("max_ahead: %s is less than 0", s.MaxAhead))
	}
	return errors.Join(errs...)
}

// Events is the sink of mirador.events into the table events. One goroutine at a
// time.
type Events struct {
	*table
	settings EventSettings
	matcher  catalog.Matcher
	columns  *eventColumns
	event    event.Event // decoded into, again and again

	tenants, methods, hosts, addresses *memo
	principal                          []byte

	cappedText, cappedBody, clamped prometheus.Counter
}

// NewEvents makes the sink. m gives each event its endpoint; it is asked once an
// event, from the goroutine that appends. metrics may be nil.
func NewEvents(cfg Config, m catalog.Matcher, s EventSettings, metrics *Metrics) (*Events, error) {
	if m == nil {
		return nil, errors.New("chsink: events: no matcher")
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("chsink: events: settings: %w", err)
	}
	t, err := newTable("events", cfg, metrics)
	if err != nil {
		return nil, err
	}
	text := func(b []byte) string { return string(b) }
	e := &Events{
		table: t, settings: s, matcher: m, columns: t.eventColumns(),
		tenants: newMemo(s.Principal, text), methods: newMemo(s.Principal, text),
		hosts:      newMemo(s.Principal, func(b []byte) string { return (&event.Event{Authority: b}).Host() }),
		addresses:  newMemo(s.Principal, event.AddressPrincipal),
		cappedText: t.metrics.capped.WithLabelValues("events", "text"),
		cappedBody: t.metrics.capped.WithLabelValues("events", "body"),
		clamped:    t.metrics.clamped.WithLabelValues("events"),
	}
	return e, nil
}

// Append adds the row of r, which stands in the topic of that id. An error means
// that r is no event; the batch is then as before. Nothing of r is kept.
func (s *Events) Append(r *kgo.Record, topicID [16]byte) error {
	e, c := &s.event, s.columns
	if err := event.Decode(r.Value, e); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	n := s.appendHead(e, r)
	n += s.appendIdentity(e)
	n += s.appendRequest(e)

	m := s.matcher.Match(s.tenants.of(e.Tenant), s.hosts.of(e.Authority), s.methods.of(e.Method), e.Path)
	c.endpointID.appendString(m.ID)
	c.endpoint.appendString(m.Label)
	c.endpointKnown.Append(m.Known)

	c.service.append(e.Deployment.Service)
	c.namespace.append(e.Deployment.Namespace)
	c.sourceService.append(e.Deployment.Source)
	c.traceID.AppendBytes(s.cut(e.TraceID))
	c.flags.Append(uint32(e.Flags))
	c.sampleRate.Append(max(e.SampleRate, 1))
	for _, v := range e.Masked {
		c.masked.data.append(s.cut(v))
	}
	c.masked.end()
	n += s.appendMessage(&c.request, &e.RequestBody, e.RequestHeaders)
	n += s.appendMessage(&c.response, &e.ResponseBody, e.ResponseHeaders)
	s.added(n + fixedBytes)
	return nil
}

// fixedBytes is about what the columns of fixed width and the keys of the
// dictionaries take in a row.
const fixedBytes = 300

func (s *Events) appendHead(e *event.Event, r *kgo.Record) int {
	c := s.columns
	c.tenant.append(e.Tenant)
	ns := e.RequestTime
	if ns == 0 {
		ns = e.ResponseTime
	}
	// An unknown time, and one from the future, would hide the event from whoever
	// looks at the last hour, or keep it in view for ever.
	if received := r.Timestamp.UnixNano(); ns <= 0 || ns-received > int64(s.settings.MaxAhead) {
		ns = received
		s.clamped.Inc()
	}
	c.ts.appendMicros(ns / int64(time.Microsecond))
	c.eventID.Append(uuid.UUID(e.ID))
	c.sensor.append(s.cut(e.Sensor))
	c.boot.Append(e.Boot)
	c.sequence.Append(e.Sequence)
	c.clientAddress.AppendBytes(s.cut(e.Client.Address))
	c.clientPort.Append(e.Client.Port)
	c.addressSource.append(s.cut(e.Client.AddressSource))
	return len(e.Client.Address)
}

func (s *Events) appendIdentity(e *event.Event) int {
	c, id := s.columns, &e.Identity
	p := s.appendPrincipal(s.principal[:0], e)
	s.principal = p[:0]
	c.principal.AppendBytes(s.cut(p))
	c.authenticated.Append(e.Authenticated())
	c.identityScheme.append(s.cut(id.Scheme))
	c.credential.AppendBytes(s.cut(id.Credential))
	c.keyID.append(s.cut(id.KeyID))
	c.subject.AppendBytes(s.cut(id.Subject))
	c.session.AppendBytes(s.cut(id.Session))
	c.tokenHeader.append(s.cut(id.TokenHeader))
	n := len(p) + len(id.Credential) + len(id.Subject) + len(id.Session)
	for i := range id.Claims {
		v := id.Claims[i].Value
		if s.settings.Masking != nil {
			v = s.settings.Masking.Claim(id.Claims[i].Name, v)
		}
		c.claimNames.data.append(s.cut(id.Claims[i].Name))
		c.claimValues.data.AppendBytes(s.cut(v))
		n += len(v)
	}
	c.claimNames.end()
	c.claimValues.end()
	c.tlsVersion.append(s.cut(e.TLS.Version))
	c.tlsSNI.append(s.cut(e.TLS.SNI))
	c.ja4.append(s.cut(e.TLS.JA4))
	c.clientCertificate.append(s.cut(e.TLS.ClientCertificate))
	subject := e.TLS.ClientSubject
	if s.settings.Masking != nil {
		subject = s.settings.Masking.Header(clientSubject, subject)
	}
	c.clientSubject.append(s.cut(subject))
	return n
}

// appendPrincipal is event.Event.Principal without its allocation.
func (s *Events) appendPrincipal(b []byte, e *event.Event) []byte {
	switch id := &e.Identity; {
	case len(id.Subject) > 0:
		return append(append(b, "sub:"...), id.Subject...)
	case len(id.Session) > 0:
		return append(append(b, "ses:"...), id.Session...)
	case len(id.Credential) > 0:
		return append(append(b, "cred:"...), id.Credential...)
	}
	return append(b, s.addresses.of(e.Client.Address)...)
}

func (s *Events) appendRequest(e *event.Event) int {
	c := s.columns
	c.method.append(s.cut(e.Method))
	c.scheme.append(s.cut(e.Scheme))
	c.protocol.append(s.cut(e.Protocol))
	c.authority.append(s.cut(e.Authority))
	host := s.hosts.of(e.Authority)
	if len(host) > s.settings.MaxText {
		host = host[:s.settings.MaxText] // counted with the authority
	}
	c.host.appendString(host)
	path := e.Path
	if s.settings.Masking != nil {
		path = s.settings.Masking.Path(path)
	}
	path = s.cut(path)
	c.path.AppendBytes(path)
	var query []byte
	if s.settings.Query {
		if query = e.Query; s.settings.Masking != nil {
			query = s.settings.Masking.Query(query)
		}
		query = s.cut(query)
	}
	c.query.AppendBytes(query)
	c.status.Append(e.Status)
	c.duration.Append(uint64(e.Duration() / time.Microsecond))
	c.userAgent.append(s.cut(e.RequestHeader("user-agent")))
	return len(path) + len(query)
}

func (s *Events) appendMessage(c *messageColumns, b *event.Body, headers []event.Header) int {
	c.bytes.Append(b.WireLength)
	c.seen.Append(b.SeenLength)
	c.truncated.Append(b.Truncated)
	c.contentType.append(s.cut(b.ContentType))
	n := 0
	if s.settings.Headers {
		for i := range headers {
			v := headers[i].Value
			if s.settings.Masking != nil {
				v = s.settings.Masking.Header(headers[i].Name, v)
			}
			v = s.cut(v)
			c.headerNames.data.append(s.cut(headers[i].Name))
			c.headerValues.data.AppendBytes(v)
			n += len(v)
		}
	}
	c.headerNames.end()
	c.headerValues.end()
	var body []byte
	if s.settings.Bodies {
		if body = b.Data; s.settings.Masking != nil {
			masked, readable := s.settings.Masking.Body(body, string(b.ContentType), b.Truncated)
			if !readable {
				masked = nil
			}
			body = masked
		}
		if len(body) > s.settings.MaxBody {
			body = body[:s.settings.MaxBody]
			s.cappedBody.Inc()
		}
	}
	c.body.AppendBytes(body)
	return n + len(body)
}

var clientSubject = []byte("client-subject")

// cut cuts b at the limit of a single text.
func (s *Events) cut(b []byte) []byte {
	if len(b) > s.settings.MaxText {
		s.cappedText.Inc()
		return b[:s.settings.MaxText]
	}
	return b
}
