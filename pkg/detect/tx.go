package detect

import (
	"encoding/hex"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Source is where a record came from. Under inspect, Partition is 0 and Offset
// the index in the input.
type Source struct {
	Topic     string
	TopicID   [16]byte
	Partition int32
	Offset    int64
	// BrokerTime is the record's timestamp as the broker holds it.
	BrokerTime time.Time
}

// Tx is one transaction as a detector sees it. Everything it lends is valid
// until Detect returns.
type Tx struct {
	Event     *event.Event
	Tenant    string
	Principal string
	Endpoint  catalog.Match
	// Time is the event's time, clamped where its stamp was too far ahead of the
	// broker's.
	Time   time.Time
	Source Source
	// Prepared is the detector's own, set by its Prepare.
	Prepared any

	limits         content.Limits
	request        content.Document
	response       content.Document
	requestParsed  bool
	responseParsed bool
}

// Reset makes tx ready for e. m resolves the endpoint; it must not be nil.
// Buffers of an earlier use are kept.
func (tx *Tx) Reset(e *event.Event, src Source, t time.Time, m catalog.Matcher, limits content.Limits) {
	tx.Event, tx.Source, tx.Time, tx.Prepared, tx.limits = e, src, t, nil, limits
	tx.Tenant = string(e.Tenant)
	tx.Principal = e.Principal()
	tx.Endpoint = m.Match(tx.Tenant, e.Host(), string(e.Method), e.Path)
	tx.requestParsed, tx.responseParsed = false, false
}

// Request is the request's leaves: path, query, headers, cookies, body. Parsed
// at most once, at the first call.
func (tx *Tx) Request() *content.Document {
	if !tx.requestParsed {
		content.ParseRequest(tx.Event, &tx.request, tx.limits)
		tx.requestParsed = true
	}
	return &tx.request
}

// Response is the response's leaves: headers, set cookies, body.
func (tx *Tx) Response() *content.Document {
	if !tx.responseParsed {
		content.ParseResponse(tx.Event, &tx.response, tx.limits)
		tx.responseParsed = true
	}
	return &tx.response
}

// EventID is the id of the event as text.
func (tx *Tx) EventID() string { return tx.Event.IDString() }

// Subject is the subject of a finding about this transaction.
func (tx *Tx) Subject() finding.Subject {
	e := tx.Event
	s := finding.Subject{
		Principal: tx.Principal, Credential: string(e.Identity.Credential), Session: string(e.Identity.Session),
		KeyID: string(e.Identity.KeyID), Endpoint: tx.Endpoint.Label, EndpointID: tx.Endpoint.ID,
		Service: string(e.Deployment.Service), JA4: string(e.TLS.JA4),
	}
	if len(e.Client.Address) > 0 {
		s.Addresses = []string{string(e.Client.Address)}
	}
	return s
}

// Stamp notes on the findings of out from the n-th on which transaction raised them,
// where they do not say so themselves.
func (tx *Tx) Stamp(n int, out *Out) {
	var src *finding.Source
	for i := n; i < len(out.Findings); i++ {
		if f := &out.Findings[i]; f.Source == nil {
			if src == nil {
				src = tx.source()
			}
			f.Source = src
		}
	}
}

func (tx *Tx) source() *finding.Source {
	s := &tx.Source
	return &finding.Source{
		Topic: s.Topic, TopicID: hex.EncodeToString(s.TopicID[:]), Partition: s.Partition, Offset: s.Offset,
		Replayed: tx.Event.Has(event.Replayed), Refused: tx.Event.Has(event.Enforced), Unproven: tx.Event.Status == 401,
	}
}

// Finding starts a finding of rule r about this one event.
func (tx *Tx) Finding(r *finding.Rule) finding.Finding {
	f := finding.From(r, tx.Tenant)
	f.ID = finding.ID(tx.Tenant, r.Detector, r.ID, tx.EventID())
	f.Time, f.FirstSeen, f.LastSeen, f.Count = tx.Time, tx.Time, tx.Time, 1
	f.Subject = tx.Subject()
	f.Events = []string{tx.EventID()}
	f.Source = tx.source()
	return f
}
