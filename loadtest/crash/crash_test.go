package crash

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/oracle"
	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/platform"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	MaybeRunService()
	os.Exit(m.Run())
}

// plan is the size of a run.
type plan struct {
	events, faults int
	rate           int // events a second
	outage         time.Duration
	kinds          []Kind
}

// consumers suffer the faults; the enforcer is asked whether blocks get through.
var consumers = []string{"discovery", "signature", "behavior", "classifier", "responder", "recorder"}

// TestFaults is the short run of every make test; the long one is in soak_test.go.
func TestFaults(t *testing.T) {
	run(t, plan{events: 10_000, faults: 5, rate: 400, outage: 6 * time.Second, kinds: Kinds()})
}

// broker is which one the environment asks for: kfake, unless a real one.
func broker() stack.Took {
	if os.Getenv("MIRADOR_TEST_KAFKA") == "real" {
		return stack.TookJava
	}
	return stack.TookKFake
}

func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano())
	if v := os.Getenv("MIRADOR_CRASH_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatalf("MIRADOR_CRASH_SEED: %v", err)
		}
		s = n
	}
	return s
}

// settings make faults frequent within a short run: snapshots every two seconds,
// sessions that end soon, and findings that end soon after their attack, which never
// pauses for so long: only then is every count said. The clock guard is off, as the comparison needs every
// action, however late the outage made it.
func settings(t *testing.T) platform.Config {
	c := platform.Defaults()
	c.Kafka.Partitions = 4
	c.Stages.SnapshotInterval, c.Stages.SessionTimeout, c.Stages.HeartbeatEvery = 2*time.Second, 6*time.Second, 200*time.Millisecond
	c.Stages.IdleAdvance, c.Signature.Window = 5*time.Second, 20*time.Second
	c.Behavior.ColdStart = 0 // everybody is new here
	c.Policy.Mode, c.Policy.ClockGuard, c.Policy.TTL = "enforce", false, []time.Duration{time.Hour}
	c.Telemetry.LogLevel = "warn"
	addr, err := stack.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	c.Enforcer.HTTP.Listen = addr
	return c
}

