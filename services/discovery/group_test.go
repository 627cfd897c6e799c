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
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

var people = strings.Fields("zelda mario luigi peach yoshi toad bowser wario daisy rosalina birdo koopa goomba lakitu boo pauline toadette kamek")

// visits is traffic of which some paths hold names of people.
func visits(r *rand.Rand, n int) []*event.Event {
	var out []*event.Event
	for i := range n {
		uri := []string{"/users/%s/orders", "/users/%s/orders/7", "/users/%s", "/users/search", "/status"}[r.IntN(5)]
		if strings.Contains(uri, "%s") {
			uri = fmt.Sprintf(uri, people[r.IntN(len(people))])
		} else if uri == "/status" && r.IntN(5) > 1 {
			uri += "/"
		}
		e := request{URI: uri, Status: []uint16{200, 200, 200, 404}[r.IntN(4)], Service: "shop"}.event(i)
		e.ID[14] = byte(i >> 8)
		e.RequestTime = start.Add(time.Duration(r.IntN(1_000_000)) * time.Millisecond).UnixNano()
		e.Client.Address = fmt.Appendf(nil, "192.0.2.%d", r.IntN(30))
		out = append(out, e)
	}
	return out
}

// Whatever the order, the cuts, the crashes and the moments of the decisions: the
// same endpoints with the same counters, and none lost or counted twice.
func TestMergesAreExact(t *testing.T) {
	for seed := range uint64(8) {
		cfg := Defaults()
		if seed%2 == 1 {
			cfg.MaxParts, cfg.MaxSupersedes = 5, 7
		}
		events := visits(rand.New(rand.NewPCG(seed, 9)), 900)
		want := run(t, cfg, events, 1, nil)
		counts, ok := map[string]uint64{}, map[string]uint64{}
		aliases := map[string]bool{}
		for _, e := range events {
			parts := strings.Split(strings.TrimRight(string(e.Path), "/"), "/")
			if len(parts) > 2 && parts[2] != "search" {
				if e.Status == 200 {
					template, _ := catalog.Template(e.Path)
					aliases[catalog.ID("default", "h", "GET", template)] = true
				}
				parts[2] = "{string}"
			}
			template := strings.Replace(strings.Join(parts, "/"), "/7", "/{int}", 1)
			counts[template]++
			if e.Status == 200 {
				ok[template]++
			}
		}
		endpoints := want.endpoints(t)
		superseded := 0
		for _, e := range endpoints {
			if e.Hits != counts[e.Template] || e.Statuses[0] != (catalog.Tally{Name: "2xx", Count: ok[e.Template]}) {
				t.Errorf("seed %d: %s has %d hits, %v; want %d and %d", seed, e.Template, e.Hits, e.Statuses, counts[e.Template], ok[e.Template])
			}
			if e.TrailingSlash != (e.Template == "/status") {
				t.Errorf("seed %d: %s stands as %s", seed, e.Template, e.Path())
			}
			superseded += len(e.Supersedes)
			for _, id := range e.Supersedes {
				if !aliases[id] {
					t.Errorf("%s supersedes %s, which was no endpoint of it", e.Template, id)
				}
			}
			if e.Version != int64(1+len(e.Supersedes)) || e.Services[0] != "shop" {
				t.Errorf("%+v", e)
			}
			if i := slices.IndexFunc(e.Params, func(p catalog.Param) bool { return p.Name == "users_id" }); strings.Contains(e.Template, "{string}") && (i < 0 || e.Params[i].Count != ok[e.Template]) {
				t.Errorf("%s has parameters %+v", e.Template, e.Params)
			}
		}
		wantAliases := len(aliases)
		if cfg.MaxSupersedes == 7 {
			wantAliases = 3 * 7
		}
		if len(endpoints) != len(counts) || superseded != wantAliases {
			t.Fatalf("seed %d: %d endpoints, want %d; %d superseded, want %d", seed, len(endpoints), len(counts), superseded, wantAliases)
		}
		for round := range 3 {
			got := run(t, cfg, events, 3, rand.New(rand.NewPCG(seed, uint64(round))))
			if !maps.Equal(got.records, want.records) {
				t.Fatalf("seed %d round %d: got\n%s\nwant\n%s", seed, round, lines(got.records), lines(want.records))
			}
			for _, e := range endpoints {
				id := finding.ID("default", Kind, newEndpoint.ID, e.ID)
				if a, b := got.findings[id], want.findings[id]; a.Summary != b.Summary || a.Summary == "" {
					t.Fatalf("seed %d round %d: finding of %s: %q, want %q", seed, round, e.Template, a.Summary, b.Summary)
				}
			}
		}
	}
}

func lines(records map[string]string) string {
	return strings.Join(slices.Sorted(maps.Values(records)), "\n")
}

// merging is a merger that is fed with paths, each once, and looked at.
type merging struct {
	t    *testing.T
	m    *merger
	live *catalog.Live
	at   time.Time
	all  map[string]catalog.Endpoint
}

func newMerging(t *testing.T, cfg Config) *merging {
	cfg.Log = slog.New(slog.DiscardHandler)
	cfg.CountsEvery = cfg.LearnEvery
	return &merging{t: t, m: newMerger(&cfg, newMetrics(nil), 0), live: catalog.NewLive(&catalog.Lexical{}), at: start, all: map[string]catalog.Endpoint{}}
}

func (x *merging) feed(status uint16, paths ...string) {
	for i, p := range paths {
		x.send(request{URI: p, Status: status}.event(i))
	}
}

