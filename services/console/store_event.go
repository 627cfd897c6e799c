package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// eventFull is one transaction as the audit log keeps it: masked, and with headers
// and bodies only where the configuration stores them.
type eventFull struct {
	eventRow
	Received                           time.Time
	Query, Scheme, Protocol, Authority string
	Credential, Subject, Session       string
	AddressSource                      string
	TLSVersion, SNI, JA4               string
	Service, Source, Trace             string
	Masked                             []string
	RequestHeaders, ResponseHeaders    []header
	RequestBody, ResponseBody          string
	RequestType, ResponseType          string
	RequestTruncated, ResponseCut      bool
	Partition                          int32
	Offset                             uint64
}

type header struct{ Name, Value string }

// maxBody is how much of a body the page shows.
const maxBody = 16 << 10

func (s *store) event(ctx context.Context, id string) (*eventFull, error) {
	known := uuids([]string{id})
	if len(known) == 0 {
		return nil, errNotFound
	}
	var e *eventFull
	err := s.query(ctx, "event", `SELECT `+eventColumns+`,
    received, query, scheme, protocol, authority, credential, subject, session, client_address_source,
    tls_version, tls_sni, ja4, service, source_service, trace_id, masked,
    request_headers.name, request_headers.value, response_headers.name, response_headers.value,
    substringUTF8(request_body, 1, {body:UInt32}), substringUTF8(response_body, 1, {body:UInt32}),
    request_content_type, response_content_type, request_truncated, response_truncated, topic_partition, topic_offset
FROM v_events WHERE tenant = {tenant:String} AND event_id = {id:UUID} ORDER BY received DESC LIMIT 1`, func(r driver.Rows) error {
		e = &eventFull{}
		var us uint64
		var requestNames, requestValues, responseNames, responseValues []string
		err := r.Scan(append(eventTargets(&e.eventRow, &us), &e.Received, &e.Query, &e.Scheme, &e.Protocol, &e.Authority, &e.Credential, &e.Subject,
			&e.Session, &e.AddressSource, &e.TLSVersion, &e.SNI, &e.JA4, &e.Service, &e.Source, &e.Trace, &e.Masked,
			&requestNames, &requestValues, &responseNames, &responseValues, &e.RequestBody, &e.ResponseBody, &e.RequestType, &e.ResponseType,
			&e.RequestTruncated, &e.ResponseCut, &e.Partition, &e.Offset)...)
		e.Duration = time.Duration(us) * time.Microsecond
		e.RequestHeaders, e.ResponseHeaders = headers(requestNames, requestValues), headers(responseNames, responseValues)
		return err
	}, named("id", known[0]), named("body", maxBody))
	if err == nil && e == nil {
		err = errNotFound
	}
	return e, err
}

func headers(names, values []string) []header {
	var out []header
	for i := range names {
		out = append(out, header{names[i], values[i]})
	}
	return out
}

// aboutEvent are findings that name the event among their first supporting ones.
func (s *store) aboutEvent(ctx context.Context, id string) ([]findingRow, error) {
	var out []findingRow
	err := s.query(ctx, "findings of an event", `SELECT `+findingColumns+`
FROM v_findings WHERE tenant = {tenant:String} AND has(events, {id:String}) ORDER BY ts DESC, id LIMIT 50`, func(r driver.Rows) error {
		var v findingRow
		err := scanFinding(r, &v)
		out = append(out, v)
		return err
	}, named("id", id))
	return out, err
}
