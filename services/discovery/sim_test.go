package discovery

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// result is what stays of a run: the latest record and finding of each key.
type result struct {
	records  map[string]string
	findings map[string]finding.Finding
}

func newResult() *result {
	return &result{map[string]string{}, map[string]finding.Finding{}}
}

func (r *result) take(t testing.TB, out *detect.Out) {
	t.Helper()
	for _, rec := range out.Records {
		if rec.Topic != schemas.TopicCatalog {
			t.Fatalf("record for %s", rec.Topic)
		}
		if rec.Value == nil {
			delete(r.records, string(rec.Key))
			continue
		}
		r.records[string(rec.Key)] = string(rec.Value)
	}
	for _, f := range out.Findings {
		r.findings[f.ID] = f
	}
}

func (r *result) endpoints(t testing.TB) []catalog.Endpoint {
	t.Helper()
	var out []catalog.Endpoint
	for key, v := range r.records {
		e, err := catalog.DecodeEndpoint([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		if string(e.Key()) != key || e.ID != catalog.ID(e.Tenant, e.Host, e.Method, e.Template) {
			t.Fatalf("record %s under %s", v, key)
		}
		out = append(out, e)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Label() < out[j].Label() })
	return out
}

// stage runs a detector or merger as the runner does: outputs count at a commit;
// a crash after it restores an older snapshot and replays, muted, to the commit.
type stage[T any] struct {
	make     func() any
	feed     func(on any, v T, out *detect.Out)
	now      any
	out      detect.Out
	taken    []byte // snapshot
	since    []T    // fed since the snapshot
	emit     func(*detect.Out)
	restored int
}

func (s *stage[T]) push(v T) {
	s.feed(s.now, v, &s.out)
	s.since = append(s.since, v)
}

func (s *stage[T]) commit() {
	s.now.(detect.Flusher).Flush(&s.out)
	s.emit(&s.out)
	s.out = detect.Out{}
}

func (s *stage[T]) snapshot(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	if err := s.now.(detect.Stateful).Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	s.taken, s.since = b.Bytes(), nil
}

// move carries on in a new instance, as if it had never stopped.
func (s *stage[T]) move(t *testing.T) {
	t.Helper()
	s.snapshot(t)
	s.restore(t)
}

func (s *stage[T]) restore(t *testing.T) {
	t.Helper()
	s.restored++
	s.now = s.make()
	if s.taken != nil {
		if err := s.now.(detect.Stateful).Restore(bytes.NewReader(s.taken)); err != nil {
			t.Fatal(err)
		}
	}
}

// crash must come right after a commit.
func (s *stage[T]) crash(t *testing.T) {
	t.Helper()
	s.restore(t)
	var muted detect.Out
	for _, v := range s.since {
		s.feed(s.now, v, &muted)
	}
	s.now.(detect.Flusher).Flush(&muted)
}

type transaction struct {
	event  *event.Event
	offset int64
}

// run sends events through partitions detectors and one merger. With a nil r
// there are no cuts: each detector flushes once, at the end.
func run(t *testing.T, cfg Config, events []*event.Event, partitions int, r *rand.Rand) *result {
	t.Helper()
	res := newResult()
	factory, mergers := Factory(cfg), MergerFactory(cfg)
	lexical := &catalog.Lexical{}
	queues := make([][]detect.Partial, partitions)
	chance := func(p float64) bool { return r != nil && r.Float64() < p }

	second := &stage[detect.Partial]{
		make: func() any { return mergers(0) },
		feed: func(on any, p detect.Partial, out *detect.Out) {
			if p.Kind == "" { // event time moves on
				on.(detect.Advancer).Advance(time.Unix(0, p.Watermark), out)
				return
			}
			on.(detect.Merger).Merge(&p, out)
		},
		emit: func(out *detect.Out) { res.take(t, out) },
	}
	second.restore(t)
	first := make([]*stage[transaction], partitions)
	for i := range first {
		first[i] = &stage[transaction]{
			make: func() any { return factory(int32(i)) },
			feed: func(on any, v transaction, out *detect.Out) {
				var tx detect.Tx
				tx.Reset(v.event, detect.Source{Partition: int32(i), Offset: v.offset}, v.event.Time(), lexical, content.DefaultLimits)
				on.(detect.Preparer).Prepare(&tx)
				on.(detect.Detector).Detect(&tx, out)
			},
			emit: func(out *detect.Out) {
				for _, p := range out.Partials {
					p.Source = int32(i)
					b, err := detect.EncodePartial(&p)
					if err != nil {
						t.Fatal(err)
					}
					if p, err = detect.DecodePartial(b); err != nil {
						t.Fatal(err)
					}
					queues[i] = append(queues[i], p)
				}
			},
		}
		first[i].restore(t)
	}
	watermark := start
	drain := func(all bool) {
		for left := true; left; {
			left = false
			for _, i := range turns(len(queues), r) {
				for len(queues[i]) > 0 {
					if !all && chance(0.5) {
						break
					}
					second.push(queues[i][0])
					queues[i] = queues[i][1:]
					if chance(0.2) {
						watermark = watermark.Add(cfg.LearnEvery / 2)
						second.push(detect.Partial{Watermark: watermark.UnixNano()})
					}
					switch {
					case chance(0.1):
						second.commit()
						if chance(0.5) {
							second.crash(t)
						}
					case chance(0.05):
						second.move(t)
					case chance(0.05):
						second.snapshot(t)
					}
				}
				left = left || all && len(queues[i]) > 0
			}
		}
	}
	for n, e := range events {
		h := 0
		for _, b := range []byte(e.Principal()) {
			h = h*31 + int(b)
		}
		s := first[(h%partitions+partitions)%partitions]
		s.push(transaction{e, int64(n)})
		switch {
		case chance(0.03):
			s.commit()
			if chance(0.3) {
				s.crash(t)
			}
			drain(false)
		case chance(0.01):
			s.move(t)
		case chance(0.02):
			s.snapshot(t)
		}
	}
	for _, s := range first {
		s.commit()
	}
	drain(true)
	second.push(detect.Partial{Watermark: start.Add(1000 * time.Hour).UnixNano()})
	second.commit()
	second.commit() // nothing is left: must put out nothing
	return res
}

func turns(n int, r *rand.Rand) []int {
	if r != nil {
		return r.Perm(n)
	}
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// traffic is seeded, with scans, refusals, redirects, many hosts and tenants.
func traffic(r *rand.Rand, n int) []*event.Event {
	var out []*event.Event
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	for i := range n {
		e := &event.Event{
			Tenant: []byte(pick("default", "default", "acme")), Sensor: []byte("s"), Sequence: uint64(i + 1),
			RequestTime: start.Add(time.Duration(r.IntN(1_000_000)) * time.Millisecond).UnixNano(),
			Method:      []byte(pick("GET", "GET", "POST", "PUT", "BREW")), Authority: []byte(pick("bank.example", "partner.example:8443")),
			Client: event.Client{Address: []byte(fmt.Sprintf("192.0.2.%d", r.IntN(40)))},
			Status: []uint16{200, 200, 200, 201, 302, 301, 401, 403, 404, 404, 500, 0}[r.IntN(12)],
		}
		e.ID[0], e.ID[1], e.ID[2], e.ID[3] = 7, byte(i>>16), byte(i>>8), byte(i)
		e.Identity.Scheme = []byte(pick("", "none", "jwt", "basic", "weird"))
		e.Deployment.Service = []byte(pick("", "accounts", "payments"))
		switch r.IntN(6) {
		case 0: // a scan
			e.Path, e.Status = []byte(fmt.Sprintf("/scan-%c%c/admin.php", 'a'+r.IntN(26), 'a'+r.IntN(26))), 404
		default:
			e.Path = []byte(fmt.Sprintf("/%s/%d/%s", pick("accounts", "transfers", "cards"), r.IntN(1000), pick("", "items", "history")))
		}
		e.Query = []byte(fmt.Sprintf("%s=%s&n=%d", pick("q", "filter", "sort"), pick("a", "3c1da8b0-fce6-4b8e-b5e3-fd007472206b", "2024-01-01"), r.IntN(3)))
		e.RequestHeaders = []event.Header{
			{Name: []byte("Accept"), Value: []byte("*/*")},
			{Name: []byte("X-Partner"), Value: []byte("7")}, {Name: []byte("Cookie"), Value: []byte("theme=dark")},
		}
		if string(e.Method) == "POST" {
			e.RequestBody = event.Body{Data: []byte(fmt.Sprintf(`{"amount":%d,"to":{"iban":"DE89370400440532013000"},"p%d":null}`, r.IntN(100), r.IntN(30))), ContentType: []byte("application/json")}
		}
		e.ResponseBody = event.Body{Data: []byte(`{"items":[{"id":1,"mail":"a@example.com"},{"id":"x"}]}`), ContentType: []byte("application/json")}
		e.ResponseHeaders = []event.Header{{Name: []byte("Content-Type"), Value: []byte("application/json")}}
		out = append(out, e)
	}
	return out
}

func TestSimulation(t *testing.T) {
	for seed := range uint64(12) {
		cfg := Defaults()
		if seed%3 == 1 { // limits that cut differences into many pieces must change nothing
			cfg.MaxPending, cfg.MaxPartialBytes = 3, 1024
		}
		if seed%3 == 2 { // nor may the limit of parameters depend on order
			cfg.MaxParams, cfg.MaxServices = 9, 1
		}
		events := traffic(rand.New(rand.NewPCG(seed, 1)), 1500)
		// In order of arrival, one partition, one flush.
		want := run(t, cfg, events, 1, nil)
		for round := range 3 {
			got := run(t, cfg, events, 3, rand.New(rand.NewPCG(seed, uint64(round))))
			for key, v := range want.records {
				if got.records[key] != v {
					t.Fatalf("seed %d round %d: %s\n got %s\nwant %s", seed, round, key, got.records[key], v)
				}
			}
			if len(got.records) != len(want.records) {
				t.Fatalf("seed %d round %d: %d records, want %d", seed, round, len(got.records), len(want.records))
			}
			if !reflect.DeepEqual(got.findings, want.findings) {
				t.Fatalf("seed %d round %d: findings differ:\n got %v\nwant %v", seed, round, got.findings, want.findings)
			}
		}
		oracle(t, events, want)
	}
}

// oracle counts the plain way and shares no code with the stages but the lexer.
func oracle(t *testing.T, events []*event.Event, got *result) {
	t.Helper()
	type count struct {
		hits, ok, none uint64
		first, last    time.Time
		query          map[string]uint64
	}
	all := map[string]*count{}
	x := &catalog.Lexical{}
	for _, e := range events {
		m := x.Match(string(e.Tenant), e.Host(), string(e.Method), e.Path)
		c := all[m.ID]
		if c == nil {
			c = &count{query: map[string]uint64{}, first: e.Time(), last: e.Time()}
			all[m.ID] = c
		}
		c.hits++
		if e.Time().Before(c.first) {
			c.first = e.Time()
		}
		if e.Time().After(c.last) {
			c.last = e.Time()
		}
		if e.Status == 0 {
			c.none++
		}
		if e.Status == 200 || e.Status == 201 || e.Status == 302 {
			c.ok++
			c.query[strings.SplitN(string(e.Query), "=", 2)[0]]++
		}
	}
	listed := 0
	for _, c := range all {
		if c.ok > 0 {
			listed++
		}
	}
	endpoints := got.endpoints(t)
	if len(endpoints) != listed || len(got.findings) != listed {
		t.Fatalf("%d endpoints and %d findings, want %d", len(endpoints), len(got.findings), listed)
	}
	for _, e := range endpoints {
		c := all[e.ID]
		if c.ok == 0 || e.Hits != c.hits || !e.FirstSeen.Equal(c.first) || !e.LastSeen.Equal(c.last) {
			t.Fatalf("%+v, want %+v", e, c)
		}
		var sum, none uint64
		for _, s := range e.Statuses {
			sum += s.Count
			if s.Name == "none" {
				none = s.Count
			}
		}
		if sum != c.hits || none != c.none {
			t.Fatalf("%+v: statuses %d, want %d", e, sum, c.hits)
		}
		for _, p := range e.Params {
			if want, ok := c.query[p.Name]; p.In == "query" && ok && p.Count != want {
				t.Fatalf("%s: %s is %d, want %d", e.Label(), p.Name, p.Count, want)
			}
		}
	}
}
