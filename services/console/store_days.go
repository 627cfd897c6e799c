package console

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/segmentio/encoding/json"
)

// A day's record of an endpoint is the last one that came on or before it. Where both
// days have the same one, nothing changed and it is not fetched, unless others were
// merged into it: the end of one of these may have come later.
const daysOfEndpoints = `
SELECT id, if(was_deleted, toDate(0), was_day), if(is_deleted, toDate(0), is_day), count() OVER () FROM
(
    SELECT id,
        maxIf(day, day <= {since:Date}) AS was_day, argMaxIf(deleted, day, day <= {since:Date}) AS was_deleted,
        max(day) AS is_day, argMax(deleted, day) AS is_deleted, argMax(notEmpty(supersedes), day) AS joins
    FROM v_endpoint_days WHERE tenant = {tenant:String} AND day <= {until:Date}
    GROUP BY id
)
WHERE (was_day != is_day OR joins) AND NOT ((was_deleted OR was_day = toDate(0)) AND is_deleted)
ORDER BY id LIMIT {most:UInt32}`

const recordsOfDays = `
SELECT id, day, record FROM v_endpoint_days
WHERE tenant = {tenant:String} AND id IN {ids:Array(String)} AND day IN {days:Array(Date)} AND concat(toString(day), id) IN {keys:Array(String)}`

// recordsAtOnce are the endpoints whose records are held at a time.
const recordsAtOnce = 500

// pairing is one endpoint and the days of its two records. A zero day has none.
type pairing struct {
	id      string
	was, is time.Time
}

// compare tells what the catalog at the end of until has that it had not at the end
// of since, and the other way round. Once that took half of what a page may take, the
// rest is left out and counted.
func (s *store) compare(ctx context.Context, since, until time.Time, size, most int) (*comparison, error) {
	enough := s.now().Add(s.timeout / 2)
	var pairs []pairing
	var all uint64
	err := s.query(ctx, "days of endpoints", daysOfEndpoints, func(r driver.Rows) error {
		var p pairing
		err := r.Scan(&p.id, &p.was, &p.is, &all)
		pairs = append(pairs, p)
		return err
	}, named("since", since.Format(time.DateOnly)), named("until", until.Format(time.DateOnly)), named("most", most))
	if err != nil {
		return nil, err
	}
	c, done := newComparer(since.AddDate(0, 0, 1)), 0
	for some := range slices.Chunk(pairs, recordsAtOnce) {
		if done > 0 && s.now().After(enough) {
			break
		}
		done += len(some)
		records, err := s.recordsOf(ctx, some)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			c.pair(records[dayKey(p.was, p.id)], records[dayKey(p.is, p.id)])
		}
	}
	out := c.end(size)
	out.Left = all - uint64(done)
	return out, nil
}

// recordsOf fetches the records of both days, by dayKey.
func (s *store) recordsOf(ctx context.Context, pairs []pairing) (map[string]*catalog.Endpoint, error) {
	var ids, days, keys []string
	for _, p := range pairs {
		ids = append(ids, p.id)
		for _, day := range []time.Time{p.was, p.is} {
			if day.Unix() > 0 {
				days, keys = append(days, day.Format(time.DateOnly)), append(keys, dayKey(day, p.id))
			}
		}
	}
	slices.Sort(days)
	out := map[string]*catalog.Endpoint{}
	err := s.query(ctx, "records of days", recordsOfDays, func(r driver.Rows) error {
		var id, record string
		var day time.Time
		if err := r.Scan(&id, &day, &record); err != nil {
			return err
		}
		e := &catalog.Endpoint{}
		out[dayKey(day, id)] = e
		return json.Unmarshal([]byte(record), e)
	}, named("ids", ids), named("days", slices.Compact(days)), named("keys", keys))
	return out, err
}

func dayKey(day time.Time, id string) string { return day.Format(time.DateOnly) + id }
