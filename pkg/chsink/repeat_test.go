package chsink

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kgo"
)

type placed struct {
	r     *kgo.Record
	topic [16]byte
	e     event.Event
}

// traffic is n events over three partitions of two topics of one name: the second
// was created anew, so its offsets start at zero again.
func traffic(rnd *rand.Rand, n int) []placed {
	var out []placed
	next := map[string]int64{}
	for i := range n {
		e := full()
		e.ID = [16]byte{byte(i), byte(i >> 8), byte(i >> 16), 1}
		e.Tenant = []byte([]string{"acme", "default"}[rnd.IntN(2)])
		e.Method = []byte([]string{"GET", "POST"}[rnd.IntN(2)])
		e.Path = fmt.Appendf(nil, "/%s/%d", []string{"accounts", "cards", "login"}[rnd.IntN(3)], rnd.IntN(50))
		e.Status = []uint16{0, 200, 201, 304, 400, 401, 499, 500, 503}[rnd.IntN(9)]
		e.Sequence = uint64(i + 1)
		at := base.Add(time.Duration(rnd.IntN(200_000)) * time.Millisecond)
		e.RequestTime, e.ResponseTime = at.UnixNano(), at.Add(time.Duration(rnd.IntN(90_000))*time.Microsecond).UnixNano()
		e.SampleRate = []uint32{0, 1, 10}[rnd.IntN(3)]
		e.Flags = []event.Flags{0, event.Enforced}[rnd.IntN(2)]
		e.Client.Address = fmt.Appendf(nil, "192.0.2.%d", rnd.IntN(20))
		switch rnd.IntN(4) {
		case 0:
			e.Identity = event.Identity{}
		case 1:
			e.Identity = event.Identity{Session: fmt.Appendf(nil, "s%d", rnd.IntN(5))}
		case 2:
			e.Identity = event.Identity{Credential: fmt.Appendf(nil, "c%d", rnd.IntN(5))}
		default:
			e.Identity.Subject = fmt.Appendf(nil, "u%d", rnd.IntN(5))
		}
		p := placed{e: e, topic: [16]byte{15: byte(rnd.IntN(2))}}
		partition := int32(rnd.IntN(3))
		at2 := fmt.Sprint(p.topic, partition)
		p.r = record(&e, partition, next[at2])
		next[at2]++
		out = append(out, p)
	}
	return out
}

// TestRepeats inserts every event three times, in random order and batch cuts, and
// under a catalog that learns of merges on the way: views and rollups must equal
// what is counted here.
func TestRepeats(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 0))
			cfg, conn := migrated(t)
			cfg.Compression = []string{"none", "lz4", "zstd"}[seed%3]
			all := traffic(rnd, 3000)

			// Cards and login become one endpoint in two steps: cards -> login -> merged.
			merged := map[string]string{}
			var endpoints []catalog.Endpoint
			for _, tenant := range []string{"acme", "default"} {
				for _, method := range []string{"GET", "POST"} {
					id := func(template string) string { return catalog.ID(tenant, "api.bank.test", method, template) }
					cards, login, word := id("/cards"), id("/login"), id("/{word}")
					merged[cards], merged[login] = word, word
					endpoints = append(endpoints,
						catalog.Endpoint{ID: login, Tenant: tenant, Host: "api.bank.test", Method: method, Template: "/login", Supersedes: []string{cards}},
						catalog.Endpoint{ID: word, Tenant: tenant, Host: "api.bank.test", Method: method, Template: "/{word}", Supersedes: []string{login}})
				}
			}
			before, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
			must(t, err)
			defer before.Close()
			after, err := NewEvents(cfg, firstSegment{merged}, DefaultEventSettings(), nil)
			must(t, err)
			defer after.Close()
			repeated := slices.Concat(all, all, all)
			rnd.Shuffle(len(repeated), func(i, j int) { repeated[i], repeated[j] = repeated[j], repeated[i] })
			for i, p := range repeated {
				s := before
				if i > len(repeated)/3 {
					s = after
				}
				must(t, s.Append(p.r, p.topic))
				if rnd.IntN(700) == 0 {
					must(t, s.Flush(t.Context()))
				}
			}
			must(t, before.Flush(t.Context()))
			must(t, after.Flush(t.Context()))

			var records []*kgo.Record
			for i := range endpoints {
				records = append(records, jsonRecord(t, "mirador.catalog", endpoints[i].Tenant+"|"+endpoints[i].ID, &endpoints[i], int64(i)))
			}
			es, err := NewEndpoints(cfg, nil)
			must(t, err)
			defer es.Close()
			for _, r := range records {
				must(t, es.Append(r, [16]byte{9}))
			}
			must(t, es.Flush(t.Context()))

			check := func() {
				t.Helper()
				same(t, "v_events", lines(t, conn, `SELECT toString(event_id), toString(topic_id), toString(topic_partition), toString(topic_offset),
					toString(toUnixTimestamp64Micro(ts)), tenant, principal, toString(status), toString(duration_us), client_address
					FROM v_events ORDER BY topic_id, topic_partition, topic_offset`), wantEvents(all))
				same(t, "v_endpoint_minutes", lines(t, conn, `SELECT tenant, endpoint_id, toString(toUnixTimestamp(minute)), toString(hits), toString(transactions),
					toString(client_errors), toString(server_errors), toString(refused), toString(max_duration_ms), toString(principals), toString(toUnixTimestamp64Micro(last_seen))
					FROM v_endpoint_minutes ORDER BY tenant, endpoint_id, minute`), wantMinutes(all, merged))
				same(t, "v_principal_hours", lines(t, conn, `SELECT tenant, principal, toString(toUnixTimestamp(hour)), toString(hits), toString(transactions),
					toString(client_errors), toString(server_errors), toString(refused), toString(paths), toString(addresses)
					FROM v_principal_hours ORDER BY tenant, principal, hour`), wantHours(all))
				same(t, "v_traffic_minutes", lines(t, conn, `SELECT tenant, toString(toUnixTimestamp(minute)), toString(hits), toString(transactions), toString(principals)
					FROM v_traffic_minutes ORDER BY tenant, minute`), wantTraffic(all))
			}
			check()
			// And once the server has merged what it keeps.
			for _, table := range []string{"events", "endpoint_minutes", "principal_hours"} {
				must(t, conn.Exec(t.Context(), "OPTIMIZE TABLE "+table+" FINAL"))
			}
			check()
			if n := one(t, conn, "SELECT toString(count()) FROM events"); n != fmt.Sprint(len(all)) {
				t.Errorf("%s rows are left after merging, want %d", n, len(all))
			}
		})
	}
}

