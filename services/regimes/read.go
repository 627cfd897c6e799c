package regimes

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// MaxRows bounds the fields and the findings of a report.
const MaxRows = 100_000

// Read asks ClickHouse for what a report of the time from since to until is made from.
// conn is bound to the database. More than MaxRows of anything is an error, never cut.
func Read(ctx context.Context, conn driver.Conn, tenant string, since, until time.Time) (*Seen, error) {
	fields, err := ReadFields(ctx, conn, tenant, since, until)
	if err != nil {
		return nil, err
	}
	findings, err := readFindings(ctx, conn, tenant, since, until)
	if err != nil {
		return nil, err
	}
	return &Seen{Tenant: tenant, Since: since.UTC(), Until: until.UTC(), Fields: fields, Findings: findings}, nil
}

// aliased gives the endpoint that another became part of.
const aliased = `WITH aliases AS (SELECT alias_id, endpoint_id FROM v_endpoint_aliases WHERE tenant = {tenant:String})
`

// ReadFields asks for the confirmed fields that were seen from since to until.
func ReadFields(ctx context.Context, conn driver.Conn, tenant string, since, until time.Time) (out []Field, err error) {
	err = each(ctx, conn, "fields", aliased+`
SELECT f.id, f.type, if(e.id = '', f.endpoint, concat(e.method, ' ', e.host, e.template)), if(e.id = '', f.endpoint_id, e.id),
    concat(f.direction, '.', f.location), f.path, f.confidence, f.matched, f.masked, f.first_seen, f.last_seen,
    arrayFilter((n, c) -> c > 0, e.`+"`exposure.name`, e.`exposure.count`"+`),
    arraySum(arrayMap((n, c) -> if(n = 'none', c, 0), e.`+"`auth_served.name`, e.`auth_served.count`"+`)), e.callers, e.services
FROM v_fields AS f
LEFT JOIN aliases AS a ON a.alias_id = f.endpoint_id
LEFT JOIN (SELECT * FROM v_endpoints WHERE tenant = {tenant:String}) AS e ON e.id = if(a.endpoint_id = '', f.endpoint_id, a.endpoint_id)
WHERE f.tenant = {tenant:String} AND f.confirmed AND f.last_seen >= {since:DateTime64(6, 'UTC')} AND f.first_seen < {until:DateTime64(6, 'UTC')}
ORDER BY 3, 4, 5, 6, 2, 1`, tenant, since, until,
		func(r driver.Rows) error {
			var f Field
			var open uint64
			if err := r.Scan(&f.ID, &f.Class, &f.Endpoint, &f.EndpointID, &f.Place, &f.Path, &f.Confidence, &f.Values, &f.Masked, &f.FirstSeen, &f.LastSeen, &f.Exposed, &open,
				&f.Callers, &f.Services); err != nil {
				return err
			}
			if open > 0 {
				f.Exposed = append(f.Exposed, Unauthenticated)
			}
			// A field of an endpoint that became part of another is that one's.
			if n := len(out); n > 0 && out[n-1].same(&f) {
				out[n-1].join(&f)
				return nil
			}
			out = append(out, f)
			return nil
		})
	return out, err
}

func (f *Field) same(o *Field) bool {
	return f.EndpointID == o.EndpointID && f.Place == o.Place && f.Path == o.Path && f.Class == o.Class
}

func (f *Field) join(o *Field) {
	f.also = append(f.also, o.ID)
	f.Values += o.Values
	f.Confidence = max(f.Confidence, o.Confidence)
	if o.FirstSeen.Before(f.FirstSeen) {
		f.FirstSeen = o.FirstSeen
	}
	if o.LastSeen.After(f.LastSeen) {
		f.LastSeen = o.LastSeen
	}
}

func readFindings(ctx context.Context, conn driver.Conn, tenant string, since, until time.Time) (out []Finding, err error) {
	err = each(ctx, conn, "findings", aliased+`
SELECT f.id, f.rule, f.title, f.severity, f.summary, f.endpoint, if(a.endpoint_id = '', f.endpoint_id, a.endpoint_id), f.count, f.first_seen, f.last_seen, f.events,
    f.`+"`evidence.masked`"+`, f.remediation
FROM v_findings AS f LEFT JOIN aliases AS a ON a.alias_id = f.endpoint_id
WHERE f.tenant = {tenant:String} AND f.last_seen >= {since:DateTime64(6, 'UTC')} AND f.first_seen < {until:DateTime64(6, 'UTC')}`, tenant, since, until,
		func(r driver.Rows) error {
			var f Finding
			err := r.Scan(&f.ID, &f.Rule, &f.Title, &f.Severity, &f.Summary, &f.Endpoint, &f.EndpointID, &f.Count, &f.FirstSeen, &f.LastSeen, &f.Events, &f.Masked, &f.Remediation)
			out = append(out, f)
			return err
		})
	return out, err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

func each(ctx context.Context, conn driver.Conn, name, query, tenant string, since, until time.Time, scan func(driver.Rows) error) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_result_rows": MaxRows, "result_overflow_mode": "throw"}))
	rows, err := conn.Query(ctx, query, clickhouse.Named("tenant", tenant), clickhouse.Named("since", stamp(since)), clickhouse.Named("until", stamp(until)))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
