package discovery

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
)

// One caller without an identity finds that a host answers 200 to everything.
func TestInventedPathsAreNoEndpoints(t *testing.T) {
	real := []string{"/shop/baskets", "/shop/vouchers", "/shop/returns", "/shop/checkout"}
	var events []*event.Event
	ask := func(actor int, scheme, path string) {
		e := request{URI: path, Status: 200}.event(len(events))
		e.ID[14] = byte(len(events) >> 8)
		e.Client.Address = fmt.Appendf(nil, "192.0.2.%d", actor)
		e.Identity.Scheme, e.Identity.Subject = []byte(scheme), nil
		events = append(events, e)
	}
	for i := range 200 {
		ask(i%9, "", real[i%3])
	}
	ask(1, "bearer", real[3])
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		path := []byte(real[r.IntN(3)])[:len("/shop/")]
		for range 9 {
			path = append(path, byte('a'+r.IntN(26)))
		}
		ask(200, "", string(path))
	}
	learned := func(cfg Config) string {
		var got []string
		for _, e := range run(t, cfg, events, 1, nil).endpoints(t) {
			got = append(got, e.Template)
		}
		slices.Sort(got)
		return strings.Join(got, " ")
	}
	const want = "/shop/baskets /shop/checkout /shop/returns /shop/vouchers"
	cfg := Defaults()
	for order := range uint64(3) {
		if order > 0 {
			rand.New(rand.NewPCG(order, 3)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		}
		cfg.MinActors = 3
		if got := learned(cfg); got != want {
			t.Errorf("order %d: %.300q, want %q", order, got, want)
		}
	}
	// Without the guard they are, or this shows nothing.
	cfg.MinActors = 1
	got := learned(cfg)
	if t.Logf("with one caller enough: %.300q", got); got == want {
		t.Error("one caller is enough, and yet nothing came of what it made up")
	}
}

// Who is counted: callers of 2xx, or one with an identity; where a sensor knows
// neither address nor identity there is nobody to count, and any success is enough.
func TestWhoProves(t *testing.T) {
	type call struct {
		address, scheme string
		status          uint16
	}
	cfg := Defaults()
	cfg.MinActors = 3
	for name, c := range map[string]struct {
		calls []call
		want  bool
	}{
		"two callers, often":           {[]call{{"192.0.2.1", "", 200}, {"192.0.2.2", "", 200}, {"192.0.2.1", "", 200}, {"192.0.2.2", "", 204}}, false},
		"three callers":                {[]call{{"192.0.2.1", "", 200}, {"192.0.2.2", "", 200}, {"192.0.2.3", "", 201}}, true},
		"three, one sent elsewhere":    {[]call{{"192.0.2.1", "", 200}, {"192.0.2.2", "", 200}, {"192.0.2.3", "", 302}}, false},
		"one of one network":           {[]call{{"2001:db8::1", "", 200}, {"2001:db8::2", "", 200}, {"2001:db8::3", "", 200}}, false},
		"one with an identity":         {[]call{{"192.0.2.1", "jwt", 200}}, true},
		"one with an identity refused": {[]call{{"192.0.2.1", "jwt", 403}, {"192.0.2.1", "", 200}}, false},
		"nobody is known":              {[]call{{"", "", 200}}, true},
		"nobody is known, and refused": {[]call{{"", "", 404}}, false},
	} {
		var events []*event.Event
		for i, x := range c.calls {
			e := request{URI: "/a", Status: x.status, Scheme: x.scheme}.event(i)
			e.Client.Address = []byte(x.address)
			events = append(events, e)
		}
		if got := len(run(t, cfg, events, 1, nil).endpoints(t)) == 1; got != c.want {
			t.Errorf("%s: listed %v, want %v", name, got, c.want)
		}
	}
}

// A snapshot holds nothing of the proof, and needs nothing: traffic without
// identities, cut and restarted at random, gives what it gives in one piece.
func TestProofSurvivesRestarts(t *testing.T) {
	for seed := range uint64(4) {
		cfg := Defaults()
		cfg.MinActors = 4
		events := visits(rand.New(rand.NewPCG(seed, 5)), 600)
		for _, e := range events {
			e.Identity = event.Identity{}
		}
		want := run(t, cfg, events, 1, nil)
		if n := len(want.endpoints(t)); n < 4 {
			t.Fatalf("%d endpoints", n)
		}
		if got := run(t, cfg, events, 2, rand.New(rand.NewPCG(seed, 6))); lines(got.records) != lines(want.records) {
			t.Errorf("seed %d: got\n%s\nwant\n%s", seed, lines(got.records), lines(want.records))
		}
	}
}
