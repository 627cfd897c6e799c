package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	sequence "github.com/miradorhq/mirador/pkg/flow"
)

// flowHost is a host whose flows are known.
type flowHost struct {
	Host                  string
	Operations, Mandatory uint64
	Updated               time.Time
}

// maxFlowHosts are listed at most, those of most operations first.
const maxFlowHosts = 200

func (s *store) flowHosts(ctx context.Context) (out []flowHost, err error) {
	err = s.query(ctx, "flow hosts", `SELECT id, operations, mandatory, ts FROM v_flows
WHERE tenant = {tenant:String} ORDER BY mandatory DESC, operations DESC, id LIMIT {size:UInt32}`, func(r driver.Rows) error {
		var v flowHost
		err := r.Scan(&v.Host, &v.Operations, &v.Mandatory, &v.Updated)
		out = append(out, v)
		return err
	}, named("size", maxFlowHosts))
	return out, err
}

// flowOf is what is known of a host; nil is nothing.
func (s *store) flowOf(ctx context.Context, host string) (*sequence.Graph, error) {
	var out *sequence.Graph
	err := s.query(ctx, "flow", `SELECT record FROM v_flows WHERE tenant = {tenant:String} AND id = {id:String} LIMIT 1`, func(r driver.Rows) error {
		var record string
		if err := r.Scan(&record); err != nil {
			return err
		}
		g, err := sequence.Decode([]byte(record))
		out = &g
		return err
	}, named("id", host))
	return out, err
}

// skippedSteps counts the findings of skipped steps by endpoint, of the last time span.
func (s *store) skippedSteps(ctx context.Context, span time.Duration) (map[string]uint64, error) {
	out := map[string]uint64{}
	err := s.query(ctx, "skipped steps", `SELECT endpoint_id, count() FROM v_findings
WHERE tenant = {tenant:String} AND rule = 'SEQ-01' AND ts >= {from:DateTime64(6, 'UTC')} GROUP BY endpoint_id ORDER BY endpoint_id LIMIT 10000`, func(r driver.Rows) error {
		var id string
		var n uint64
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	}, stamp("from", s.now().Add(-span)))
	return out, err
}
