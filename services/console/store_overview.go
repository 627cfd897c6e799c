package console

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"
)

// overview is what the first page shows.
type overview struct {
	Traffic  []trafficPoint
	Findings []severityPoint
	Newest   []findingRow
	Sensors  []sensor
	Enforce  enforceTimes
	Totals   totals
	Server   server
	Now      time.Time
}

// trafficPoint is one step of the traffic chart.
type trafficPoint struct {
	Start                              int64 // seconds since 1970
	Hits, Client4xx, Server5xx, Refuse uint64
}

type severityPoint struct {
	Start    int64
	Severity string
	Count    uint64
}

// sensor is what one sensor sent within sensorWindow.
type sensor struct {
	Name           string
	Recent, Events uint64 // within rateWindow, within sensorWindow
	Newest         time.Time
}

const (
	rateWindow   = 10 * time.Second
	sensorWindow = 5 * time.Minute
)

// enforceTimes are from the event that caused an action to its first enforcement,
// in ms.
type enforceTimes struct {
	Count         uint64
	P50, P99, Max float64
}

type totals struct {
	Endpoints, Fields, Actions, DryRun uint64
	LastEvent                          time.Time // zero if there was never one
}

type server struct {
	Version string
	Uptime  time.Duration
}

// overview asks at most four questions at once: the ingesting side comes first.
func (s *store) overview(ctx context.Context, sp span) (*overview, error) {
	o := &overview{Now: s.now().UTC()}
	from := sp.from(o.Now)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	g.Go(func() (err error) { o.Traffic, err = s.traffic(ctx, sp, from); return })
	g.Go(func() (err error) {
		o.Findings, err = s.findingsOverTime(ctx, sp.bars(), sp.bars().from(o.Now))
		return
	})
	g.Go(func() (err error) {
		o.Newest, err = s.findings(ctx, findingFilter{Page: 1}, 8)
		return
	})
	g.Go(func() (err error) { o.Sensors, err = s.sensors(ctx, o.Now); return })
	g.Go(func() (err error) { o.Enforce, err = s.enforceTimes(ctx, from); return })
	g.Go(func() (err error) { o.Totals, err = s.totals(ctx, o.Now); return })
	g.Go(func() (err error) { o.Server, err = s.server(ctx); return })
	return o, g.Wait()
}

// traffic reads the rollups by minute; steps finer than that read the events
// themselves, by the time of receipt, of which a quarter of an hour is not much.
func (s *store) traffic(ctx context.Context, sp span, from time.Time) ([]trafficPoint, error) {
	text := `
SELECT intDiv(toUnixTimestamp(minute), {step:Int64}) * {step:Int64} AS start,
    sum(hits), sum(client_errors), sum(server_errors), sum(refused)
FROM v_traffic_minutes
WHERE tenant = {tenant:String} AND minute >= {from:DateTime64(6, 'UTC')}
GROUP BY start ORDER BY start LIMIT 5000`
	if sp.Step < time.Minute {
		text = `
SELECT intDiv(toUnixTimestamp(received), {step:Int64}) * {step:Int64} AS start,
    count(), countIf(status >= 400 AND status < 500), countIf(status >= 500), countIf(bitTest(flags, 4))
FROM v_events
WHERE tenant = {tenant:String} AND received >= {from:DateTime64(6, 'UTC')}
GROUP BY start ORDER BY start LIMIT 5000`
	}
	var out []trafficPoint
	err := s.query(ctx, "traffic", text, func(r driver.Rows) error {
		var p trafficPoint
		err := r.Scan(&p.Start, &p.Hits, &p.Client4xx, &p.Server5xx, &p.Refuse)
		out = append(out, p)
		return err
	}, named("step", int64(sp.Step/time.Second)), stamp("from", from))
	return out, err
}

func (s *store) findingsOverTime(ctx context.Context, sp span, from time.Time) ([]severityPoint, error) {
	var out []severityPoint
	err := s.query(ctx, "findings over time", `
SELECT intDiv(toUnixTimestamp(ts), {step:Int64}) * {step:Int64} AS start, severity, count()
FROM v_findings
WHERE tenant = {tenant:String} AND ts >= {from:DateTime64(6, 'UTC')}
GROUP BY start, severity ORDER BY start, severity LIMIT 10000`, func(r driver.Rows) error {
		var p severityPoint
		err := r.Scan(&p.Start, &p.Severity, &p.Count)
		out = append(out, p)
		return err
	}, named("step", int64(sp.Step/time.Second)), stamp("from", from))
	return out, err
}

func (s *store) sensors(ctx context.Context, now time.Time) ([]sensor, error) {
	var out []sensor
	err := s.query(ctx, "sensors", `
SELECT sensor, countIf(received >= {recent:DateTime64(6, 'UTC')}), count(), max(received)
FROM v_events
WHERE tenant = {tenant:String} AND received >= {from:DateTime64(6, 'UTC')}
GROUP BY sensor ORDER BY sensor LIMIT 200`, func(r driver.Rows) error {
		var v sensor
		err := r.Scan(&v.Name, &v.Recent, &v.Events, &v.Newest)
		out = append(out, v)
		return err
	}, stamp("recent", now.Add(-rateWindow)), stamp("from", now.Add(-sensorWindow)))
	return out, err
}

func (s *store) enforceTimes(ctx context.Context, from time.Time) (enforceTimes, error) {
	var v enforceTimes
	err := s.query(ctx, "time to enforce", `
SELECT count(), if(count() = 0, 0, quantileExact(0.5)(since_event_ms)), if(count() = 0, 0, quantileExact(0.99)(since_event_ms)), max(since_event_ms)
FROM v_time_to_enforce
WHERE tenant = {tenant:String} AND enforced_at >= {from:DateTime64(6, 'UTC')} AND rule != ''`, func(r driver.Rows) error {
		return r.Scan(&v.Count, &v.P50, &v.P99, &v.Max)
	}, stamp("from", from))
	return v, err
}

func (s *store) totals(ctx context.Context, now time.Time) (totals, error) {
	var v totals
	err := s.query(ctx, "totals", `
SELECT
    (SELECT count() FROM v_endpoints WHERE tenant = {tenant:String}),
    (SELECT count() FROM v_fields WHERE tenant = {tenant:String} AND confirmed),
    (SELECT countIf(mode = 'enforce') FROM v_actions WHERE tenant = {tenant:String} AND NOT ended AND not_before <= {now:DateTime64(6, 'UTC')} AND not_after > {now:DateTime64(6, 'UTC')} AND op != 'allow'),
    (SELECT countIf(mode != 'enforce') FROM v_actions WHERE tenant = {tenant:String} AND NOT ended AND not_before <= {now:DateTime64(6, 'UTC')} AND not_after > {now:DateTime64(6, 'UTC')} AND op != 'allow'),
    (SELECT toDateTime64(max(received), 6, 'UTC') FROM endpoint_minutes WHERE tenant = {tenant:String})`, func(r driver.Rows) error {
		return r.Scan(&v.Endpoints, &v.Fields, &v.Actions, &v.DryRun, &v.LastEvent)
	}, stamp("now", now))
	if v.LastEvent.Unix() == 0 {
		v.LastEvent = time.Time{}
	}
	return v, err
}

func (s *store) server(ctx context.Context) (server, error) {
	var v server
	var seconds uint32
	err := s.query(ctx, "server", "SELECT version(), uptime() WHERE {tenant:String} != ''", func(r driver.Rows) error {
		return r.Scan(&v.Version, &seconds)
	})
	v.Uptime = time.Duration(seconds) * time.Second
	return v, err
}
