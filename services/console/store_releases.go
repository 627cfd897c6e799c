package console

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/deploy"
)

// releases are the newest.
func (s *store) releases(ctx context.Context, size int) (out []deploy.Marker, err error) {
	err = s.query(ctx, "releases", `SELECT id, service, version, person, ts, note FROM v_deploys
WHERE tenant = {tenant:String} ORDER BY ts DESC, id LIMIT {size:UInt32}`, func(r driver.Rows) error {
		v := deploy.Marker{Tenant: s.tenant}
		err := r.Scan(&v.ID, &v.Service, &v.Version, &v.Person, &v.At, &v.Note)
		out = append(out, v)
		return err
	}, named("size", size))
	return out, err
}

// services are the names under which releases can be told: of services and hosts that
// were seen.
func (s *store) services(ctx context.Context) (out []string, err error) {
	err = s.query(ctx, "services", `SELECT DISTINCT arrayJoin(arrayConcat(services, [host])) AS name FROM v_endpoints
WHERE tenant = {tenant:String} AND name != '' ORDER BY name LIMIT 500`, func(r driver.Rows) error {
		var v string
		err := r.Scan(&v)
		out = append(out, v)
		return err
	})
	return out, err
}
