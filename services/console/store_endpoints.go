package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
)

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

// callerRow is what one principal asked of an endpoint.
type callerRow struct {
	Principal        string
	Requests, Served uint64
	First, Last      time.Time
}

// maxCallers are shown on the page of an endpoint.
const maxCallers = 10

// callers are the principals with most requests to an endpoint, under whatever id they were counted. A
// record is received after its event, but for the sensor's clock: an hour is allowed for that.
func (s *store) callers(ctx context.Context, id string, from time.Time) ([]callerRow, error) {
	var out []callerRow
	err := s.query(ctx, "callers", `
SELECT principal, sum(greatest(sample_rate, 1)) AS requests, sumIf(greatest(sample_rate, 1), status >= 200 AND status < 300 OR status = 101), min(ts), max(ts)
FROM v_events
WHERE tenant = {tenant:String} AND received >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 HOUR AND ts >= {from:DateTime64(6, 'UTC')}
    AND (endpoint_id = {id:String}
        OR endpoint_id IN (SELECT alias_id FROM v_endpoint_aliases WHERE tenant = {tenant:String} AND endpoint_id = {id:String}))
GROUP BY principal ORDER BY requests DESC, principal LIMIT {size:UInt32}`, func(r driver.Rows) error {
		var v callerRow
		err := r.Scan(&v.Principal, &v.Requests, &v.Served, &v.First, &v.Last)
		out = append(out, v)
		return err
	}, named("id", id), named("size", maxCallers), stamp("from", from))
	return out, err
}

// supersededRow is a template that a merge ended. Label is empty where the traffic
// that had it is past its retention.
type supersededRow struct{ ID, Label string }

// superseded names the templates behind ids, from the traffic that was counted for
// them before the merge.
func (s *store) superseded(ctx context.Context, ids []string, since time.Time) ([]supersededRow, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	ids = ids[:min(len(ids), maxSuperseded)]
	labels := map[string]string{}
	err := s.query(ctx, "superseded templates", `
SELECT endpoint_id, max(endpoint) FROM endpoint_minutes
WHERE tenant = {tenant:String} AND endpoint_id IN {ids:Array(String)} AND minute >= {from:DateTime64(6, 'UTC')}
GROUP BY endpoint_id`, func(r driver.Rows) error {
		var id, label string
		err := r.Scan(&id, &label)
		labels[id] = label
		return err
	}, named("ids", ids), stamp("from", since))
	var out []supersededRow
	for _, id := range ids {
		out = append(out, supersededRow{id, labels[id]})
	}
	return out, err
}

// maxSuperseded bounds the merged templates that are named on a page.
const maxSuperseded = 200
