package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/prometheus/client_golang/prometheus"
)

// shared is the server of all tests, each in a database of its own.
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

// database is a fresh one with its tables, and a connection to it.
func database(t testing.TB) (chsink.Config, driver.Conn) {
	t.Helper()
	shared.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		shared.ch, shared.err = stack.StartClickHouse(ctx, stack.ClickHouseOptions{Progress: func(s string) { fmt.Fprintln(os.Stderr, s) }})
	})
	must(t, shared.err)
	cfg := chsink.DefaultConfig()
	cfg.Addr, cfg.Compression = []string{shared.ch.Addr()}, "none"
	cfg.AllowPlaintext = shared.ch.Took == stack.TookGiven
	cfg.Database = fmt.Sprintf("console_%d", time.Now().UnixNano())
	must(t, chsink.Migrate(t.Context(), cfg, chsink.Retention{}, silent()))
	conn, err := chsink.Open(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() {
		if err := conn.Exec(context.Background(), "DROP DATABASE IF EXISTS "+cfg.Database); err != nil {
			t.Error(err)
		}
		conn.Close()
	})
	return cfg, conn
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// orders is an Unblocker and TemplateOrders that keeps what it was told, and puts allows where the
// recorder would.
type orders struct {
	mu        sync.Mutex
	given     []Order
	withdrawn []Order
	record    func(Order)
	templates []told
	err       error
}

// told is an order about a template and where it went.
type told struct {
	tenant, host string
	order        order.Order
}

// Publish implements TemplateOrders.
func (o *orders) Publish(_ context.Context, tenant, host string, v order.Order) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.templates = append(o.templates, told{tenant, host, v})
	}
	return o.err
}

func (o *orders) Unblock(_ context.Context, v Order) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return o.err
	}
	o.given = append(o.given, v)
	if o.record != nil {
		o.record(v)
	}
	return nil
}

func (o *orders) Withdraw(_ context.Context, v Order) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.withdrawn = append(o.withdrawn, v)
	return o.err
}

// lags is a LagSource of fixed answers.
type lags struct {
	lag []Lag
	err error
}

func (l lags) Lag(context.Context) ([]Lag, error) { return l.lag, l.err }

func usualLag() lags {
	return lags{lag: []Lag{
		{Group: "mirador.behavior", Topic: "mirador.events", Partitions: 4, Records: 12, Behind: 41 * time.Millisecond, Known: true, Members: 1},
		{Group: "mirador.classifier", Topic: "mirador.events", Partitions: 4, Records: 8, Behind: 36 * time.Millisecond, Known: true, Members: 1},
		{Group: "mirador.discovery", Topic: "mirador.events", Partitions: 4, Records: 15, Behind: 52 * time.Millisecond, Known: true, Members: 1},
		{Group: "mirador.recorder", Topic: "mirador.events", Partitions: 4, Records: 212, Behind: 640 * time.Millisecond, Known: true, Members: 1},
		{Group: "mirador.signature", Topic: "mirador.events", Partitions: 4, Records: 31, Behind: 88 * time.Millisecond, Known: true, Members: 1},
	}}
}

const testToken = "a token of the tests"

// serve is a console over conn, and a browser that is logged in as ann.
func serve(t testing.TB, conn driver.Conn, u Unblocker, change func(*Config)) (*Console, *browser) {
	t.Helper()
	cfg := Defaults()
	cfg.Token, cfg.ClickHouse, cfg.Range = testToken, "127.0.0.1:9000/mirador", "1h"
	if change != nil {
		change(&cfg)
	}
	templates, _ := u.(TemplateOrders)
	c, err := New(cfg, conn, u, templates, usualLag(), silent(), prometheus.NewRegistry())
	must(t, err)
	srv := httptest.NewServer(c.Handler())
	t.Cleanup(srv.Close)
	b := newBrowser(t, srv.URL)
	if got := b.post("/login", url.Values{"token": {testToken}, "person": {"ann"}}); got.status != http.StatusSeeOther {
		t.Fatalf("login answered %d: %s", got.status, got.body)
	}
	return c, b
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	t      testing.TB
	base   string
	client *http.Client
}

type answer struct {
	status int
	body   string
	header http.Header
}

func newBrowser(t testing.TB, base string) *browser {
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t, base, &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path string, form url.Values, header http.Header) answer {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	must(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		r.Header[k] = v
	}
	res, err := b.client.Do(r)
	must(b.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(b.t, err)
	return answer{res.StatusCode, string(text), res.Header}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do("GET", path, nil, nil) }
func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.do("POST", path, form, nil)
}

// page is the body of a page that must be there.
func (b *browser) page(path string) string {
	b.t.Helper()
	a := b.get(path)
	if a.status != http.StatusOK {
		b.t.Fatalf("GET %s: status %d: %s", path, a.status, a.body)
	}
	return a.body
}

func open(t testing.TB, cfg chsink.Config) driver.Conn {
	t.Helper()
	conn, err := chsink.Open(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}
