package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func startEmbedded(t *testing.T, o ClickHouseOptions) *ClickHouse {
	t.Helper()
	o.Kind, o.Logger = TookEmbedded, testLog(t)
	began := time.Now()
	ch, err := StartClickHouse(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up in %s, %d MiB resident", time.Since(began).Round(time.Millisecond), rss(ch.Pid()))
	t.Cleanup(func() {
		if err := ch.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return ch
}

func dial(t *testing.T, addr string) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(&clickhouse.Options{Addr: []string{addr}, DialTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func exec1(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func number(t *testing.T, conn driver.Conn, query string) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// What was acknowledged must be there after SIGKILL, in whatever moment it comes.
func TestClickHouseKeepsAcknowledgedRowsOverKill(t *testing.T) {
	ch := startEmbedded(t, ClickHouseOptions{Dir: t.TempDir()})
	addr := ch.Addr()
	conn := dial(t, addr)
	exec1(t, conn, "CREATE DATABASE bank", "CREATE TABLE bank.rows (round UInt8, id UInt64) ENGINE = MergeTree ORDER BY id")
	const batch = 500
	acked := make([]uint64, 3) // rows of each round that the server said it has
	for round := range acked {
		stopped, enough := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for n := 0; ; n++ {
				b, err := conn.PrepareBatch(context.Background(), "INSERT INTO bank.rows")
				if err != nil {
					return
				}
				for i := range uint64(batch) {
					if err := b.Append(uint8(round), acked[round]+i); err != nil {
						t.Error(err)
						return
					}
				}
				if err := b.Send(); err != nil {
					return
				}
				acked[round] += batch
				if n == 5+round*7 {
					close(enough)
				}
			}
		}()
		select {
		case <-enough:
		case <-stopped:
			t.Fatal("inserts ended before the server was killed")
		}
		pid := ch.Pid()
		if err := ch.Kill(); err != nil {
			t.Fatal(err)
		}
		if alive(pid) || ch.Pid() != 0 {
			t.Fatal("Kill returned before the server was gone")
		}
		<-ch.Exited()
		<-stopped
		began := time.Now()
		if err := ch.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("up again after SIGKILL in %s", time.Since(began).Round(time.Millisecond))
		if ch.Addr() != addr {
			t.Fatalf("address changed from %s to %s", addr, ch.Addr())
		}
		conn = dial(t, addr)
		for r, want := range acked[:round+1] {
			got := number(t, conn, fmt.Sprintf("SELECT uniqExact(id) FROM bank.rows WHERE round = %d AND id < %d", r, want))
			if got != want {
				t.Fatalf("killed %d times: %d of %d acknowledged rows of round %d are there", round+1, got, want, r)
			}
		}
	}
}

func TestClickHouseEngineDoesWhatTheSchemaNeeds(t *testing.T) {
	ch := startEmbedded(t, ClickHouseOptions{MaxMemory: 1 << 30})
	if ch.Took != TookEmbedded || ch.HTTPAddr() == "" {
		t.Fatalf("took %q, http %q", ch.Took, ch.HTTPAddr())
	}
	conn := dial(t, ch.Addr())
	exec1(t, conn,
		"CREATE DATABASE m",
		`CREATE TABLE m.events (id UInt64, ts DateTime64(6), host LowCardinality(String) CODEC(ZSTD(1)), ver UInt64, doc JSON)
			ENGINE = ReplacingMergeTree(ver) PARTITION BY toDate(ts) ORDER BY id TTL toDateTime(ts) + INTERVAL 30 DAY`,
		`CREATE TABLE m.bits (k UInt8, s AggregateFunction(groupBitmap, UInt64)) ENGINE = AggregatingMergeTree ORDER BY k`,
		`CREATE MATERIALIZED VIEW m.to_bits TO m.bits AS SELECT toUInt8(id % 3) k, groupBitmapState(id) s FROM m.events GROUP BY k`,
		`CREATE TABLE m.minutes (m DateTime, n UInt64) ENGINE = MergeTree ORDER BY m`,
		`CREATE MATERIALIZED VIEW m.to_minutes REFRESH EVERY 1 SECOND TO m.minutes AS
			SELECT toStartOfMinute(toDateTime(ts)) m, count() n FROM m.events FINAL GROUP BY m`,
	)
	for ver := range 3 {
		exec1(t, conn, fmt.Sprintf(`INSERT INTO m.events
			SELECT number, toDateTime64('2035-01-01 10:00:00', 6) + number %% 120, 'h', %d, '{"a": 1}' FROM numbers(900)`, ver))
	}
	if n := number(t, conn, "SELECT count() FROM m.events FINAL"); n != 900 {
		t.Errorf("FINAL sees %d rows of 900", n)
	}
	if n := number(t, conn, "SELECT min(ver) FROM m.events FINAL"); n != 2 {
		t.Errorf("FINAL keeps version %d, not the newest", n)
	}
	if n := number(t, conn, "SELECT groupBitmapMerge(s) FROM m.bits WHERE k = 1"); n != 300 {
		t.Errorf("bitmap of rows that came three times counts %d, not 300", n)
	}
	if n := number(t, conn, "SELECT toUInt64(sum(doc.a::UInt64)) FROM m.events FINAL"); n != 900 {
		t.Errorf("JSON column sums to %d", n)
	}
	var rolled uint64
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end) && rolled != 900; time.Sleep(100 * time.Millisecond) {
		rolled = number(t, conn, "SELECT sum(n) FROM m.minutes")
	}
	if rolled != 900 {
		t.Errorf("refreshable view counts %d rows of 900", rolled)
	}
	exec1(t, conn, "INSERT INTO m.events VALUES (5000, '2001-01-01 00:00:00', 'old', 1, '{}')", "OPTIMIZE TABLE m.events FINAL")
	if n := number(t, conn, "SELECT count() FROM m.events WHERE id = 5000"); n != 0 {
		t.Errorf("a row beyond its TTL is still there")
	}
	if n := number(t, conn, "SELECT toUInt64(value) FROM system.server_settings WHERE name = 'max_server_memory_usage'"); n != 1<<30 {
		t.Errorf("memory limit is %d", n)
	}
}

func TestClickHouseClose(t *testing.T) {
	ch := startEmbedded(t, ClickHouseOptions{})
	pid, dir, addr := ch.Pid(), ch.Dir(), ch.Addr()
	exec1(t, dial(t, addr), "CREATE DATABASE gone")
	began := time.Now()
	if err := ch.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("closed in %s", time.Since(began).Round(time.Millisecond))
	if alive(pid) {
		t.Error("the server is still there")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	if c, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		c.Close()
		t.Error("somebody still listens")
	}
	if err := ch.Close(t.Context()); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := ch.Restart(t.Context()); err == nil {
		t.Error("Restart after Close must fail")
	}
}

// Ending in order must be an ending in order: exit status 0, data there for the next owner.
func TestClickHouseStopsInOrderAndDataMoves(t *testing.T) {
	dir := t.TempDir()
	ch := startEmbedded(t, ClickHouseOptions{Dir: dir})
	exec1(t, dial(t, ch.Addr()), "CREATE DATABASE d", "CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO d.t VALUES (7)")
	p := ch.part.(*process)
	if err := ch.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.current().err; err != nil {
		t.Errorf("it did not end in order: %v: %s", err, p.lastWords())
	}
	again := startEmbedded(t, ClickHouseOptions{Dir: dir})
	if n := number(t, dial(t, again.Addr()), "SELECT a FROM d.t"); n != 7 {
		t.Errorf("read %d", n)
	}
	// One folder, two servers: the second must refuse, and name the reason.
	if other, err := StartClickHouse(t.Context(), ClickHouseOptions{Kind: TookEmbedded, Dir: dir}); err == nil {
		other.Close(t.Context())
		t.Error("two servers run on one folder")
	} else {
		t.Logf("refused: %v", err)
	}
	if n := number(t, dial(t, again.Addr()), "SELECT a FROM d.t"); n != 7 {
		t.Errorf("the first server was hurt: read %d", n)
	}
}

func TestClickHouseDiesWithItsParent(t *testing.T) {
	parent, child := startParent(t, "clickhouse", filepath.Join(t.TempDir(), "data"))
	if !alive(child) {
		t.Fatal("no child")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	waitGone(t, child)
}

func TestClickHouseGiven(t *testing.T) {
	own := startEmbedded(t, ClickHouseOptions{})
	t.Setenv(EnvClickHouseAddr, own.Addr())
	ch, err := StartClickHouse(t.Context(), ClickHouseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ch.Took != TookGiven || ch.Addr() != own.Addr() || ch.Pid() != 0 {
		t.Errorf("took %s, %s", ch.Took, ch.Addr())
	}
	if err := ch.Kill(); !errors.Is(err, ErrNotOurs) {
		t.Errorf("Kill: %v", err)
	}
	if err := ch.Restart(t.Context()); !errors.Is(err, ErrNotOurs) {
		t.Errorf("Restart: %v", err)
	}
	if err := ch.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if !alive(own.Pid()) {
		t.Error("Close ended a server that is not ours")
	}
}
