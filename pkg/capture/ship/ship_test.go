package ship

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/capture/spool"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

func TestShips(t *testing.T) {
	b := newBroker(t)
	b.start()
	s, _ := start(t, Config{Kafka: b.seeds(), Heartbeat: 50 * time.Millisecond})
	// Whoever looks at any moment finds every event in exactly one place.
	watching := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for {
			if c := s.Counters(); !c.Balanced() {
				t.Errorf("does not balance: %+v", c)
				return
			}
			select {
			case <-watching:
				return
			default:
			}
		}
	})
	var taken atomic.Uint64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				if s.Offer(raw(g*500 + i)) {
					taken.Add(1)
				}
			}
		})
	}
	wg.Wait()
	stop(t, s, 10*time.Second)
	close(watching)
	watcher.Wait()
	c := s.Counters()
	if c.Seen != 4000 || c.Shipped != taken.Load() || c.Shipped != 4000 || c.Queued+c.InFlight+c.Spooled != 0 {
		t.Fatalf("%+v", c)
	}
	if s.Offer(raw(1)) || s.Counters().Dropped[DropClosed] != 1 || !errors.Is(s.TryOffer(raw(1)), ErrClosed) {
		t.Fatal("took an event after Close")
	}
	seen := map[uint64]bool{}
	ids := map[[16]byte]bool{}
	for _, g := range b.events() {
		if seen[g.Sequence] || ids[g.ID] || string(g.Sensor) != "edge-1" || g.Boot != s.Boot() || g.Has(event.Replayed) {
			t.Fatalf("sequence %d sensor %s boot %d flags %d", g.Sequence, g.Sensor, g.Boot, g.Flags)
		}
		seen[g.Sequence], ids[g.ID] = true, true
		if g.key != string(g.Key()) || !strings.HasPrefix(g.key, "default|cred:") {
			t.Fatalf("key %q", g.key)
		}
		if g.ID[6]>>4 != 7 || g.ID[8]>>6 != 2 {
			t.Fatalf("id %x is no UUIDv7", g.ID)
		}
	}
	if len(seen) != 4000 || !seen[1] || !seen[4000] {
		t.Fatalf("%d events", len(seen))
	}
	hs := b.consume(schemas.TopicSensors)
	var h Heartbeat
	if err := json.Unmarshal(hs[len(hs)-1].Value, &h); err != nil {
		t.Fatal(err)
	}
	if !h.Last || !h.Balanced() || h.Shipped != 4000 || h.Sequence != 4000 || string(hs[0].Key) != "default|edge-1" {
		t.Fatalf("%+v key %s", h, hs[0].Key)
	}
}

func TestBrokerAwayAtStartAndBack(t *testing.T) {
	b := newBroker(t)
	dir := t.TempDir()
	s, log := start(t, Config{Kafka: b.seeds(), DeliveryTimeout: time.Second, Heartbeat: time.Hour,
		Spool: spool.Config{Dir: dir, BlockBytes: 4 << 10, SegmentBytes: 64 << 10}, SpoolFlush: 50 * time.Millisecond})
	for i := range 1000 {
		if !s.Offer(raw(i)) {
			t.Fatal("dropped")
		}
	}
	until(t, "the spool", func() bool { c := s.Counters(); return c.Spooled == 1000 })
	if err := s.Healthy(); err == nil {
		t.Fatal("healthy without a broker")
	}
	if l := log.String(); strings.Count(l, "Kafka does not take events") != 1 || !strings.Contains(l, dir) || !strings.Contains(l, fmt.Sprint(b.port)) {
		t.Fatalf("one error that names folder and brokers: %s", l)
	}
	b.start()
	until(t, "recovery", func() bool { c := s.Counters(); return c.Shipped == 1000 })
	if err := s.Healthy(); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.Offer(raw(1000 + i))
	}
	until(t, "new events", func() bool { c := s.Counters(); return c.Shipped == 1100 })

	b.stop()
	for i := range 500 {
		s.Offer(raw(2000 + i))
		if i%50 == 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
	b.start()
	until(t, "second recovery", func() bool { c := s.Counters(); return c.Shipped == 1600 })
	stop(t, s, 10*time.Second)
	c := s.Counters()
	if !c.Balanced() || c.Lost() != 0 || c.Seen != 1600 || c.Spooled != 0 {
		t.Fatalf("%+v", c)
	}
	replayed, seen := 0, map[uint64]int{}
	for _, g := range b.events() {
		seen[g.Sequence]++
		if g.Has(event.Replayed) {
			replayed++
		} else if g.Sequence <= 1000 {
			t.Fatalf("event %d was spooled and does not say so", g.Sequence)
		}
	}
	if len(seen) != 1600 || replayed < 1000 {
		t.Fatalf("%d events, %d replayed", len(seen), replayed)
	}
}

func TestNextRunSendsWhatIsLeft(t *testing.T) {
	b := newBroker(t)
	cfg := Config{Kafka: b.seeds(), DeliveryTimeout: time.Second, Spool: spool.Config{Dir: t.TempDir()}}
	s, _ := start(t, cfg)
	for i := range 300 {
		s.Offer(raw(i))
	}
	stop(t, s, 1500*time.Millisecond)
	c := s.Counters()
	if c.Spooled != 300 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
	first := s.Boot()
	b.start()
	s, _ = start(t, cfg)
	if c := s.Counters(); c.Recovered != 300 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
	until(t, "the rest of the last run", func() bool { return s.Counters().Shipped == 300 })
	stop(t, s, 5*time.Second)
	evs := b.events()
	if len(evs) != 300 {
		t.Fatalf("%d events", len(evs))
	}
	for _, g := range evs {
		if g.Boot != first || !g.Has(event.Replayed) {
			t.Fatal("a spooled event keeps the boot that it was seen under")
		}
	}
}