func run(t *testing.T, p plan) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(p.events/p.rate)*time.Second+time.Duration(p.faults)*(p.outage+20*time.Second)+5*time.Minute)
	defer cancel()
	s := seed(t)
	limits := Limits{Pause: time.Duration(p.events/p.rate) * time.Second / time.Duration(p.faults+2), Session: 6 * time.Second, Outage: p.outage}
	schedule := Schedule(s, p.faults, p.kinds, consumers, limits)
	t.Logf("MIRADOR_CRASH_SEED=%d on %s", s, broker())
	for i, f := range schedule {
		t.Logf("fault %d: %s", i+1, f)
	}
	c, err := Start(ctx, t.TempDir(), broker(), settings(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			c.printState(t)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, name := range append([]string{"enforcer"}, consumers...) {
		if err := c.Run(name, 1); err != nil {
			t.Fatal(err)
		}
	}
	ready, stop := context.WithTimeout(ctx, 90*time.Second)
	defer stop()
	if err := c.AwaitHealthy(ready); err != nil {
		t.Fatal(err)
	}
	o := traffic.Options{Seed: s, Events: p.events, Start: time.Now().Add(time.Second), Span: time.Duration(p.events/p.rate) * time.Second, Attackers: 3}
	list := traffic.Generate(o)
	shipped := make(chan error, 1)
	go func() { shipped <- c.ship(ctx, list) }()
	var bursts []traffic.Transaction
	for i, f := range schedule {
		wait(ctx, f.Pause)
		begun := time.Now()
		attack := func(ctx context.Context) error {
			burst := traffic.Burst(o, i, time.Now())
			bursts = append(bursts, burst...)
			return c.blockGetsThrough(ctx, burst)
		}
		if err := c.inflict(ctx, f, attack); err != nil {
			t.Fatalf("fault %d (%s): %v", i+1, f, err)
		}
		t.Logf("fault %d done in %v", i+1, time.Since(begun).Round(time.Millisecond))
	}
	if err := <-shipped; err != nil {
		t.Fatal(err)
	}
	want := oracle.Of(append(list, bursts...))
	t.Logf("expected: %d events, %d endpoints, %d minutes, %d principal hours, %d injections, %d actions",
		len(want.Events), len(want.Hits), len(want.Minutes), len(want.Hours), len(want.Injections), len(want.Actions))
	c.awaitEqual(ctx, t, &want)
	c.wouldNotice(ctx, t, &want)
}

// wouldNotice takes one thing out of the expectation of each table: a comparison
// that finds no difference then would find none ever.
func (c *Cluster) wouldNotice(ctx context.Context, t *testing.T, want *oracle.Expectation) {
	t.Helper()
	spoil(want.Events)
	spoil(want.Hits)
	spoil(want.Minutes)
	spoil(want.Hours)
	spoil(want.Injections)
	spoil(want.Attackers[traffic.Scan])
	spoil(want.Actions)
	diff, err := c.Compare(ctx, want)
	// One thing may be missed twice: without its action, its target attacks nobody.
	named := map[string]bool{}
	for _, d := range diff {
		table, _, _ := strings.Cut(d, ":")
		named[table] = true
	}
	if err != nil || len(named) != 7 {
		t.Errorf("7 things were taken out of the expectation, the comparison names %d tables: %v (error %v)", len(named), diff, err)
	}
}

func spoil[V any](m map[string]V) {
	for k := range m {
		delete(m, k)
		return
	}
}

// awaitEqual polls until ClickHouse equals the oracle, and then once more a
// while later: what is too much may come late.
func (c *Cluster) awaitEqual(ctx context.Context, t *testing.T, want *oracle.Expectation) {
	t.Helper()
	begun := time.Now()
	deadline := begun.Add(3 * time.Minute)
	for {
		diff, err := c.Compare(ctx, want)
		if err == nil && len(diff) == 0 {
			break
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			t.Errorf("after %v ClickHouse differs from the oracle (error %v):", time.Since(begun).Round(time.Second), err)
			for _, d := range diff {
				t.Error(d)
			}
			return
		}
		wait(ctx, 500*time.Millisecond)
	}
	t.Logf("equal to the oracle %v after the last fault and event", time.Since(begun).Round(time.Millisecond))
	wait(ctx, 3*time.Second)
	diff, err := c.Compare(ctx, want)
	if err != nil {
		t.Error(err)
	}
	for _, d := range diff {
		t.Error("later:", d)
	}
}

// blockGetsThrough lets a new attacker come and waits until the edge refuses it.
func (c *Cluster) blockGetsThrough(ctx context.Context, burst []traffic.Transaction) error {
	if err := c.ship(ctx, burst); err != nil {
		return err
	}
	begun := time.Now()
	for time.Since(begun) < 30*time.Second && ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Base.Enforcer.HTTP.Listen+"/v1/decide", nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-Mirador-Client-Ip", burst[0].Actor.Address)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode == http.StatusForbidden {
			return nil
		}
		wait(ctx, 20*time.Millisecond)
	}
	return fmt.Errorf("the edge did not refuse %s within 30 s while ClickHouse was stopped", burst[0].Actor.Address)
}

// printState shows what each service thinks of itself, its lag and its log.
func (c *Cluster) printState(t *testing.T) {
	for _, s := range c.services {
		t.Logf("--- %s\n%s\n%s\n%s", s.instance, fetch(s.health, ""), fetch(strings.Replace(s.health, "healthz", "metrics", 1), "_lag_"), tail(s.log))
	}
}

// fetch is the page at url, or of it the lines that hold word.
func fetch(url, word string) string {
	res, err := http.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.SplitSeq(string(body), "\n") {
		if strings.Contains(line, word) && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
