package behavior_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior"
)

// stuffing is an attack of twenty minutes whose sources change halfway, among users
// who mistype.
func stuffing() []*event.Event {
	var seq uint64
	login := func(t, every float64, n int, ip, user string, status ...int) []*event.Event {
		return (&step{T: t, Every: every, N: n, IP: ip, M: "POST", U: "/api/login", S: status, Body: `{"username":"` + user + `","password":"x"}`}).events(&seq)
	}
	es := login(0, 7, 250, "198.51.100.{i}", "regular{i}", 200, 200, 200, 401)
	for source := range 12 {
		at, ip := float64(300+source), fmt.Sprintf("203.0.113.%d", source+1)
		if source >= 6 {
			at, ip = at+600, fmt.Sprintf("192.0.2.%d", source+1)
		}
		// Two tries at each user, so that a user is no attempt.
		es = append(es, login(at, 12, 50, ip, fmt.Sprintf("leak%d-{i}", source), 401)...)
		es = append(es, login(at, 12, 50, ip, fmt.Sprintf("leak%d-{i}", source), 403)...)
	}
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	return es
}

// refused are the failed logins of addresses up to the end of f, the first ones first.
func refused(es []*event.Event, f *finding.Finding, from time.Time) (ids []string) {
	var by []*event.Event
	for _, e := range es {
		if string(e.Path) == "/api/login" && e.Status >= 400 && slices.Contains(f.Subject.Addresses, string(e.Client.Address)) && e.Time().Before(f.Time) && !e.Time().Before(from) {
			by = append(by, e)
		}
	}
	slices.SortFunc(by, func(a, b *event.Event) int {
		return cmp.Or(a.Time().Compare(b.Time()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, e := range by {
		ids = append(ids, e.IDString())
	}
	return ids
}

// A campaign's finding names the first refused attempts of the sources it names, and
// an update goes on naming them when the window has left them behind.
func TestCampaignNamesItsEvents(t *testing.T) {
	es := stuffing()
	_, second := whole.events(t, es)
	if len(second) < 10 || len(ids(second)) != 1 {
		t.Fatalf("%d updates of findings %v", len(second), ids(second))
	}
	kept := 0
	for i := range second {
		f := &second[i]
		if len(f.Events) != finding.MaxEvents {
			t.Errorf("update %d: %d events", i, len(f.Events))
		}
		all := refused(es, f, start)
		last := -1
		for _, id := range f.Events { // in order, each once, nobody else's
			at := slices.Index(all, id)
			if at <= last {
				t.Errorf("update %d names %s: not among the refused attempts of its sources, or out of order", i, id)
			}
			last = at
		}
		if i == 0 {
			if want := refused(es, f, f.Time.Add(-5*time.Minute)); !slices.Equal(f.Events, want[:finding.MaxEvents]) {
				t.Errorf("the first events are %v, want %v", f.Events, want[:finding.MaxEvents])
			}
			continue
		}
		if slices.Equal(f.Subject.Addresses, second[i-1].Subject.Addresses) && !slices.Equal(f.Events, second[i-1].Events) {
			t.Errorf("update %d of the same sources names other events", i)
		}
		if f.Time.Sub(second[0].Time) > 6*time.Minute && slices.Equal(f.Events, second[0].Events) {
			kept++
		}
	}
	if kept == 0 {
		t.Error("no update kept the first events beyond the window")
	}
}

// Which events are kept must not depend on how the partials were cut nor on the order
// in which those of the partitions come, even where there are too many to keep.
func TestCampaignEventsDoNotDependOnOrder(t *testing.T) {
	es := stuffing()
	var seq uint64 = 1 << 20
	for source := range 40 { // 60 refusals of one source in one bucket, all at the same time
		for _, e := range (&step{T: 905, Every: 1e-9, N: 60, IP: fmt.Sprintf("203.0.113.%d", 100+source), M: "POST", U: "/api/login", S: []int{401},
			Body: fmt.Sprintf(`{"username":"many%d-{i}","password":"x"}`, source)}).events(&seq) {
			e.RequestTime -= e.RequestTime % 1e9
			es = append(es, e)
		}
	}
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	cfg := defaults()
	cfg.Cred.MaxEvents = 30
	never := func(int) bool { return false }
	_, want := run{partitions: 1, cfg: &cfg, cut: func(i int) bool { return i%500 == 0 }, restart: never}.events(t, es)
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 2))
		_, got := run{partitions: 4, cfg: &cfg, order: r.Perm, cut: func(int) bool { return r.IntN(30) == 0 }, restart: func(int) bool { return r.IntN(10) == 0 }}.events(t, es)
		same(t, fmt.Sprintf("seed %d", seed), got, want)
	}
	if len(want) == 0 || len(want[len(want)-1].Events) == 0 {
		t.Error("nothing to compare")
	}
}

// What waits for a flush names no more events of one login and ten seconds than the
// setting allows.
func TestPartialsAreBounded(t *testing.T) {
	size := func(limit int) int {
		cfg := defaults()
		cfg.Cred.MaxEvents = limit
		factory, _ := newStage(t, cfg)
		d := factory(0)
		var seq uint64
		var out detect.Out
		for _, e := range (&step{N: 900, Every: 0.01, IP: "203.0.113.{i}", M: "POST", U: "/api/login", S: []int{401}, Body: `{"username":"u{i}","password":"x"}`}).events(&seq) {
			detectOne(d, e, &out)
		}
		d.(detect.Flusher).Flush(&out)
		return len(out.Partials[0].Payload)
	}
	if few, all := size(100), size(1000); all-few < 800*24 || all-few > 800*30 {
		t.Errorf("%d bytes with 100 events, %d with all 900", few, all)
	}
}

// One source is the first stage's, and the addresses of one IPv6 /64 are one source.
func TestCampaignTakesSources(t *testing.T) {
	attack := func(addresses ...string) (es []*event.Event) {
		var seq uint64
		for i, a := range addresses {
			s := step{T: float64(i), Every: 2, N: 30, IP: a, M: "POST", U: "/api/login", S: []int{401}, Body: fmt.Sprintf(`{"username":"leak%d-{i}","password":"x"}`, i)}
			es = append(es, s.events(&seq)...)
		}
		slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
		return es
	}
	f := func(sources int, want bool, addresses ...string) {
		t.Helper()
		cfg := defaults()
		cfg.Cred.CampaignSources = sources
		w := whole
		w.cfg = &cfg
		first, second := w.events(t, attack(addresses...))
		if len(first) == 0 {
			t.Errorf("%v: nothing of the first stage", addresses)
		}
		if got := len(second) > 0; got != want {
			t.Errorf("%v: a campaign of %d sources is %v, want %v", addresses, sources, got, want)
		}
	}
	f(2, false, "203.0.113.1")
	f(1, true, "203.0.113.1")
	f(2, true, "203.0.113.1", "203.0.113.2")
	f(3, false, "203.0.113.1", "203.0.113.2")
	f(2, false, "2001:db8::1", "2001:db8::2")
	f(2, true, "2001:db8::1", "2001:db8:0:1::1")
}

// States and partials that were written before attempts carried events are read; the
// attempts of after the update are named.
func TestReadsWhatVersion1Wrote(t *testing.T) {
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/v1/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	_, es := scenario(t, "testdata/CRED-01/positive-many-sources.jsonl")
	factory, mergers := newStage(t, defaults())
	d, m := factory(0), mergers(0)
	if err := m.(detect.Stateful).Restore(bytes.NewReader(read("second-stage.msgpack"))); err != nil {
		t.Fatal(err)
	}
	updated := start.Add(1330 * time.Second) // the state ends at 1310 s, the partial at 1330 s
	var out detect.Out
	m.Merge(&detect.Partial{Kind: behavior.PartialKind, Tenant: "default", Dimension: loginOf(t, es), Payload: read("partial.msgpack")}, &out)
	m.(detect.Advancer).Advance(updated, &out)
	if len(out.Findings) == 0 || len(out.Findings[0].Events) != 0 {
		t.Fatalf("findings of what version 1 wrote: %+v", out.Findings)
	}
	out.Reset()
	for _, e := range es {
		if !e.Time().Before(updated) {
			detectOne(d, e, &out)
		}
	}
	d.(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		m.Merge(&out.Partials[i], &out)
	}
	m.(detect.Advancer).Advance(start.Add(time.Hour), &out)
	if n := len(out.Findings); n == 0 || len(out.Findings[n-1].Events) == 0 {
		t.Errorf("no events named after the update: %+v", out.Findings)
	}
}

// loginOf is the dimension of the partials of es.
func loginOf(t *testing.T, es []*event.Event) string {
	t.Helper()
	factory, _ := newStage(t, defaults())
	d := factory(0)
	var out detect.Out
	detectOne(d, es[0], &out)
	d.(detect.Flusher).Flush(&out)
	return out.Partials[0].Dimension
}

// A partial that claims a string of gigabytes must cost the same the thirtieth time as
// the first: a buffer that is kept between partials grows by a share of itself with
// each.
func TestHostilePartialsDoNotAddUp(t *testing.T) {
	_, mergers := newStage(t, defaults())
	m := mergers(0)
	p := detect.Partial{Kind: behavior.PartialKind, Tenant: "default", Dimension: "login|x", Payload: []byte{0x94, 0xdb, 0xff, 0xff, 0xff, 0xff, 'x'}}
	const times = 30
	var before, after runtime.MemStats
	var out detect.Out
	runtime.ReadMemStats(&before)
	for range times {
		m.Merge(&p, &out)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > 8<<20 {
		t.Errorf("%d bytes allocated for each of %d partials", each, times)
	}
}
