package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

// changes are what can be told between the ends of two days.
type changes struct {
	*comparison             // what the records of the two days say
	Gone, Fields changeList // what times in the latest records say
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
	What, Detail      string // of a field its type and place; of what ended its method and place; else source and protocol
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
	goneEndpoints = `
SELECT id, method, concat(host, template), source, protocol, true, hits, risk, likelihood + impact > 0, last_seen, count() OVER ()
FROM v_endpoints WHERE tenant = {tenant:String} AND last_seen < {from:DateTime64(6, 'UTC')}
ORDER BY last_seen DESC, id`

	// Fields of endpoints that are new themselves are no change of an endpoint.
	newFields = `
SELECT e.id, e.method, concat(e.host, e.template), f.type, concatWithSeparator(' ', f.direction, f.location, f.path), f.confirmed, f.matched, e.risk, false, f.first_seen, count() OVER ()
FROM (SELECT * FROM v_fields WHERE tenant = {tenant:String} AND first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}) AS f
LEFT JOIN (SELECT alias_id, endpoint_id FROM v_endpoint_aliases WHERE tenant = {tenant:String}) AS a ON f.endpoint_id = a.alias_id
INNER JOIN (SELECT id, host, method, template, risk, first_seen FROM v_endpoints WHERE tenant = {tenant:String} AND first_seen < {from:DateTime64(6, 'UTC')}) AS e
    ON e.id = if(a.endpoint_id != '', a.endpoint_id, f.endpoint_id)
ORDER BY f.confirmed DESC, f.first_seen DESC, f.id`
)

// changesBetween asks for all kinds of changes from the end of one day to the end
// of another, size rows of each. Of endpoints at most most are compared.
func (s *store) changesBetween(ctx context.Context, since, until time.Time, size, most int) (*changes, error) {
	var out changes
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out.comparison, err = s.compare(ctx, since, until, size, most)
		return err
	})
	for _, q := range []struct {
		name, text string
		to         *changeList
	}{{"gone endpoints", goneEndpoints, &out.Gone}, {"new fields", newFields, &out.Fields}} {
		g.Go(func() error {
			return s.query(ctx, q.name, q.text+` LIMIT {size:UInt32}`, func(r driver.Rows) error {
				var v changeRow
				err := r.Scan(&v.ID, &v.Method, &v.Place, &v.What, &v.Detail, &v.Sure, &v.Hits, &v.Risk, &v.Scored, &v.Time, &q.to.All)
				q.to.Rows = append(q.to.Rows, v)
				return err
			}, stamp("from", since.AddDate(0, 0, 1)), stamp("to", until.AddDate(0, 0, 1)), named("size", size))
		})
	}
	return &out, g.Wait()
}
