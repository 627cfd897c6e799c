package discovery

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// wished is the partial that carries an order of ann, the n-th, to host h.
func wished(n int, o order.Order) detect.Partial {
	o.Person, o.At = "ann", start.Add(time.Duration(n)*time.Hour)
	return detect.Partial{Kind: Kind, Tenant: "default", Dimension: "h", Payload: order.Append(nil, &o)}
}

// say gives an order and is the finding that comes of it.
func (x *merging) say(o order.Order) finding.Finding {
	x.t.Helper()
	var out detect.Out
	p := wished(1, o)
	x.m.Merge(&p, &out)
	x.take(&out)
	for _, f := range out.Findings {
		if f.Rule == ordered.ID {
			return f
		}
	}
	x.t.Fatalf("%+v: no finding", o)
	return finding.Finding{}
}

func TestOrders(t *testing.T) {
	x := newMerging(t, Defaults())
	x.feed(200, "/v1/alpha", "/v1/alpha", "/v1/beta", "/v1/beta/rows", "/login")
	x.expect("/login 1", "/v1/alpha 2", "/v1/beta 1", "/v1/beta/rows 1")
	does := func(says string, o order.Order, want ...string) {
		t.Helper()
		f := x.say(o)
		if !strings.Contains(f.Summary, says) || f.Title != ordered.Title || f.Severity != finding.Info || !strings.HasPrefix(f.Summary, "ann said at 2026-01-02T04:04:05Z that ") || len(f.Evidence) != 2 {
			t.Errorf("%+v: finding %+v", o, f)
		}
		if _, there := x.all[f.Subject.EndpointID]; !there {
			t.Errorf("%+v: the finding is about %s, which is no endpoint", o, f.Subject.Endpoint)
		}
		x.are(want...) // at once, without a look of the clock's
		x.expect(want...)
	}
	both := []string{"/login 1", "/v1/{string} 3", "/v1/{string}/rows 1"}
	does("segment 2 (alpha) of GET h/v1/alpha is a value. The template is /v1/{string} now.",
		order.Order{Op: order.Merge, Method: "GET", Template: "/v1/alpha", Segment: 1}, "/login 1", "/v1/beta 1", "/v1/beta/rows 1", "/v1/{string} 2")
	// The person looked at what has become a part: the order is understood.
	does("is a value", order.Order{Op: order.Merge, Template: "/v1/beta/rows", Segment: 1}, both...)
	does("is called report. Before it was called v1_id.", order.Order{Op: order.Rename, Method: "GET", Template: "/v1/{string}", Segment: 1, Name: "report"}, both...)
	e := x.all[catalog.ID("default", "h", "GET", "/v1/{string}")]
	if len(e.Params) != 1 || e.Params[0].Name != "report" || e.Params[0].Count != 3 || len(e.Supersedes) != 2 {
		t.Errorf("after the renaming: %+v", e)
	}
	does("is a name where it is alpha. The template is /v1/alpha now.", order.Order{Op: order.Split, Method: "GET", Template: "/v1/{string}", Segment: 1, Name: "alpha"},
		"/login 1", "/v1/alpha 2", "/v1/{string} 1", "/v1/{string}/rows 1")
	does("is a value", order.Order{Op: order.Merge, Template: "/v1/alpha", Segment: 1}, both...)
	does("is a name where it is beta", order.Order{Op: order.Split, Method: "GET", Template: "/v1/{string}", Segment: 1, Name: "beta"},
		"/login 1", "/v1/beta 1", "/v1/beta/rows 1", "/v1/{string} 2")
	does("and so is every other name there. The template is /v1/{string}/rows now.", order.Order{Op: order.Merge, Template: "/v1/beta/rows", Segment: 1, Name: order.All}, both...)
	does("Of the 2 texts there each is a name now, as in /v1/alpha.", order.Order{Op: order.Split, Method: "GET", Template: "/v1/{string}", Segment: 1},
		"/login 1", "/v1/alpha 2", "/v1/beta 1", "/v1/beta/rows 1")
	for _, name := range []string{"alpha", "beta"} {
		does("is no longer pinned. The template is what it was.", order.Order{Op: order.Unpin, Template: "/v1/" + name, Segment: 1},
			"/login 1", "/v1/alpha 2", "/v1/beta 1", "/v1/beta/rows 1")
	}
	if n := x.tree().tree.Pins(); n != 1 { // the name of the parameter
		t.Errorf("%d pins are left", n)
	}
	// The version of every record has gone up with each of the ten orders.
	for _, e := range x.all {
		if e.Version != int64(1+len(e.Supersedes))+x.tree().tree.Revision() || x.tree().tree.Revision() != 10 {
			t.Errorf("%s has version %d, the pins revision %d", e.Template, e.Version, x.tree().tree.Revision())
		}
	}
}

