package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

// changes are what can be told of a catalog since a moment. The table keeps the
// latest record of an endpoint only: times in it, and the tombstones of merges, say
// what came, went and was joined; what a schema was like before, nothing does.
type changes struct {
	Added, Gone, Merged, Fields changeList
}

// changeList is the newest of All changes.
type changeList struct {
	Rows []changeRow
	All  uint64
}

// Cut says whether there are more than the rows.
func (l changeList) Cut() bool { return l.All > uint64(len(l.Rows)) }

// changeRow is one change. ID leads to the endpoint where there is one.
type changeRow struct {
	ID, Method, Place string // Place is host/template
	What, Detail      string // of a field its type and place; of a merge the former id and template; else source and protocol
	Sure              bool   // a field that is confirmed
	Hits              uint64
	Risk              uint64
	Scored            bool // where an endpoint has a risk at all
	Time              time.Time
}

func (r *changeRow) Band() string { return riskBand(int(r.Risk)) }

// The columns of each query are those of changeRow, and then how many rows there
// are in all.
const (
	addedEndpoints = `
SELECT id, method, concat(host, template), source, protocol, true, hits, risk, likelihood + impact > 0, first_seen, count() OVER ()
FROM v_endpoints WHERE tenant = {tenant:String} AND first_seen >= {since:DateTime64(6, 'UTC')}
ORDER BY first_seen DESC, id`

	goneEndpoints = `
SELECT id, method, concat(host, template), source, protocol, true, hits, risk, likelihood + impact > 0, last_seen, count() OVER ()
FROM v_endpoints WHERE tenant = {tenant:String} AND last_seen < {since:DateTime64(6, 'UTC')}
ORDER BY last_seen DESC, id`

	// A tombstone has the id alone. The template it had stands with its traffic.
	mergedEndpoints = `
SELECT e.id, e.method, concat(e.host, e.template), old.id, label.name, true, e.hits, e.risk, false, old.received, count() OVER ()
FROM (
    SELECT id, received FROM
    (
        SELECT id, received, deleted FROM endpoints FINAL WHERE tenant = {tenant:String}
        ORDER BY received DESC, topic_id LIMIT 1 BY id
    )
    WHERE deleted AND received >= {since:DateTime64(6, 'UTC')}
) AS old
LEFT JOIN (SELECT alias_id, endpoint_id FROM v_endpoint_aliases WHERE tenant = {tenant:String}) AS a ON old.id = a.alias_id
LEFT JOIN (SELECT id, host, method, template, hits, risk FROM v_endpoints WHERE tenant = {tenant:String}) AS e ON a.endpoint_id = e.id
LEFT JOIN (
    SELECT toString(endpoint_id) AS id, max(endpoint) AS name FROM endpoint_minutes
    WHERE tenant = {tenant:String} AND minute >= {since:DateTime64(6, 'UTC')} - toIntervalDay(7) GROUP BY id
) AS label ON old.id = label.id
ORDER BY old.received DESC, old.id`

	// Fields of endpoints that are new themselves are no change of an endpoint.
	newFields = `
SELECT e.id, e.method, concat(e.host, e.template), f.type, concatWithSeparator(' ', f.direction, f.location, f.path), f.confirmed, f.matched, e.risk, false, f.first_seen, count() OVER ()
FROM (SELECT * FROM v_fields WHERE tenant = {tenant:String} AND first_seen >= {since:DateTime64(6, 'UTC')}) AS f
LEFT JOIN (SELECT alias_id, endpoint_id FROM v_endpoint_aliases WHERE tenant = {tenant:String}) AS a ON f.endpoint_id = a.alias_id
INNER JOIN (SELECT id, host, method, template, risk, first_seen FROM v_endpoints WHERE tenant = {tenant:String} AND first_seen < {since:DateTime64(6, 'UTC')}) AS e
    ON e.id = if(a.endpoint_id != '', a.endpoint_id, f.endpoint_id)
ORDER BY f.confirmed DESC, f.first_seen DESC, f.id`
)

// changesSince asks for all kinds of changes, size rows of each.
func (s *store) changesSince(ctx context.Context, since time.Time, size int) (*changes, error) {
	var out changes
	g, ctx := errgroup.WithContext(ctx)
	for _, q := range []struct {
		name, text string
		to         *changeList
	}{
		{"added endpoints", addedEndpoints, &out.Added}, {"gone endpoints", goneEndpoints, &out.Gone},
		{"merged endpoints", mergedEndpoints, &out.Merged}, {"new fields", newFields, &out.Fields},
	} {
		g.Go(func() error {
			return s.query(ctx, q.name, q.text+` LIMIT {size:UInt32}`, func(r driver.Rows) error {
				var v changeRow
				err := r.Scan(&v.ID, &v.Method, &v.Place, &v.What, &v.Detail, &v.Sure, &v.Hits, &v.Risk, &v.Scored, &v.Time, &q.to.All)
				q.to.Rows = append(q.to.Rows, v)
				return err
			}, stamp("since", since), named("size", size))
		})
	}
	return &out, g.Wait()
}
