package enforcer

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/services/enforcer/desired"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestFromTopicToEdgeAndBack(t *testing.T) {
	w := newWorld(t)
	r := w.start(nil)
	byAddress := w.act("block address 192.0.2.7 signature/R/0", time.Hour)
	hash := capture.CredentialHash(r.key, "Bearer token-of-the-attacker")
	byCredential := w.act("block credential "+hash+" behavior/R/0", time.Hour)
	w.send(w.seal(byAddress), w.seal(byCredential))
	eventually(t, "blocked by address", func() bool { return r.status("192.0.2.7") == 403 })
	eventually(t, "blocked by credential", func() bool { return r.status("192.0.2.1", "Authorization", "bearer token-of-the-attacker") == 403 })
	if s := r.status("192.0.2.1", "Authorization", "Bearer token-of-another"); s != 200 {
		t.Errorf("another's token: %d", s)
	}
	s := w.statuses(func(s action.Status) bool { return s.ActionID == byAddress.ID })
	if s.State != action.Enforced || s.Edge != "http:test" || s.SinceEvent <= 0 || s.Key != string(byAddress.Key()) || s.Enforcer != "enforcer" {
		t.Errorf("status %+v", s)
	}
	if len(r.Live()) != 2 {
		t.Errorf("%d live", len(r.Live()))
	}
	w.send(w.signer.SealTombstone(byAddress.Key(), byAddress.Revision))
	eventually(t, "released", func() bool { return r.status("192.0.2.7") == 200 })
	w.statuses(func(s action.Status) bool { return s.ActionID == byAddress.ID && s.State == action.Expired })
	if ok, why := r.Health(); !ok {
		t.Errorf("health: %s", why)
	}
}

func TestItExpiresByItself(t *testing.T) {
	w := newWorld(t)
	r := w.start(nil)
	w.send(w.seal(w.act("block address 192.0.2.7 s/R/0", time.Second)))
	eventually(t, "blocked", func() bool { return r.status("192.0.2.7") == 403 })
	eventually(t, "released", func() bool { return r.status("192.0.2.7") == 200 })
	w.statuses(func(s action.Status) bool { return s.State == action.Expired })
}

func TestForgeriesAreRefused(t *testing.T) {
	w := newWorld(t)
	r := w.start(nil)
	stranger, err := action.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	a := w.act("block address 192.0.2.7 s/R/0", time.Hour)
	forged, err := stranger.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	unsigned, changed := w.seal(a), w.seal(a)
	unsigned.Headers = nil
	changed.Value = append(changed.Value, ' ')
	held := w.act("block address 192.0.2.8 s/R/0", time.Hour)
	w.send(w.seal(held))
	eventually(t, "blocked", func() bool { return r.status("192.0.2.8") == 403 })
	w.send(forged, unsigned, changed, action.Record{Key: held.Key()}, stranger.SealTombstone(held.Key(), 99), w.seal(w.act("block address 192.0.2.9 s/R/0", time.Hour)))
	eventually(t, "the one after", func() bool { return r.status("192.0.2.9") == 403 })
	if r.status("192.0.2.7") != 200 || r.status("192.0.2.8") != 403 {
		t.Error("a forgery had an effect")
	}
	if n := r.counter(t, "mirador_enforcer_records_unverified_total", ""); n != 5 {
		t.Errorf("%v counted, want 5", n)
	}
}

func TestCapsAndAllow(t *testing.T) {
	w := newWorld(t)
	r := w.start(func(c *Config) { c.Guards.Caps.NewPerMinute = 2 })
	for i := range 3 {
		w.send(w.seal(w.act(fmt.Sprintf("block address 192.0.2.%d s/R/0", i+1), time.Hour)))
	}
	refused := w.statuses(func(s action.Status) bool { return s.State == action.Refused })
	if refused.Target.Value != "192.0.2.3" || !strings.Contains(refused.Error, "breaker") {
		t.Errorf("refused %+v", refused)
	}
	if r.status("192.0.2.2") != 403 || r.status("192.0.2.3") != 200 {
		t.Error("the breaker is not where the cap is")
	}
	allow := w.act("allow address 192.0.2.2 person/ann", time.Hour)
	w.send(w.seal(allow))
	eventually(t, "allowed", func() bool { return r.status("192.0.2.2") == 200 })
	w.send(w.signer.SealTombstone(allow.Key(), allow.Revision))
	eventually(t, "blocked again", func() bool { return r.status("192.0.2.2") == 403 })
}