// What a person pinned stays, whatever else comes.
func TestPinKeepsATemplate(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		x := newMerging(t, Defaults())
		x.feed(200, "/v1/zelda", "/login")
		x.expect("/login 1", "/v1/zelda 1")
		if pinned {
			if f := x.say(order.Order{Op: order.Pin, Template: "/v1/zelda", Segment: order.Whole}); !strings.Contains(f.Summary, "GET h/v1/zelda stays as it is") {
				t.Errorf("finding %+v", f)
			}
		}
		for _, p := range people {
			x.feed(200, "/v1/"+p)
		}
		if pinned {
			x.expect("/login 1", "/v1/zelda 2", "/v1/{string} 17")
			x.say(order.Order{Op: order.Unpin, Template: "/v1/zelda", Segment: order.Whole})
		}
		x.expect("/login 1", "/v1/{string} 19")
		if pinned { // and what was merged stays merged
			x.say(order.Order{Op: order.Pin, Template: "/v1/{string}", Segment: 1})
			if _, values, _ := x.tree().tree.Pinned("/v1"); len(values) != len(people) {
				t.Errorf("%d values are pinned, want %d", len(values), len(people))
			}
		}
	}
}

// What is said of every name at a place holds for those that come later, and the
// records tell all that was said until it is taken back.
func TestEveryNameIsAValueForGood(t *testing.T) {
	x := newMerging(t, Defaults())
	x.feed(200, "/v1/alpha", "/v1/beta", "/login")
	x.say(order.Order{Op: order.Merge, Template: "/v1/alpha", Segment: 1, Name: order.All})
	x.feed(200, "/v1/reports", "/v1/accounts", "/v1/status/7")
	x.expect("/login 1", "/v1/{string} 4", "/v1/{string}/{int} 1")
	x.say(order.Order{Op: order.Split, Template: "/v1/{string}", Segment: 1, Name: "reports"})
	x.say(order.Order{Op: order.Rename, Template: "/v1/{string}", Segment: 1, Name: "report"})
	x.say(order.Order{Op: order.Merge, Template: "/v1/reports", Segment: 1})
	x.say(order.Order{Op: order.Split, Template: "/v1/{string}", Segment: 1, Name: "status"})
	x.feed(200, "/v1/payments")
	x.expect("/login 1", "/v1/status/{int} 1", "/v1/{string} 5")
	pins := func(template string) []catalog.Pin {
		return x.all[catalog.ID("default", "h", "GET", template)].Pins
	}
	want := []catalog.Pin{{Segment: 1, Text: "*", Value: true}, {Segment: 1, Text: "reports", Value: true}, {Segment: 1, Name: "report"}}
	if got := pins("/v1/{string}"); !slices.Equal(got, want) {
		t.Errorf("pins %+v", got)
	}
	if got := pins("/v1/status/{int}"); !slices.Equal(got, []catalog.Pin{{Segment: 1, Text: "status"}}) {
		t.Errorf("pins %+v", got)
	}
	var b bytes.Buffer
	if err := x.m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	x.m = newMerger(x.m.cfg, x.m.metrics, 0)
	if err := x.m.Restore(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	if f := x.say(order.Order{Op: order.Unpin, Template: "/v1/{string}", Segment: 1, Name: order.All}); !strings.Contains(f.Summary, "may be names again") {
		t.Error(f.Summary)
	}
	x.expect("/login 1", "/v1/accounts 1", "/v1/alpha 1", "/v1/beta 1", "/v1/payments 1", "/v1/status/{int} 1", "/v1/{string} 1")
	if f := x.say(order.Order{Op: order.Unpin, Template: "/v1/{string}", Segment: 1, Name: "reports"}); !strings.Contains(f.Summary, "is no longer pinned where it is reports") {
		t.Error(f.Summary)
	}
	x.expect("/login 1", "/v1/accounts 1", "/v1/alpha 1", "/v1/beta 1", "/v1/payments 1", "/v1/reports 1", "/v1/status/{int} 1")
	if f := x.say(order.Order{Op: order.Unpin, Template: "/v1/alpha", Segment: 1, Name: "zelda"}); !strings.Contains(f.Summary, "nobody has pinned") {
		t.Error(f.Summary)
	}
	if n := x.tree().tree.Pins(); n != 2 { // status, and what the parameter is called
		t.Errorf("%d pins are left", n)
	}
	// All of them names again is said by a split of all.
	x.say(order.Order{Op: order.Merge, Template: "/v1/alpha", Segment: 1, Name: order.All})
	x.expect("/login 1", "/v1/{string} 5", "/v1/{string}/{int} 1")
	x.say(order.Order{Op: order.Split, Template: "/v1/{string}", Segment: 1})
	x.feed(200, "/v1/cards")
	x.expect("/login 1", "/v1/accounts 1", "/v1/alpha 1", "/v1/beta 1", "/v1/cards 1", "/v1/payments 1", "/v1/reports 1", "/v1/status/{int} 1")
}

func TestOrdersThatAreRefused(t *testing.T) {
	cfg := Defaults()
	cfg.MaxPins = 2
	x := newMerging(t, cfg)
	x.feed(200, "/users/7/cards/8", "/a/b/c")
	x.feed(404, "/admin/x")
	x.decide()
	n := 0
	refuses := func(why string, o order.Order) {
		t.Helper()
		n++
		before := x.tree().tree.Revision()
		f := x.say(o)
		if !strings.Contains(f.Summary, "Nothing was changed: ") || !strings.Contains(f.Summary, why) || f.Title == ordered.Title || x.tree().tree.Revision() != before {
			t.Errorf("%+v: %q, want %q", o, f.Summary, why)
		}
	}
	const known = "/users/{int}/cards/{int}"
	refuses("no endpoint of this host has such a template", order.Order{Op: order.Merge, Template: "/nothing", Segment: 0})
	refuses("no endpoint of this host", order.Order{Op: order.Merge, Method: "PUT", Template: "/a/b/c", Segment: 0})
	refuses("no endpoint of this host", order.Order{Op: order.Merge, Template: "/admin/x", Segment: 1})
	refuses("segment 2 is a value already", order.Order{Op: order.Merge, Template: known, Segment: 1})
	refuses("segment 1 is a name already", order.Order{Op: order.Split, Template: known, Segment: 0})
	refuses("has the shape of a value", order.Order{Op: order.Split, Template: known, Segment: 1})
	refuses("nothing to pin", order.Order{Op: order.Pin, Template: known, Segment: 1})
	refuses("nobody has pinned", order.Order{Op: order.Unpin, Template: known, Segment: order.Whole})
	refuses("segment 1 is no parameter", order.Order{Op: order.Rename, Template: known, Segment: 0, Name: "x"})
	refuses("another parameter of it is called cards_id", order.Order{Op: order.Rename, Template: known, Segment: 1, Name: "cards_id"})
	refuses("is called users_id already", order.Order{Op: order.Rename, Template: known, Segment: 1, Name: "users_id"})
	refuses("nobody gave the parameter another name", order.Order{Op: order.Rename, Template: known, Segment: 1})
	refuses("as many pins as discovery.max_pins allows, 2", order.Order{Op: order.Pin, Template: "/a/b/c", Segment: order.Whole})
	x.say(order.Order{Op: order.Merge, Template: "/a/b/c", Segment: 2})
	refuses("is no value that was seen at segment 3", order.Order{Op: order.Split, Template: "/a/b/{string}", Segment: 2, Name: "d"})
	x.say(order.Order{Op: order.Rename, Template: known, Segment: 1, Name: "user"})
	refuses("max_pins", order.Order{Op: order.Merge, Template: "/a/b/c", Segment: 1})
	refuses("max_pins", order.Order{Op: order.Merge, Template: "/a/b/c", Segment: 0, Name: order.All})
	refuses("max_pins", order.Order{Op: order.Rename, Template: known, Segment: 3, Name: "card"})
	x.m.cfg.Learn = false
	refuses("discovery.learn is off", order.Order{Op: order.Unpin, Template: "/a/b/c", Segment: 2})
	if n != 18 {
		t.Errorf("%d orders, want 18", n)
	}
	// A host that nobody knows: no state is made for it.
	var out detect.Out
	p := wished(1, order.Order{Op: order.Pin, Template: "/a", Segment: order.Whole})
	p.Dimension = "elsewhere"
	x.m.Merge(&p, &out)
	if len(out.Findings) != 1 || !strings.Contains(out.Findings[0].Summary, "no endpoint of this host") || len(x.m.hosts) != 1 {
		t.Errorf("findings %+v, %d hosts", out.Findings, len(x.m.hosts))
	}
	// What is no order is dropped whole, as a difference would be.
	out = detect.Out{}
	p.Payload = p.Payload[:len(p.Payload)-1]
	x.m.Merge(&p, &out)
	if len(out.Findings) != 0 {
		t.Errorf("findings %+v", out.Findings)
	}
}

// differences are what three partitions send of visits, each in its own pieces.
// counts, if any, takes up the paths.
func differences(t testing.TB, cfg Config, r *rand.Rand, n int, counts map[string]uint64) []detect.Partial {
	t.Helper()
	var out detect.Out
	detectors := make([]detect.Detector, 3)
	for i := range detectors {
		detectors[i] = Factory(cfg)(int32(i))
	}
	for i, e := range visits(r, n) {
		if counts != nil {
			counts[string(e.Path)]++
		}
		d := detectors[i%3]
		var tx detect.Tx
		tx.Reset(e, detect.Source{Partition: int32(i % 3), Offset: int64(i)}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
		d.(detect.Preparer).Prepare(&tx)
		d.Detect(&tx, &out)
		if r.IntN(20) == 0 {
			d.(detect.Flusher).Flush(&out)
		}
	}
	for _, d := range detectors {
		d.(detect.Flusher).Flush(&out)
	}
	return out.Partials
}

// Orders in the midst of differences, wherever those are cut, whatever crashes and
// whenever the clock decides: the same catalog, every transaction in it once.
func TestOrdersAmongCutsAndCrashes(t *testing.T) {
	wishes := []order.Order{
		{Op: order.Split, Template: "/users/{string}", Segment: 1, Name: "mario"},
		{Op: order.Rename, Template: "/users/{string}/orders/{int}", Segment: 1, Name: "login"},
		{Op: order.Merge, Template: "/users/search", Segment: 1},
		{Op: order.Split, Template: "/users/{string}/orders", Segment: 1, Name: "peach"},
		{Op: order.Merge, Template: "/users/mario/orders", Segment: 1},
		{Op: order.Merge, Template: "/nowhere", Segment: 0},
		{Op: order.Pin, Template: "/status", Segment: order.Whole},
		{Op: order.Unpin, Template: "/users/{string}", Segment: 1},
		{Op: order.Split, Template: "/users/{string}", Segment: 1, Name: "boo"},
	}
	for seed := range uint64(4) {
		cfg := Defaults()
		r := rand.New(rand.NewPCG(seed, 3))
		counts := map[string]uint64{}
		early, late := differences(t, cfg, r, 500, counts), differences(t, cfg, r, 500, counts)
		var want *result
		for round := range 4 {
			got := newResult()
			cuts := rand.New(rand.NewPCG(seed, uint64(round)))
			x := &stage[detect.Partial]{
				make: func() any { return MergerFactory(cfg)(0) },
				feed: func(on any, p detect.Partial, out *detect.Out) {
					if p.Kind == "" {
						on.(detect.Advancer).Advance(time.Unix(0, p.Watermark), out)
						return
					}
					on.(detect.Merger).Merge(&p, out)
				},
				emit: func(out *detect.Out) { got.take(t, out) },
			}
			x.restore(t)
			for _, p := range early {
				x.push(p)
			}
			at := start.Add(time.Hour)
			x.push(detect.Partial{Watermark: at.UnixNano()})
			queues := [][]detect.Partial{slices.Clone(late), nil}
			for i, o := range wishes {
				queues[1] = append(queues[1], wished(i, o))
			}
			if round > 0 {
				cuts.Shuffle(len(queues[0]), func(i, j int) { queues[0][i], queues[0][j] = queues[0][j], queues[0][i] })
			}
			for len(queues[0])+len(queues[1]) > 0 {
				q := &queues[0]
				if round > 0 && cuts.IntN(len(queues[0])+len(queues[1])) >= len(queues[0]) || len(queues[0]) == 0 {
					q = &queues[1]
				}
				x.push((*q)[0])
				*q = (*q)[1:]
				if round == 0 {
					continue
				}
				if cuts.IntN(3) == 0 {
					at = at.Add(cfg.LearnEvery)
					x.push(detect.Partial{Watermark: at.UnixNano()})
				}
				switch cuts.IntN(12) {
				case 0:
					x.commit()
				case 1:
					x.commit()
					x.crash(t)
				case 2:
					x.move(t)
				case 3:
					x.snapshot(t)
				}
			}
			x.push(detect.Partial{Watermark: start.Add(1000 * time.Hour).UnixNano()})
			x.commit()
			if want == nil {
				want = got
				sums(t, got, counts)
				continue
			}
			if !maps.Equal(got.records, want.records) {
				t.Fatalf("seed %d round %d: got\n%s\nwant\n%s", seed, round, lines(got.records), lines(want.records))
			}
			if g, w := audit(got), audit(want); !slices.Equal(g, w) || len(w) != len(wishes) {
				t.Fatalf("seed %d round %d: got\n%s\nwant\n%s", seed, round, strings.Join(g, "\n"), strings.Join(w, "\n"))
			}
		}
	}
}

// sums holds the hits of all endpoints against the transactions: after all orders
// peach and boo are names, and search, which is not pinned any more, is learned to be.
func sums(t *testing.T, got *result, counts map[string]uint64) {
	t.Helper()
	want := map[string]uint64{}
	for path, n := range counts {
		segments := strings.Split(strings.TrimRight(path, "/"), "/")
		if len(segments) > 2 && !slices.Contains([]string{"peach", "boo", "search"}, segments[2]) {
			segments[2] = "{string}"
		}
		want[strings.Replace(strings.Join(segments, "/"), "/7", "/{int}", 1)] += n
	}
	hits := map[string]uint64{}
	for _, e := range got.endpoints(t) {
		hits[e.Template] = e.Hits
	}
	if !maps.Equal(hits, want) {
		t.Errorf("endpoints %v, want %v", hits, want)
	}
}

// audit is what was said of the orders.
func audit(r *result) []string {
	var out []string
	for _, f := range r.findings {
		if f.Rule == ordered.ID {
			out = append(out, fmt.Sprintf("%s %s %s %s", f.ID, f.Subject.Endpoint, f.Subject.EndpointID, f.Summary))
		}
	}
	slices.Sort(out)
	return out
}

func FuzzOrder(f *testing.F) {
	for _, o := range []order.Order{
		{Op: order.Merge, Template: "/users/search", Segment: 1}, {Op: order.Split, Template: "/users/{string}", Segment: 1},
		{Op: order.Pin, Template: "/users/{string}/orders", Segment: order.Whole}, {Op: order.Rename, Template: "/users/{string}", Segment: 1, Name: "x"},
	} {
		f.Add(wished(1, o).Payload)
	}
	cfg := Defaults()
	cfg.Log = slog.New(slog.DiscardHandler)
	seed := newMerger(&cfg, newMetrics(nil), 0)
	var out detect.Out
	for _, p := range differences(f, cfg, rand.New(rand.NewPCG(1, 2)), 300, nil) {
		seed.Merge(&p, &out)
	}
	seed.Advance(start.Add(time.Hour), &out)
	var b bytes.Buffer
	if err := seed.Snapshot(&b); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m := newMerger(&cfg, newMetrics(nil), 0)
		if err := m.Restore(bytes.NewReader(b.Bytes())); err != nil {
			t.Fatal(err)
		}
		var out detect.Out
		m.Merge(&detect.Partial{Kind: Kind, Tenant: "default", Dimension: "h", Payload: payload}, &out)
		m.Flush(&out)
		var again bytes.Buffer
		if err := m.Snapshot(&again); err != nil {
			t.Fatal(err)
		}
		if err := newMerger(&cfg, newMetrics(nil), 0).Restore(&again); err != nil {
			t.Fatal(err)
		}
	})
}
