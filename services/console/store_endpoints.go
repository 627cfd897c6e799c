package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
)

// endpointRow is an endpoint in a list.
type endpointRow struct {
	ID, Host, Method, Template, Protocol, Source string
	Hits                                         uint64
	Status                                       map[string]uint64 // by class, as "2xx"
	Auth                                         []catalog.Tally
	FirstSeen, LastSeen                          time.Time
	Params                                       int
	Sensitive                                    uint64 // confirmed sensitive fields
}

// Label is "METHOD host/template".
func (e *endpointRow) Label() string { return e.Method + " " + e.Host + e.Template }

const endpointConditions = `
tenant = {tenant:String}
AND ({kind:String} = '' OR method = {kind:String})
AND ({place:String} = '' OR host = {place:String})
AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(method, ' ', host, template), {text:String}) > 0)`

func listArgs(f listFilter) []arg {
	return []arg{named("kind", f.Kind), named("place", f.Place), named("text", f.Text)}
}

func (s *store) endpoints(ctx context.Context, f listFilter, size int) ([]endpointRow, error) {
	var out []endpointRow
	err := s.query(ctx, "endpoints", `
SELECT id, host, method, template, protocol, source, hits, statuses.name, statuses.count, auth.name, auth.count, first_seen, last_seen,
    length(params.name), f.sensitive
FROM (SELECT * FROM v_endpoints WHERE `+endpointConditions+`) AS e
LEFT JOIN (SELECT endpoint_id, count() AS sensitive FROM v_fields WHERE tenant = {tenant:String} AND confirmed GROUP BY endpoint_id) AS f ON e.id = f.endpoint_id
ORDER BY hits DESC, host, template, method LIMIT {size:UInt32} OFFSET {skip:UInt32}`, func(r driver.Rows) error {
		var v endpointRow
		var statusNames, authNames []string
		var statusCounts, authCounts []uint64
		var params uint64
		err := r.Scan(&v.ID, &v.Host, &v.Method, &v.Template, &v.Protocol, &v.Source, &v.Hits, &statusNames, &statusCounts, &authNames, &authCounts,
			&v.FirstSeen, &v.LastSeen, &params, &v.Sensitive)
		v.Params, v.Status = int(params), map[string]uint64{}
		for i, n := range statusNames {
			v.Status[n] = statusCounts[i]
		}
		for i, n := range authNames {
			v.Auth = append(v.Auth, catalog.Tally{Name: n, Count: authCounts[i]})
		}
		out = append(out, v)
		return err
	}, append(listArgs(f), named("size", size), named("skip", size*(max(f.Page, 1)-1)))...)
	return out, err
}

// endpointChoices are all hosts and methods, and how many endpoints f lets through.
func (s *store) endpointChoices(ctx context.Context, f listFilter) (hosts, methods []string, n uint64, err error) {
	err = s.query(ctx, "endpoint choices", `
SELECT arraySort(groupUniqArray(500)(host)), arraySort(groupUniqArray(50)(method)),
    (SELECT count() FROM v_endpoints WHERE `+endpointConditions+`)
FROM v_endpoints WHERE tenant = {tenant:String}`, func(r driver.Rows) error {
		return r.Scan(&hosts, &methods, &n)
	}, listArgs(f)...)
	return hosts, methods, n, err
}

// endpoint is the whole record of one; ids that a merge ended lead to what they
// became part of.
func (s *store) endpoint(ctx context.Context, id string) (*catalog.Endpoint, error) {
	var e *catalog.Endpoint
	err := s.query(ctx, "endpoint", `
SELECT record FROM v_endpoints
WHERE tenant = {tenant:String} AND (id = {id:String} OR has(supersedes, {id:String}))
ORDER BY id = {id:String} DESC LIMIT 1`, func(r driver.Rows) error {
		var record string
		if err := r.Scan(&record); err != nil {
			return err
		}
		e = &catalog.Endpoint{}
		return json.Unmarshal([]byte(record), e)
	}, named("id", id))
	if err == nil && e == nil {
		err = errNotFound
	}
	return e, err
}

// endpointTraffic is the traffic of one endpoint over sp.
func (s *store) endpointTraffic(ctx context.Context, id string, sp span, from time.Time) ([]trafficPoint, error) {
	var out []trafficPoint
	err := s.query(ctx, "endpoint traffic", `
SELECT intDiv(toUnixTimestamp(minute), {step:Int64}) * {step:Int64} AS start,
    sum(hits), sum(client_errors), sum(server_errors), sum(refused)
FROM v_endpoint_minutes
WHERE tenant = {tenant:String} AND endpoint_id = {id:String} AND minute >= {from:DateTime64(6, 'UTC')}
GROUP BY start ORDER BY start LIMIT 5000`, func(r driver.Rows) error {
		var p trafficPoint
		err := r.Scan(&p.Start, &p.Hits, &p.Client4xx, &p.Server5xx, &p.Refuse)
		out = append(out, p)
		return err
	}, named("id", id), named("step", int64(max(sp.Step, time.Minute)/time.Second)), stamp("from", from))
	return out, err
}