func (x *merging) send(events ...*event.Event) {
	for _, e := range events {
		var out detect.Out
		d := Factory(*x.m.cfg)(0)
		var tx detect.Tx
		tx.Reset(e, detect.Source{}, e.Time(), x.live, content.DefaultLimits)
		d.(detect.Preparer).Prepare(&tx)
		d.Detect(&tx, &out)
		d.(detect.Flusher).Flush(&out)
		for i := range out.Partials {
			x.m.Merge(&out.Partials[i], &out)
		}
	}
}

// decide moves event time on and takes what is put out.
func (x *merging) decide() {
	x.t.Helper()
	var out detect.Out
	x.at = x.at.Add(x.m.cfg.LearnEvery)
	x.m.Advance(x.at, &out)
	x.take(&out)
}

// take flushes and takes what is put out.
func (x *merging) take(out *detect.Out) {
	x.t.Helper()
	x.m.Flush(out)
	for _, r := range out.Records {
		id := string(r.Key[len("default|"):])
		if r.Value == nil {
			delete(x.all, id)
			x.live.Remove(id)
			continue
		}
		e, err := catalog.DecodeEndpoint(r.Value)
		if err != nil {
			x.t.Fatal(err)
		}
		x.all[id] = e
		x.live.Apply(e)
	}
}

func (x *merging) expect(want ...string) {
	x.t.Helper()
	x.decide()
	x.are(want...)
}

// are holds the catalog, as it is, against what it should be.
func (x *merging) are(want ...string) {
	x.t.Helper()
	var got []string
	var hits uint64
	for _, e := range x.all {
		got = append(got, fmt.Sprintf("%s %d", e.Template, e.Hits))
		hits += e.Hits
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		x.t.Errorf("got %q, want %q", got, want)
	}
}

func (x *merging) tree() *site { return x.m.hosts[host{"default", "h"}] }

func TestMergeIsTakenBack(t *testing.T) {
	x := newMerging(t, Defaults())
	paths := func(list []string) (out []string) {
		for _, p := range list {
			out = append(out, "/users/"+p)
		}
		return out
	}
	x.feed(200, paths(people[:1])...)
	x.feed(200, "/login", "/login")
	x.expect("/login 2", "/users/{string} 1") // a proper name behind a collection
	x.feed(200, paths(people)...)
	x.feed(404, "/users/nobody")
	x.expect("/login 2", "/users/{string} 20")
	// The matcher knows what was learned, and what is learned does not depend on it.
	if m := x.live.Match("default", "h", "GET", []byte("/users/mario")); !m.Known || m.Template != "/users/{string}" {
		t.Errorf("%+v", m)
	}
	x.feed(200, "/users/mario", "/users/ganondorf")
	x.expect("/login 2", "/users/{string} 22")
	// A person splits one off: it has its own counters back, to the transaction.
	x.tree().tree.Split("/users", "mario")
	x.expect("/login 2", "/users/mario 2", "/users/{string} 20")
	if m := x.live.Match("default", "h", "GET", []byte("/users/mario")); m.Template != "/users/mario" || len(m.Values) != 0 {
		t.Errorf("%+v", m)
	}
	x.tree().tree.Rename("/users/{string}", 0, "login")
	x.decide()
	x.feed(200, "/users/peach")
	x.expect("/login 2", "/users/mario 2", "/users/{string} 21")
	if e := x.all[catalog.ID("default", "h", "GET", "/users/{string}")]; len(e.Params) != 1 || e.Params[0].Name != "login" || e.Params[0].Count != 20 {
		t.Errorf("%+v", e)
	}
	x.tree().tree.Unpin("/users", "mario")
	x.expect("/login 2", "/users/{string} 23")
	// All of them literal: what failed for nobody stays counted, and is no endpoint.
	x.tree().tree.Split("/users", append(slices.Clone(people), "ganondorf")...)
	x.decide()
	var hits uint64
	for _, e := range x.all {
		hits += e.Hits
		if strings.Contains(e.Template, "{") {
			t.Errorf("%+v is left", e)
		}
	}
	if hits != 24 || len(x.all) != len(people)+2 {
		t.Errorf("%d hits of %d endpoints", hits, len(x.all))
	}
	var b bytes.Buffer
	if err := x.m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	again := newMerger(x.m.cfg, x.m.metrics, 0)
	if err := again.Restore(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	var c bytes.Buffer
	if err := again.Snapshot(&c); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) {
		t.Errorf("another state came back: %v", err)
	}
}

func FuzzMergerRestore(f *testing.F) {
	cfg := Defaults()
	seed := newMerger(&cfg, newMetrics(nil), 0)
	var out detect.Out
	for i, p := range people {
		op := &operation{id: catalog.ID("default", "h", "GET", "/users/"+p), method: "GET", template: "/users/" + p, hits: 1, successes: 1, witness: witness{time: int64(i)}}
		at := host{"default", "h"}
		if seed.hosts[at] == nil {
			seed.hosts[at] = newSite(at, &cfg)
		}
		seed.merge(seed.hosts[at], op, &out)
	}
	seed.Advance(start, &out)
	var b bytes.Buffer
	if err := seed.Snapshot(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMerger(&cfg, newMetrics(nil), 0)
		if m.Restore(bytes.NewReader(b)) != nil {
			return
		}
		var out detect.Out
		m.Advance(start.Add(time.Hour), &out)
		m.Flush(&out)
		if err := m.Snapshot(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}

// One request that somebody made up does not make a value of what many ask for.
func TestOneOddRequestRenamesNothing(t *testing.T) {
	x := newMerging(t, Defaults())
	paths := slices.Repeat([]string{"/ws"}, 102)
	x.feed(200, append(paths, "/users%2fme")...)
	x.expect("/ws 102", "/{string} 1")
}
