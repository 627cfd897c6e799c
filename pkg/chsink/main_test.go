package chsink

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/twmb/franz-go/pkg/kgo"
)

// shared is the server that all tests but those that kill it use, each in a
// database of its own.
var shared struct {
	once sync.Once
	ch   *stack.ClickHouse
	err  error
}

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	code := m.Run()
	if shared.ch != nil {
		if err := shared.ch.Close(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// config is a fresh database's, not migrated yet.
func config(t testing.TB) Config {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		shared.ch, shared.err = stack.StartClickHouse(ctx, stack.ClickHouseOptions{
			Progress: func(s string) { fmt.Fprintln(os.Stderr, s) },
		})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	cfg := configOf(shared.ch)
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(t.Name()))
	cfg.Database = fmt.Sprintf("t_%.40s_%d", name, time.Now().UnixNano())
	t.Cleanup(func() {
		conn, err := cfg.open(context.Background(), anyDatabase)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+cfg.Database); err != nil {
			t.Error(err)
		}
	})
	return cfg
}

func configOf(ch *stack.ClickHouse) Config {
	cfg := DefaultConfig()
	cfg.Addr, cfg.Compression = []string{ch.Addr()}, "none"
	// A server given from outside may be on another machine.
	cfg.AllowPlaintext = ch.Took == stack.TookGiven
	return cfg
}

// migrated is a fresh database with its tables, and a connection to it.
func migrated(t testing.TB) (Config, driver.Conn) {
	t.Helper()
	cfg := config(t)
	if err := Migrate(t.Context(), cfg, Retention{}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return cfg, open(t, cfg)
}

func open(t testing.TB, cfg Config) driver.Conn {
	t.Helper()
	conn, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// lines are the rows of a query of strings, one line each, columns split by tabs.
func lines(t testing.TB, conn driver.Conn, query string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		cells := make([]string, len(rows.Columns()))
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		out = append(out, strings.Join(cells, "\t"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// one is the single cell of a query of a string.
func one(t testing.TB, conn driver.Conn, query string, args ...any) string {
	t.Helper()
	got := lines(t, conn, query, args...)
	if len(got) != 1 {
		t.Fatalf("%s: %d rows, want 1", query, len(got))
	}
	return got[0]
}

// same fails where got is not want, naming the first lines that differ.
func same(t testing.TB, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: row %d is\n%q, want\n%q", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.FailNow()
	}
}

// sink is what the runner asks of a sink.
type sink interface {
	Append(r *kgo.Record, topicID [16]byte) error
	Size() (rows, bytes int)
	Flush(ctx context.Context) error
}

var (
	_ sink = (*Events)(nil)
	_ sink = (*Findings)(nil)
	_ sink = (*Actions)(nil)
	_ sink = (*Statuses)(nil)
	_ sink = (*Endpoints)(nil)
	_ sink = (*Fields)(nil)
)

// firstSegment is a catalog that tells endpoints by method, host and the first
// segment of the path. Ids in merged are given as the one they map to.
type firstSegment struct{ merged map[string]string }

func (m firstSegment) Match(tenant, host, method string, path []byte) catalog.Match {
	segment, _, _ := strings.Cut(strings.TrimPrefix(string(path), "/"), "/")
	template := "/" + segment
	id := catalog.ID(tenant, host, method, template)
	if into, ok := m.merged[id]; ok {
		id, template = into, "/{word}"
	}
	return catalog.Match{ID: id, Label: method + " " + host + template, Host: host, Method: method, Template: template, Known: true}
}

// base is the time of the first event of a test.
var base = time.Date(2026, 3, 14, 9, 59, 30, 0, time.UTC)

// full is an event in which every field is set.
func full() event.Event {
	b := func(s string) []byte { return []byte(s) }
	return event.Event{
		ID: [16]byte{1, 2, 3}, Tenant: b("acme"), Sensor: b("edge-1"), Boot: 7, Sequence: 8,
		RequestTime: base.UnixNano(), ResponseTime: base.Add(42 * time.Millisecond).UnixNano(),
		Client: event.Client{Address: b("2001:db8::1:2"), Port: 4711, AddressSource: b("x-forwarded-for")},
		TLS:    event.TLS{Version: b("1.3"), SNI: b("api.bank.test"), JA4: b("t13d"), ClientCertificate: b("ab12"), ClientSubject: b("CN=partner")},
		Method: b("POST"), Scheme: b("https"), Protocol: b("HTTP/2"), Authority: b("API.bank.test:443"),
		Path: b("/accounts/1"), Query: b("a=1"),
		RequestHeaders:  []event.Header{{Name: b("User-Agent"), Value: b("curl/8")}, {Name: b("X-A"), Value: b("1")}, {Name: b("X-A"), Value: b("2")}},
		ResponseHeaders: []event.Header{{Name: b("Server"), Value: b("bank")}},
		RequestBody:     event.Body{Data: b(`{"a":1}`), WireLength: 7, SeenLength: 6, Truncated: true, ContentType: b("application/json")},
		ResponseBody:    event.Body{Data: b(`{"ok":true}`), WireLength: 11, SeenLength: 10, ContentType: b("application/json")},
		Status:          201,
		Identity: event.Identity{Scheme: b("jwt"), Credential: b("c0ffee"), KeyID: b("k1"), Subject: b("5ub"), Session: b("5e5"),
			TokenHeader: b(`{"alg":"RS256"}`), Claims: []event.Claim{{Name: b("iss"), Value: b(`"idp"`)}}},
		Masked: [][]byte{b("request.header:authorization")}, TraceID: b("4bf92f"),
		Deployment: event.Deployment{Service: b("accounts"), Namespace: b("prod"), Source: b("web")},
		Flags:      event.Sampled | event.Enforced, SampleRate: 10,
	}
}

func record(e *event.Event, partition int32, offset int64) *kgo.Record {
	return &kgo.Record{Topic: "mirador.events", Partition: partition, Offset: offset,
		Timestamp: time.Unix(0, e.RequestTime).Add(3 * time.Millisecond), Key: e.Key(), Value: event.Encode(nil, e)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
