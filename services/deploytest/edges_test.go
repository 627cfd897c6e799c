//go:build edges

package deploytest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/enforcer/decide"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
)

// These tests run the real proxies with the files of deploy/examples against the
// real decision endpoint: make test-edges. They need nginx and haproxy on the PATH
// (apt-get install nginx haproxy) and fail where these are not.

const edgeToken = "a-token-of-sixteen-and-more"

// edgeBed is an API behind a proxy and the enforcer's decision endpoint.
type edgeBed struct {
	t       *testing.T
	decider *decide.Decider
	decide  *httptest.Server
	api     *httptest.Server
	listen  string // address of the proxy
	seen    chan http.Header
}

func newEdgeBed(t *testing.T) *edgeBed {
	t.Helper()
	cfg := decide.Defaults()
	cfg.Token, cfg.ThrottleRate, cfg.ThrottleBurst = edgeToken, 0.001, 1
	d, err := decide.New("test", cfg, nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	b := &edgeBed{t: t, decider: d, seen: make(chan http.Header, 100)}
	b.decide = httptest.NewServer(d.Handler(func() []action.Action { return nil }))
	t.Cleanup(b.decide.Close)
	b.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.seen <- r.Header.Clone()
		_, _ = io.WriteString(w, "the api")
	}))
	t.Cleanup(b.api.Close)
	address, err := stack.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	b.listen = address
	return b
}

// hold makes op the only order, for the address that all requests come from.
func (b *edgeBed) hold(op action.Op) {
	b.t.Helper()
	var orders []edge.Order
	if op != "" {
		orders = []edge.Order{{Place: edge.Place{Tenant: "default", Type: action.Address, Value: "127.0.0.1", Scope: "*"},
			Op: op, Until: time.Now().Add(time.Hour), Actions: []edge.Ref{{ID: "0123456789abcdef"}}}}
	}
	if err := b.decider.Reconcile(context.Background(), orders); err != nil {
		b.t.Fatal(err)
	}
}

// run starts the proxy, waits until it answers and ends it with the test.
func (b *edgeBed) run(env []string, program string, args ...string) {
	t := b.t
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is not on the PATH; on Debian: apt-get install %s: %v", program, program, err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	log := filepath.Join(t.TempDir(), "log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { defer close(gone); _ = cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill()
			<-gone
		}
		if t.Failed() {
			b, _ := os.ReadFile(log)
			t.Logf("%s:\n%s", program, b)
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", b.listen); err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-gone:
			text, _ := os.ReadFile(log)
			t.Fatalf("%s ended: %s", program, text)
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not listen on %s", program, b.listen)
		}
	}
}

// get asks the proxy and gives the status and the reason.
func (b *edgeBed) get(path string, headers ...string) (int, http.Header) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+b.listen+path, strings.NewReader("a body"))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		b.t.Fatal(err)
	}
	return res.StatusCode, res.Header
}

// judge holds the proxy to what an edge must do.
func (b *edgeBed) judge(throttled int) {
	t := b.t
	t.Helper()
	f := func(what string, want int, headers ...string) {
		t.Helper()
		if got, h := b.get("/accounts/7?x=1", headers...); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		} else if want != 200 && !strings.Contains(h.Get("X-Mirador-Reason"), "01234567") {
			t.Errorf("%s: no reference in %v", what, h)
		}
	}
	f("nothing ordered", 200)
	b.hold(action.Block)
	f("blocked", 403)
	// A client cannot say that it is somebody else.
	f("blocked, under another name", 403, "X-Forwarded-For", "192.0.2.1", "X-Real-Ip", "192.0.2.1", "X-Mirador-Client-Ip", "192.0.2.1")
	b.hold(action.Challenge)
	f("challenged", 401)
	b.hold(action.Throttle)
	f("throttled, within the burst", 200)
	f("throttled", throttled)
	b.hold("")
	f("lifted", 200)
	for len(b.seen) > 0 {
		if h := <-b.seen; h.Get("X-Mirador-Token") != "" {
			t.Error("the API was shown the enforcer's token")
		}
	}
	b.hold(action.Block)
	b.decide.CloseClientConnections()
	b.decide.Close()
	start := time.Now()
	if got, _ := b.get("/accounts/7"); got != 200 {
		t.Errorf("the enforcer is gone: %d, but the request must pass", got)
	}
	t.Logf("the first request without an enforcer took %v", time.Since(start))
}

// silent puts a server that never answers in the enforcer's place.
func (b *edgeBed) silent() {
	b.t.Helper()
	l, err := net.Listen("tcp", b.decide.Listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = l.Close() })
	start := time.Now()
	if got, _ := b.get("/accounts/7"); got != 200 {
		b.t.Errorf("the enforcer does not answer: %d, but the request must pass", got)
	}
	b.t.Logf("a request to a silent enforcer took %v", time.Since(start))
}

func TestNginx(t *testing.T) {
	b := newEdgeBed(t)
	dir := t.TempDir()
	conf := strings.NewReplacer(
		"server 127.0.0.1:8091", "server "+b.decide.Listener.Addr().String(), "server 127.0.0.1:8080", "server "+b.api.Listener.Addr().String(),
		"listen 8000", "listen "+b.listen, "/etc/nginx/mirador-token.conf", filepath.Join(dir, "token.conf"),
	).Replace(example(t, "nginx/mirador.conf"))
	write(t, filepath.Join(dir, "mirador.conf"), []byte(conf))
	write(t, filepath.Join(dir, "token.conf"), []byte(`set $mirador_token "`+edgeToken+`";`))
	write(t, filepath.Join(dir, "nginx.conf"), []byte(strings.ReplaceAll(`daemon off; master_process off; pid DIR/pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
  include DIR/mirador.conf;
}
`, "DIR", dir)))
	check := exec.Command("nginx", "-t", "-q", "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("nginx -t: %v\n%s", err, out)
	}
	b.run(nil, "nginx", "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr")
	b.judge(403)
	b.silent()
}

func TestHAProxy(t *testing.T) {
	b := newEdgeBed(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mirador.lua"), []byte(example(t, "haproxy/mirador.lua")))
	cfg := strings.NewReplacer("/etc/haproxy/mirador.lua", filepath.Join(dir, "mirador.lua"), "bind :8000", "bind "+b.listen,
		"127.0.0.1:8080", b.api.Listener.Addr().String()).Replace(example(t, "haproxy/haproxy.cfg"))
	file := filepath.Join(dir, "haproxy.cfg")
	write(t, file, []byte(cfg))
	env := []string{"MIRADOR_DECIDE_URL=" + b.decide.URL + "/v1/decide", "MIRADOR_ENFORCER_TOKEN=" + edgeToken}
	check := exec.Command("haproxy", "-c", "-q", "-f", file)
	check.Env = append(os.Environ(), env...)
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("haproxy -c: %v\n%s", err, out)
	}
	b.run(env, "haproxy", "-f", file)
	b.judge(429)
	time.Sleep(3 * time.Second) // past the pause after the last silence
	b.silent()
}
