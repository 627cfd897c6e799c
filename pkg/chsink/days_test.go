package chsink

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestEndpointDays writes every record of several days three times, out of order and
// over two topics of one name: each day must hold the last record of it, and a
// tombstone where that was the last.
func TestEndpointDays(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 0))
	cfg, conn := migrated(t)
	s, err := NewEndpoints(cfg, nil)
	must(t, err)
	defer s.Close()
	want := map[string]string{}
	records := func(n int, start time.Time, step time.Duration) []*kgo.Record {
		var out []*kgo.Record
		for i := range n {
			id := fmt.Sprintf("e%d", rnd.IntN(12))
			var value any
			last := "deleted"
			if rnd.IntN(9) > 0 {
				value = &catalog.Endpoint{ID: id, Tenant: "acme", Host: "h", Method: "GET", Template: "/" + id, Hits: uint64(i), Supersedes: []string{"old-" + id}}
				last = fmt.Sprint(i)
			}
			r := jsonRecord(t, "mirador.catalog", "acme|"+id, value, int64(i))
			r.Timestamp = start.Add(time.Duration(i) * step)
			want[id+"\t"+r.Timestamp.UTC().Format(time.DateOnly)] = last
			out = append(out, r)
		}
		return out
	}
	// 40 days and so two months; the second topic begins in the middle of the last day.
	write(t, rnd, s, [16]byte{1}, records(600, base, 96*time.Minute))
	write(t, rnd, s, [16]byte{2}, records(60, base.AddDate(0, 0, 40).Add(time.Minute), 10*time.Minute))
	var rows []string
	for key, last := range want {
		rows = append(rows, key+"\t"+last)
	}
	slices.Sort(rows)
	if len(rows) < 300 || !slices.ContainsFunc(rows, func(r string) bool { return strings.HasSuffix(r, "deleted") }) {
		t.Fatalf("%d rows are no test", len(rows))
	}
	const query = `SELECT id, toString(day), if(deleted, 'deleted', JSONExtractRaw(record, 'hits')) FROM v_endpoint_days WHERE tenant = 'acme' ORDER BY id, day`
	same(t, "v_endpoint_days", lines(t, conn, query), rows)
	must(t, conn.Exec(t.Context(), "OPTIMIZE TABLE endpoint_days FINAL"))
	same(t, "v_endpoint_days, merged", lines(t, conn, query), rows)
	// The topic that ended on the last day leaves at most a row an endpoint beside it.
	n, err := strconv.Atoi(one(t, conn, "SELECT toString(count()) FROM endpoint_days"))
	must(t, err)
	if n < len(rows) || n > len(rows)+12 {
		t.Errorf("%d rows are left after merging, want %d to %d", n, len(rows), len(rows)+12)
	}
	if got := one(t, conn, "SELECT arrayStringConcat(supersedes, ',') FROM v_endpoint_days WHERE NOT deleted AND id = 'e1' ORDER BY day DESC LIMIT 1"); got != "old-e1" {
		t.Errorf("supersedes %q", got)
	}
}
