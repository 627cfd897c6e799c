package decide

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

func newDecider(t testing.TB, change func(*Config), ids Identifier) *Decider {
	t.Helper()
	cfg := Defaults()
	if change != nil {
		change(&cfg)
	}
	d, err := New("test", cfg, ids, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// order is "op type value [scope]".
func order(text string) edge.Order {
	f := append(strings.Fields(text), "*")
	return edge.Order{Place: edge.Place{Tenant: "default", Type: action.TargetType(f[1]), Value: f[2], Scope: f[3]},
		Op: action.Op(f[0]), Until: time.Now().Add(time.Hour), Actions: []edge.Ref{{ID: "0123456789abcdef"}}}
}

func hold(t testing.TB, d *Decider, orders ...string) {
	t.Helper()
	var list []edge.Order
	for _, o := range orders {
		list = append(list, order(o))
	}
	if err := d.Reconcile(context.Background(), list); err != nil {
		t.Fatal(err)
	}
}

func ask(t testing.TB, d *Decider, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.Handler(func() []action.Action { return []action.Action{{ID: "a"}} }).ServeHTTP(w, r)
	return w.Result()
}

const (
	hashA = "000102030405060708090a0b0c0d0e0f"
	hashB = "ff0102030405060708090a0b0c0d0e0f"
)

// fixed is an identity as the shipper would tell it; the real one is tried in
// the enforcer's own tests.
type fixed event.Identity

func (f fixed) RequestIdentity(*http.Request) event.Identity { return event.Identity(f) }

func TestByAddress(t *testing.T) {
	d := newDecider(t, nil, nil)
	hold(t, d, "block address 192.0.2.7", "block cidr 198.51.100.0/24", "block cidr 2001:db8::/64", "challenge address 192.0.2.8")
	f := func(want int, headers ...string) {
		t.Helper()
		if got := ask(t, d, "/v1/decide", headers...); got.StatusCode != want {
			t.Errorf("%v: %d, want %d", headers, got.StatusCode, want)
		}
	}
	f(200)
	f(403, "X-Real-IP", "192.0.2.7")
	f(200, "X-Real-IP", "192.0.2.9")
	f(403, "X-Mirador-Client-Ip", "192.0.2.7")
	f(403, "X-Mirador-Client-Ip", "::ffff:192.0.2.7")
	f(403, "X-Mirador-Client-Ip", "192.0.2.7:4711")
	f(403, "X-Mirador-Client-Ip", "[2001:db8::1:2]:443")
	f(200, "X-Mirador-Client-Ip", "2001:db8:0:1::1")
	f(403, "X-Forwarded-For", "10.9.9.9, 198.51.100.77")
	f(200, "X-Forwarded-For", "198.51.100.77, 192.0.2.9")
	f(401, "X-Real-IP", "192.0.2.8")
	// What the client adds can only make it worse.
	f(403, "X-Mirador-Client-Ip", "192.0.2.200", "X-Real-IP", "192.0.2.7")
	f(200, "X-Real-IP", "rubbish")
	f(200, "X-Forwarded-For", ",,,")
}

func TestForwardedForWalksOverTrustedProxies(t *testing.T) {
	d := newDecider(t, func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8", "192.0.2.50"} }, nil)
	hold(t, d, "block address 192.0.2.7")
	f := func(want int, values ...string) {
		t.Helper()
		var h []string
		for _, v := range values {
			h = append(h, "X-Forwarded-For", v)
		}
		if got := ask(t, d, "/v1/decide", h...); got.StatusCode != want {
			t.Errorf("%v: %d, want %d", values, got.StatusCode, want)
		}
	}
	f(403, "192.0.2.7, 10.1.1.1, 192.0.2.50")
	f(403, "192.0.2.7", "10.1.1.1")
	f(200, "192.0.2.7, 192.0.2.9, 10.1.1.1")
	f(200, strings.Repeat("10.0.0.1,", 100)+"10.0.0.2")
	f(200, "192.0.2.7, unknown, 10.0.0.1")
}

func TestAnAllowWins(t *testing.T) {
	d := newDecider(t, nil, fixed{Credential: []byte(hashA)})
	hold(t, d, "block address 192.0.2.7", "allow credential "+hashA)
	if got := ask(t, d, "/v1/decide", "X-Real-IP", "192.0.2.7"); got.StatusCode != 200 || got.Header.Get("X-Mirador-Action") != "allow" {
		t.Errorf("an allowed credential: %d", got.StatusCode)
	}
	d = newDecider(t, nil, fixed{Credential: []byte(hashA)})
	hold(t, d, "block credential "+hashA, "allow address 192.0.2.1")
	if got := ask(t, d, "/v1/decide", "X-Real-IP", "192.0.2.1"); got.StatusCode != 200 {
		t.Errorf("an allowed address: %d", got.StatusCode)
	}
	// An address that the client only claims does not help it.
	if got := ask(t, d, "/v1/decide", "X-Mirador-Client-Ip", "192.0.2.1", "X-Real-IP", "192.0.2.2"); got.StatusCode != 403 {
		t.Errorf("a claimed address: %d", got.StatusCode)
	}
}

func TestByIdentityAndScope(t *testing.T) {
	id := fixed{Credential: []byte(hashA), Session: []byte(hashB), Subject: []byte(hashB)}
	f := func(want int, host, path, o string) {
		t.Helper()
		d := newDecider(t, nil, id)
		hold(t, d, o)
		got := ask(t, d, "/v1/decide", "X-Forwarded-Host", host, "X-Forwarded-Uri", path)
		if got.StatusCode != want {
			t.Errorf("%s, %s%s: %d, want %d", o, host, path, got.StatusCode, want)
		}
	}
	f(403, "a", "/", "block credential "+hashA)
	f(200, "a", "/", "block credential "+hashB)
	f(403, "a", "/", "block session "+hashB)
	f(403, "a", "/", "block subject "+hashB)
	f(403, "api.example.com", "/x", "block credential "+hashA+" api.example.com")
	f(403, "API.example.com:8443", "/x", "block credential "+hashA+" api.example.com")
	f(200, "other.example.com", "/x", "block credential "+hashA+" api.example.com")
	f(403, "api.example.com", "/v1/x?q=1", "block credential "+hashA+" api.example.com/v1")
	f(200, "api.example.com", "/v10/x", "block credential "+hashA+" api.example.com/v1")
	f(200, "api.example.com", "/", "block credential "+hashA+" api.example.com/v1")
}

func TestAnswers(t *testing.T) {
	d := newDecider(t, func(c *Config) { c.ThrottleRate, c.ThrottleBurst = 0.5, 2 }, nil)
	hold(t, d, "block address 192.0.2.1", "throttle address 192.0.2.2")
	got := ask(t, d, "/v1/decide", "X-Real-IP", "192.0.2.1")
	if got.Header.Get("X-Mirador-Action") != "block" || got.Header.Get("X-Mirador-Reason") != "refused by policy; reference 01234567" {
		t.Errorf("headers %v", got.Header)
	}
	var codes []int
	for range 4 {
		got = ask(t, d, "/v1/decide", "X-Real-IP", "192.0.2.2")
		codes = append(codes, got.StatusCode)
	}
	if fmt.Sprint(codes) != "[200 200 429 429]" {
		t.Errorf("throttled: %v", codes)
	}
	if s := got.Header.Get("Retry-After"); s != "2" {
		t.Errorf("Retry-After %q", s)
	}
	// An update of the order does not refill it.
	hold(t, d, "block address 192.0.2.1", "throttle address 192.0.2.2")
	if got = ask(t, d, "/v1/decide?proxy=nginx", "X-Real-IP", "192.0.2.2"); got.StatusCode != 403 || got.Header.Get("X-Mirador-Action") != "throttle" {
		t.Errorf("for nginx: %d", got.StatusCode)
	}
}

func TestToken(t *testing.T) {
	open, closed := newDecider(t, nil, nil), newDecider(t, func(c *Config) { c.Token = "secret" }, nil)
	hold(t, closed, "block address 192.0.2.1")
	if got := ask(t, closed, "/v1/decide", "X-Real-IP", "192.0.2.1"); got.StatusCode != 200 {
		t.Errorf("without the token: %d; a wrong setting must not close the API", got.StatusCode)
	}
	if got := ask(t, closed, "/v1/decide", "X-Real-IP", "192.0.2.1", "X-Mirador-Token", "secret"); got.StatusCode != 403 {
		t.Errorf("with the token: %d", got.StatusCode)
	}
	for want, got := range map[int]*http.Response{
		403: ask(t, open, "/v1/actions"), 401: ask(t, closed, "/v1/actions"), 200: ask(t, closed, "/v1/actions", "X-Mirador-Token", "secret"),
	} {
		if got.StatusCode != want {
			t.Errorf("/v1/actions: %d, want %d", got.StatusCode, want)
		}
	}
}

type panics struct{}

func (panics) RequestIdentity(*http.Request) event.Identity { panic("broken") }

func TestAPanicPasses(t *testing.T) {
	d := newDecider(t, nil, panics{})
	hold(t, d, "block credential "+hashA)
	if got := ask(t, d, "/v1/decide"); got.StatusCode != 200 {
		t.Errorf("%d", got.StatusCode)
	}
}

func TestExpiredIsNotEnforced(t *testing.T) {
	d := newDecider(t, nil, nil)
	o := order("block address 192.0.2.1")
	o.Until = time.Now().Add(-time.Nanosecond)
	if err := d.Apply(context.Background(), []edge.Order{o}, nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, d, "/v1/decide", "X-Real-IP", "192.0.2.1"); got.StatusCode != 200 {
		t.Errorf("%d", got.StatusCode)
	}
}

func TestApplyAddsReplacesRemoves(t *testing.T) {
	d := newDecider(t, nil, nil)
	ctx := context.Background()
	block, challenge := order("block address 192.0.2.1"), order("challenge address 192.0.2.1")
	unfit := order("block ja4+route x")
	status := func() int {
		return d.Decide(&Request{Tenant: "default", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}).Status
	}
	err := d.Apply(ctx, []edge.Order{block, unfit}, nil)
	var part *edge.PartialError
	if !errors.As(err, &part) || len(part.Orders) != 1 || part.Orders[unfit.Place] == nil {
		t.Errorf("an order that is not for here: %v", err)
	}
	if status() != 403 {
		t.Error("not added")
	}
	if err := d.Apply(ctx, []edge.Order{challenge}, nil); err != nil || status() != 401 {
		t.Error("not replaced")
	}
	if err := d.Apply(ctx, nil, []edge.Order{challenge}); err != nil || status() != 200 {
		t.Error("not removed")
	}
}

func FuzzDecideHeaders(f *testing.F) {
	d := newDecider(f, func(c *Config) { c.TrustedProxies = []string{"10.0.0.0/8"} }, fixed{Credential: []byte(hashA)})
	hold(f, d, "block address 192.0.2.1", "block cidr 2001:db8::/64", "throttle credential "+hashB, "block session "+hashA+" example.com/v1")
	h := d.Handler(nil)
	f.Add("192.0.2.1", "10.0.0.1, 192.0.2.9:80", "example.com", "/v1?x=%zz")
	f.Add("[2001:db8::1]:80", ",, ,", "[::1]:80", "http://[")
	f.Add("[", "fe80::1%eth0", ":", "")
	f.Fuzz(func(t *testing.T, ip, forwarded, host, uri string) {
		r := httptest.NewRequest("GET", "/v1/decide", nil)
		r.Header["X-Real-Ip"] = []string{ip}
		r.Header["X-Forwarded-For"] = []string{forwarded}
		r.Header["X-Forwarded-Host"] = []string{host}
		r.Header["X-Forwarded-Uri"] = []string{uri}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		want := 200
		if a := parseAddress(ip); a == netip.MustParseAddr("192.0.2.1") || netip.MustParsePrefix("2001:db8::/64").Contains(a) {
			want = 403
		}
		if a := d.forwarded([]string{forwarded}); a == netip.MustParseAddr("192.0.2.1") || netip.MustParsePrefix("2001:db8::/64").Contains(a) {
			want = 403
		}
		if w.Code != want {
			t.Fatalf("%q %q: %d, want %d", ip, forwarded, w.Code, want)
		}
		var m dto.Metric
		if err := d.panics.Write(&m); err != nil || m.GetCounter().GetValue() != 0 {
			t.Fatal("a decision panicked inside")
		}
	})
}

func BenchmarkDecideAddress(b *testing.B) {
	d := newDecider(b, nil, nil)
	var orders []string
	for i := range 5000 {
		orders = append(orders, fmt.Sprintf("block address 198.51.%d.%d", i/250, i%250))
	}
	hold(b, d, orders...)
	q := &Request{Tenant: "default", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	b.ReportAllocs()
	for b.Loop() {
		d.Decide(q)
	}
}

func BenchmarkDecideAddressAndCredential(b *testing.B) {
	d := newDecider(b, nil, nil)
	hold(b, d, "block address 198.51.100.1", "block cidr 2001:db8::/64", "block credential "+hashB)
	q := &Request{Tenant: "default", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Identity: event.Identity{Credential: []byte(hashA), Session: []byte(hashA), Subject: []byte(hashA)}}
	b.ReportAllocs()
	for b.Loop() {
		d.Decide(q)
	}
}

func BenchmarkServeDecide(b *testing.B) {
	d := newDecider(b, nil, nil)
	hold(b, d, "block address 198.51.100.1")
	h := d.Handler(nil)
	r := httptest.NewRequest("GET", "/v1/decide", nil)
	r.Header.Set("X-Real-Ip", "192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkRebuild5000(b *testing.B) {
	d := newDecider(b, nil, nil)
	var orders []string
	for i := range 5000 {
		orders = append(orders, fmt.Sprintf("block address 198.51.%d.%d", i/250, i%250))
	}
	hold(b, d, orders...)
	one := []edge.Order{order("block address 192.0.2.1")}
	for b.Loop() {
		if err := d.Apply(context.Background(), one, nil); err != nil {
			b.Fatal(err)
		}
	}
}