func TestARestartRebuildsFromTheTopic(t *testing.T) {
	w := newWorld(t)
	first := w.start(nil)
	a := w.act("block address 192.0.2.7 s/R/0", time.Hour)
	gone := w.act("block address 192.0.2.8 s/R/0", time.Hour)
	w.send(w.seal(a), w.seal(gone))
	w.send(w.signer.SealTombstone(gone.Key(), gone.Revision))
	eventually(t, "blocked", func() bool { return first.status("192.0.2.7") == 403 })
	first.stop()
	w.send(w.seal(w.act("block address 192.0.2.9 s/R/0", time.Hour)))

	again := w.start(func(c *Config) { c.Name = "again" })
	eventually(t, "blocked again", func() bool { return again.status("192.0.2.7") == 403 && again.status("192.0.2.9") == 403 })
	if again.status("192.0.2.8") != 200 {
		t.Error("what was ended came back")
	}
	s := w.statuses(func(s action.Status) bool { return s.ActionID == a.ID && s.Enforcer == "again" })
	if s.State != action.Enforced || s.SinceEvent != 0 {
		t.Errorf("taken up again: %+v; that is no time to enforce", s)
	}
}

func TestKafkaLostKeepsWhatHolds(t *testing.T) {
	w := newWorld(t)
	r := w.start(nil)
	w.send(w.seal(w.act("block address 192.0.2.7 s/R/0", time.Hour)), w.seal(w.act("block address 192.0.2.8 s/R/0", 4*time.Second)))
	eventually(t, "blocked", func() bool { return r.status("192.0.2.7") == 403 && r.status("192.0.2.8") == 403 })
	w.cluster.Close()
	eventually(t, "red", func() bool { ok, why := r.Health(); return !ok && strings.Contains(why, "stay in force") })
	eventually(t, "the short one over", func() bool { return r.status("192.0.2.8") == 200 })
	if r.status("192.0.2.7") != 403 {
		t.Error("the long one is gone with Kafka")
	}
}

func TestKillSwitches(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "kill")
	r := w.start(func(c *Config) { c.KillFile = file })
	w.send(w.seal(w.act("block address 192.0.2.7 s/R/0", time.Hour)))
	blocked := func() bool { return r.status("192.0.2.7") == http.StatusForbidden }
	passes := func() bool { return !blocked() }
	eventually(t, "blocked", blocked)
	r.SetKill(true)
	eventually(t, "lifted", passes)
	r.SetKill(false)
	eventually(t, "put back", blocked)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "lifted by the file", passes)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "put back without it", blocked)
}

// flaky fails until it is told otherwise.
type flaky struct {
	fail  chan bool
	holds chan int
}

func (f *flaky) Name() string { return "flaky:1" }
func (f *flaky) Apply(ctx context.Context, adds, _ []edge.Order) error {
	return fmt.Errorf("not told %d orders", len(adds))
}
func (f *flaky) Reconcile(_ context.Context, desired []edge.Order) error {
	select {
	case <-f.fail:
		return fmt.Errorf("not told %d orders", len(desired))
	default:
		f.holds <- len(desired)
		return nil
	}
}

func TestAnEdgeThatFailsIsMadeEqualLater(t *testing.T) {
	w := newWorld(t)
	verifier, err := action.NewVerifier(w.signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{fail: make(chan bool, 1), holds: make(chan int, 100)}
	e, err := New(Options{Config: Defaults(), Verifier: verifier, Edges: []edge.Edge{f}, Log: slog.New(slog.DiscardHandler),
		Registry: prometheus.NewRegistry(), Kafka: []kgo.Opt{kgo.SeedBrokers(w.cluster.ListenAddrs()...)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	defer func() { cancel(); <-done }()
	if n := <-f.holds; n != 0 {
		t.Errorf("%d orders at first", n)
	}
	f.fail <- true
	w.send(w.seal(w.act("block address 192.0.2.7 s/R/0", time.Hour)))
	s := w.statuses(func(s action.Status) bool { return s.State == action.Failed })
	if !strings.Contains(s.Error, "not told") {
		t.Errorf("status %+v", s)
	}
	if n := <-f.holds; n != 1 {
		t.Errorf("%d orders in the end", n)
	}
	w.statuses(func(s action.Status) bool { return s.State == action.Enforced })
	eventually(t, "green", func() bool { ok, _ := e.Health(); return ok })
}

func TestConfigIsChecked(t *testing.T) {
	c := Defaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	c = Config{}
	c.Guards.NeverBlock.CIDRs = []string{"x"}
	err := c.Validate()
	for _, want := range []string{"name", "reconcile", "max_ttl", "caps", "\"x\""} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error does not speak of %s: %v", want, err)
		}
	}
}

// BenchmarkActionToEdge is the way from the commit of an action to an edge that
// refuses, in process Kafka: what an enforcer adds to the time to enforce.
func BenchmarkActionToEdge(b *testing.B) {
	w := newWorld(b)
	r := w.start(func(c *Config) {
		c.Guards.Caps = desired.Caps{Active: 1 << 20, NewPerMinute: 1 << 20, Hold: time.Second, Tracked: 1 << 20}
	})
	for i := 0; b.Loop(); i++ {
		address := fmt.Sprintf("198.18.%d.%d", i>>8&255, i&255)
		w.send(w.seal(w.act("block address "+address+" s/R/0", time.Hour)))
		for r.status(address) != 403 {
			time.Sleep(50 * time.Microsecond)
		}
	}
}