func wantEvents(all []placed) []string {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b placed) int {
		return cmp.Or(slices.Compare(a.topic[:], b.topic[:]), cmp.Compare(a.r.Partition, b.r.Partition), cmp.Compare(a.r.Offset, b.r.Offset))
	})
	var out []string
	for _, p := range sorted {
		out = append(out, fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%s\t%s\t%d\t%d\t%s", p.e.IDString(), (&event.Event{ID: p.topic}).IDString(),
			p.r.Partition, p.r.Offset, p.e.Time().UnixMicro(), p.e.Tenant, p.e.Principal(), p.e.Status, p.e.Duration().Microseconds(), p.e.Client.Address))
	}
	return out
}

// counts is the reference of a rollup's row.
type counts struct {
	hits, weight, e4, e5, refused int
	longest, last                 int64
	a, b                          map[string]bool
}

// group counts all by key. a and b are what is counted once each.
func group(all []placed, key, a, b func(p *placed) string, row func(k string, c *counts) string) []string {
	by := map[string]*counts{}
	for i := range all {
		p := &all[i]
		c := by[key(p)]
		if c == nil {
			c = &counts{a: map[string]bool{}, b: map[string]bool{}}
			by[key(p)] = c
		}
		c.hits++
		c.weight += int(max(p.e.SampleRate, 1))
		switch {
		case p.e.Status >= 500:
			c.e5++
		case p.e.Status >= 400:
			c.e4++
		}
		if p.e.Has(event.Enforced) {
			c.refused++
		}
		c.longest = max(c.longest, p.e.Duration().Microseconds())
		c.last = max(c.last, p.e.Time().UnixMicro())
		c.a[a(p)], c.b[b(p)] = true, true
	}
	var out []string
	for k, c := range by {
		out = append(out, row(k, c))
	}
	slices.Sort(out)
	return out
}

func principalOf(p *placed) string { return p.e.Principal() }

func minuteOf(p *placed) int64 { return p.e.Time().Truncate(time.Minute).Unix() }

func wantMinutes(all []placed, merged map[string]string) []string {
	m := firstSegment{merged}
	return group(all, func(p *placed) string {
		return fmt.Sprintf("%s\t%s\t%d", p.e.Tenant, m.Match(string(p.e.Tenant), p.e.Host(), string(p.e.Method), p.e.Path).ID, minuteOf(p))
	}, principalOf, principalOf, func(k string, c *counts) string {
		ms := strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", float64(c.longest)/1000), "0"), ".")
		return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t%d", k, c.hits, c.weight, c.e4, c.e5, c.refused, ms, len(c.a), c.last)
	})
}

func wantHours(all []placed) []string {
	return group(all, func(p *placed) string {
		return fmt.Sprintf("%s\t%s\t%d", p.e.Tenant, p.e.Principal(), p.e.Time().Truncate(time.Hour).Unix())
	}, func(p *placed) string { return string(p.e.Path) },
		func(p *placed) string { return string(p.e.Client.Address) },
		func(k string, c *counts) string {
			return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d", k, c.hits, c.weight, c.e4, c.e5, c.refused, len(c.a), len(c.b))
		})
}

func wantTraffic(all []placed) []string {
	return group(all, func(p *placed) string { return fmt.Sprintf("%s\t%d", p.e.Tenant, minuteOf(p)) },
		principalOf, principalOf, func(k string, c *counts) string {
			return fmt.Sprintf("%s\t%d\t%d\t%d", k, c.hits, c.weight, len(c.a))
		})
}

func jsonRecord(t testing.TB, topic, key string, v any, offset int64) *kgo.Record {
	t.Helper()
	r := &kgo.Record{Topic: topic, Offset: offset, Key: []byte(key), Timestamp: base.Add(time.Duration(offset) * time.Second)}
	if v != nil {
		var err error
		r.Value, err = json.Marshal(v)
		must(t, err)
	}
	return r
}

var quiet = slog.New(slog.DiscardHandler)