func TestNoSpoolDropsAndCounts(t *testing.T) {
	b := newBroker(t)
	s, _ := start(t, Config{Kafka: b.seeds(), DeliveryTimeout: time.Second})
	for i := range 100 {
		s.Offer(raw(i))
	}
	until(t, "the drops", func() bool { return s.Counters().Dropped[DropKafka] == 100 })
	stop(t, s, 100*time.Millisecond)
	if c := s.Counters(); !c.Balanced() || c.Seen != 100 {
		t.Fatalf("%+v", c)
	}
}

func TestFullRingNeverWaits(t *testing.T) {
	b := newBroker(t)
	b.start()
	s, _ := start(t, Config{Kafka: b.seeds(), RingBytes: 4 << 10})
	var wg sync.WaitGroup
	var refused atomic.Uint64
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				if !s.Offer(raw(i)) {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	var tried uint64
	for i := 0; tried == 0 && i < 100000; i++ { // refused, and still the caller's own
		if errors.Is(s.TryOffer(raw(i)), ErrFull) {
			tried++
		}
	}
	before := s.Counters()
	stop(t, s, 10*time.Second)
	c := s.Counters()
	if refused.Load() == 0 || c.Dropped[DropRing] != refused.Load() || !c.Balanced() || c.Shipped+c.Lost() != c.Seen || c.Seen != before.Seen {
		t.Fatalf("refused %d, %+v", refused.Load(), c)
	}
	var newest uint64
	for _, g := range b.events() {
		newest = max(newest, g.Sequence)
	}
	// A gap in the sequence is what a reader sees of a drop.
	if newest > c.Seen || newest < c.Shipped {
		t.Fatalf("newest sequence %d, seen %d, shipped %d", newest, c.Seen, c.Shipped)
	}
}

func TestOversizeAndBrokenEvents(t *testing.T) {
	b := newBroker(t)
	b.start()
	s, _ := start(t, Config{Kafka: b.seeds(), EventBytes: 8 << 10})
	big := raw(1)
	big.Event.RequestBody.Data = bytes.Repeat([]byte("x"), 20<<10)
	s.Offer(big)
	huge := raw(2)
	huge.Event.RequestHeaders = append(huge.Event.RequestHeaders, event.Header{Name: []byte("X-Long"), Value: bytes.Repeat([]byte("x"), 20<<10)})
	s.Offer(huge)
	stop(t, s, 5*time.Second)
	evs := b.events()
	if len(evs) != 1 || !evs[0].Has(event.HeadersOnly) || len(evs[0].RequestBody.Data) != 0 || evs[0].RequestBody.WireLength != 20<<10 || !evs[0].RequestBody.Truncated {
		t.Fatalf("%d events", len(evs))
	}
	if c := s.Counters(); c.Dropped[DropOversize] != 1 || !c.Balanced() {
		t.Fatalf("%+v", c)
	}
}

func TestSpoolFolderFull(t *testing.T) {
	b := newBroker(t)
	dir := t.TempDir()
	s, log := start(t, Config{Kafka: b.seeds(), DeliveryTimeout: time.Second, SpoolFlush: 20 * time.Millisecond, Spool: spool.Config{Dir: dir}})
	// A folder that takes no more files stands for a full disk; package spool tests a real one.
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.Offer(raw(i))
	}
	until(t, "the drops", func() bool { return s.Counters().Dropped[spool.LostFull] == 100 })
	stop(t, s, 100*time.Millisecond)
	if !strings.Contains(log.String(), filepath.Base(dir)) || strings.Count(log.String(), "takes no more records") != 1 {
		t.Fatal(log)
	}
	if c := s.Counters(); !c.Balanced() {
		t.Fatalf("%+v", c)
	}
	os.RemoveAll(dir + ".gone")
}

func TestConfigSaysEverything(t *testing.T) {
	_, err := New(Config{Sensor: "a|b", RingBytes: -1, EventBytes: 2 << 20}, builder(t), nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, w := range []string{"a|b", "Kafka", "ring", "1 MiB"} {
		if !strings.Contains(err.Error(), w) {
			t.Fatalf("%q lacks %q", err, w)
		}
	}
}

// A burst that the broker takes slowly waits in the ring: it is neither dropped
// nor sent round through the spool.
func TestBurstWaitsForASlowBroker(t *testing.T) {
	for _, withSpool := range []bool{false, true} {
		b := newBroker(t)
		b.start()
		cfg := Config{Kafka: b.seeds(), BufferBytes: 16 << 10}
		if withSpool {
			cfg.Spool.Dir = t.TempDir()
		}
		s, _ := start(t, cfg)
		for i := range 3000 {
			if !s.Offer(raw(i)) {
				t.Fatal("dropped")
			}
		}
		stop(t, s, 20*time.Second)
		if c := s.Counters(); c.Shipped != 3000 || c.Lost() != 0 || c.Spooled != 0 {
			t.Fatalf("%+v", c)
		}
		for _, g := range b.events() {
			if g.Has(event.Replayed) {
				t.Fatal("went through the spool")
			}
		}
		b.stop()
	}
}
