package chsink

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestServerKilled: a batch outlives the server, and the same Flush succeeds once
// it is back.
func TestServerKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	server, err := stack.StartClickHouse(ctx, stack.ClickHouseOptions{})
	must(t, err)
	defer func() { must(t, server.Close(context.Background())) }()
	if server.Took == stack.TookGiven {
		t.Fatal("this test kills the server and needs one of its own: unset " + stack.EnvClickHouseAddr)
	}
	cfg := configOf(server)
	must(t, Migrate(ctx, cfg, DefaultRetention(), quiet))
	s, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	defer s.Close()
	next := int64(0)
	add := func(n int) {
		for range n {
			e := full()
			e.RequestTime = time.Now().UnixNano() // within retention
			must(t, s.Append(record(&e, 0, next), [16]byte{1}))
			next++
		}
	}
	add(100)
	must(t, s.Flush(ctx))
	add(100)
	must(t, server.Kill())
	for range 2 { // on the dead connection, and on a new one
		err = s.Flush(ctx)
		if err == nil || !strings.Contains(err.Error(), "events at "+server.Addr()) {
			t.Fatalf("Flush to a killed server: error %v does not name table and address", err)
		}
		if rows, bytes := s.Size(); rows != 100 || bytes == 0 {
			t.Fatalf("%d rows and %d bytes are kept, want 100", rows, bytes)
		}
	}
	add(50) // while it is away
	must(t, server.Restart(ctx))
	must(t, s.Flush(ctx))
	if got := testutil.ToFloat64(s.metrics.failures.WithLabelValues("events")); got != 2 {
		t.Errorf("%v failures counted, want 2", got)
	}
	// Killed and back between two flushes: the connection is dead without our
	// knowing, and no error is due.
	add(50)
	must(t, server.Kill())
	must(t, server.Restart(ctx))
	must(t, s.Flush(ctx))
	conn := open(t, cfg)
	if got := one(t, conn, "SELECT concat(toString(count()), ' ', toString(uniqExact(topic_offset))) FROM v_events"); got != fmt.Sprintf("%d %d", next, next) {
		t.Errorf("rows and offsets: %s, want %d", got, next)
	}
	if got := one(t, conn, "SELECT toString(sum(hits)) FROM v_endpoint_minutes"); got != fmt.Sprint(next) {
		t.Errorf("hits: %s, want %d", got, next)
	}
}

// TestFlushDeadline: a server that takes the connection and says nothing holds
// Flush no longer than the set time or the caller's.
func TestFlushDeadline(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	cfg := DefaultConfig()
	cfg.Addr, cfg.InsertTimeout = []string{l.Addr().String()}, 300*time.Millisecond
	s, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	defer s.Close()
	e := full()
	must(t, s.Append(record(&e, 0, 0), [16]byte{1}))
	if err := s.Flush(t.Context()); err == nil {
		t.Error("no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Flush(ctx); err == nil {
		t.Error("no error of a cancelled context")
	}
	if rows, _ := s.Size(); rows != 1 {
		t.Errorf("%d rows are kept, want 1", rows)
	}
}

// TestSecondAddress: an address that does not answer is passed over.
func TestSecondAddress(t *testing.T) {
	cfg, conn := migrated(t)
	dead, err := stack.FreeAddress()
	must(t, err)
	cfg.Addr = append([]string{dead}, cfg.Addr...)
	s, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	defer s.Close()
	e := full()
	must(t, s.Append(record(&e, 0, 0), [16]byte{1}))
	must(t, s.Flush(t.Context()))
	if got := one(t, conn, "SELECT toString(count()) FROM v_events"); got != "1" {
		t.Errorf("%s rows, want 1", got)
	}
}
