package capture

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/miradorhq/mirador/pkg/event"
)

// sink keeps what it is offered, sealed.
type sink struct {
	b      *Builder
	mu     sync.Mutex
	events []*event.Event
	broken bool
}

func (s *sink) Offer(r *Raw) bool {
	if s.broken {
		panic("a broken sink")
	}
	e := s.b.Build(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	return true
}

func (s *sink) wait(t *testing.T, n int) []*event.Event {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		got := len(s.events)
		events := s.events
		s.mu.Unlock()
		if got == n {
			return events
		}
		if got > n || time.Now().After(end) {
			t.Fatalf("%d events, want %d", got, n)
		}
	}
}

func newTap(t testing.TB, options ...Option) (*Tap, *sink) {
	t.Helper()
	b := testBuilder(t, nil)
	s := &sink{b: b}
	tap, err := NewTap(b, s, prometheus.NewRegistry(), slog.New(slog.DiscardHandler), options...)
	if err != nil {
		t.Fatal(err)
	}
	return tap, s
}

// api does what real handlers do.
func api(t testing.TB) http.Handler {
	file := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(file, bytes.Repeat([]byte("0123456789"), 20000), 0o600); err != nil {
		t.Fatal(err)
	}
	m := http.NewServeMux()
	m.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Repeat", "1")
		w.Header().Add("X-Repeat", "2")
		w.WriteHeader(http.StatusCreated)
		w.Write(b)
	})
	m.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	m.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
	m.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	m.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	m.HandleFunc("/trailer", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "43")
	})
	m.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	m.HandleFunc("/flush", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Error(err)
		}
		for i := range 3 {
			fmt.Fprintf(w, "part %d;", i)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}
	})
	m.HandleFunc("/hijack", func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		rw.Flush()
		line, _ := rw.ReadString('\n')
		rw.WriteString("echo " + line)
		rw.Flush()
	})
	m.HandleFunc("/panic", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	m.HandleFunc("/refused", func(w http.ResponseWriter, _ *http.Request) {
		MarkEnforced(w)
		http.Error(w, "no", http.StatusForbidden)
	})
	return m
}

type answer struct {
	status  int
	header  http.Header
	body    string
	trailer http.Header
	err     bool
}

func ask(t *testing.T, c *http.Client, method, url, body string) answer {
	t.Helper()
	var b io.Reader
	if body != "" {
		b = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, url, b)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return answer{err: true}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	res.Header.Del("Date")
	return answer{res.StatusCode, res.Header, string(got), res.Trailer, err != nil}
}

// Each answer with the tap equals that without, over HTTP/1.1 and HTTP/2, and
// behind a reverse proxy.
func TestMiddlewareChangesNothing(t *testing.T) {
	tap, s := newTap(t)
	h := api(t)
	for _, proto := range []string{"1.1", "2", "proxy"} {
		run := func(h http.Handler) *httptest.Server {
			srv := httptest.NewUnstartedServer(h)
			srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			if proto == "2" {
				srv.EnableHTTP2 = true
				srv.StartTLS()
			} else {
				srv.Start()
			}
			t.Cleanup(srv.Close)
			return srv
		}
		tapped := tap.Middleware(h)
		if proto == "proxy" {
			up, _ := url.Parse(run(h).URL)
			p := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(up) }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
			tapped = tap.Middleware(p)
		}
		plain, with := run(h), run(tapped)
		big := strings.Repeat("b", 100<<10)
		n := 0
		for _, q := range []struct{ method, path, body string }{
			{"POST", "/echo?x=1", "small"}, {"POST", "/echo", big}, {"GET", "/plain", ""}, {"HEAD", "/plain", ""}, {"GET", "/nothing", ""}, {"GET", "/file", ""},
			{"HEAD", "/file", ""}, {"GET", "/hints", ""}, {"GET", "/trailer", ""}, {"GET", "/flush", ""}, {"POST", "/panic", ""}, {"GET", "/missing", ""}, {"GET", "/refused", ""},
		} {
			n++
			want := ask(t, plain.Client(), q.method, plain.URL+q.path, q.body)
			got := ask(t, with.Client(), q.method, with.URL+q.path, q.body)
			if proto == "proxy" && q.path == "/panic" {
				want = answer{status: 502, header: got.header} // of the proxy
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s %s %s:\n got  %.300s\n want %.300s", proto, q.method, q.path, fmt.Sprint(got), fmt.Sprint(want))
			}
		}
		events := s.wait(t, n)
		s.mu.Lock()
		s.events = nil
		s.mu.Unlock()
		if proto == "proxy" {
			continue
		}
		e := events[1]
		if e.Status != 201 || len(e.RequestBody.Data) != DefaultBodyBytes || e.RequestBody.WireLength != 100<<10 || !e.RequestBody.Truncated || e.ResponseBody.WireLength != 100<<10 || len(e.ResponseBody.Data) != DefaultBodyBytes {
			t.Errorf("%s echo: %d %d/%d %d/%d", proto, e.Status, len(e.RequestBody.Data), e.RequestBody.WireLength, len(e.ResponseBody.Data), e.ResponseBody.WireLength)
		}
		if e := events[0]; string(e.Path) != "/echo" || string(e.Query) != "x=1" || string(e.RequestBody.Data) != "small" || e.RequestBody.Truncated || string(e.RequestHeader("host")) != string(e.Authority) || string(e.Client.Address) != "127.0.0.1" {
			t.Errorf("%s: %s ? %s %s %s", proto, e.Path, e.Query, e.RequestBody.Data, e.Client.Address)
		}
		for i, want := range map[int]uint16{2: 200, 4: 200, 5: 200, 7: 418, 8: 200, 9: 200, 10: 0, 11: 404, 12: 403} {
			if events[i].Status != want || events[i].ResponseTime < events[i].RequestTime {
				t.Errorf("%s %s: status %d, want %d", proto, events[i].Path, events[i].Status, want)
			}
		}
		if f := events[5].ResponseBody; f.WireLength != 200000 || len(f.Data) != DefaultBodyBytes || !f.Truncated {
			t.Errorf("%s file: %d/%d", proto, len(f.Data), f.WireLength)
		}
		if h := events[3].ResponseBody; h.WireLength != 0 || len(h.Data) != 0 {
			t.Errorf("%s HEAD: %d", proto, h.WireLength)
		}
		if string(events[8].ResponseHeader("X-Sum")) != "42" || string(events[8].ResponseHeader("X-Late")) != "43" {
			t.Errorf("%s: trailers %v", proto, events[8].ResponseHeaders)
		}
		if !events[10].Has(event.Unpaired) || !events[12].Has(event.Enforced) || events[11].Has(event.Enforced) {
			t.Errorf("%s: flags", proto)
		}
		if proto == "2" && (string(e.Scheme) != "https" || string(e.TLS.Version) != "1.3" || string(e.Protocol) != "HTTP/2.0") {
			t.Errorf("%s %s %s", e.Scheme, e.TLS.Version, e.Protocol)
		}
	}
}

// The first bytes of a stream reach the client while the handler still runs.
func TestStreamIsNotHeldBack(t *testing.T) {
	tap, s := newTap(t)
	srv := httptest.NewServer(tap.Middleware(api(t)))
	defer srv.Close()
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "GET", srv.URL+"/stream", nil)
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(res.Body, b); err != nil || string(b) != "first" {
		t.Fatal(err, b)
	}
	s.wait(t, 0)
	cancel()
	res.Body.Close()
	if e := s.wait(t, 1)[0]; string(e.ResponseBody.Data) != "first" {
		t.Fatalf("%q", e.ResponseBody.Data)
	}
}

func TestHijack(t *testing.T) {
	tap, s := newTap(t)
	h := api(t)
	back := httptest.NewServer(h)
	defer back.Close()
	up, _ := url.Parse(back.URL)
	for name, handler := range map[string]http.Handler{"direct": h, "proxy": httputil.NewSingleHostReverseProxy(up)} {
		srv := httptest.NewServer(tap.Middleware(handler))
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET /hijack HTTP/1.1\r\nHost: x.test\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		in := bufio.NewReader(c)
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != 101 {
			t.Fatal(name, err)
		}
		if e := s.wait(t, 1)[0]; e.Status != 101 || string(e.Path) != "/hijack" { // before the connection ends
			t.Fatalf("%s: %d", name, e.Status)
		}
		fmt.Fprint(c, "ping\n")
		if line, err := in.ReadString('\n'); err != nil || line != "echo ping\n" {
			t.Fatal(name, line, err)
		}
		c.Close()
		srv.Close()
		s.wait(t, 1)
		s.events = nil
	}
}

// What is broken in the tap stays in the tap.
func TestBrokenSinkBreaksNothing(t *testing.T) {
	tap, s := newTap(t)
	s.broken = true
	srv := httptest.NewUnstartedServer(tap.Middleware(api(t)))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.Start()
	defer srv.Close()
	if a := ask(t, srv.Client(), "POST", srv.URL+"/echo", "x"); a.status != 201 || a.body != "x" || a.err {
		t.Fatal(a)
	}
	// A panic of the handler goes through although the sink panics behind it.
	if a := ask(t, srv.Client(), "GET", srv.URL+"/panic", ""); !a.err {
		t.Fatal("the handler's panic was swallowed", a)
	}
}

func TestAThousandAtOnce(t *testing.T) {
	var mirrored sync.Map
	tap, s := newTap(t, OnMirrored(func(m Mirrored) { mirrored.Store(m.ID, m) }))
	srv := httptest.NewServer(tap.Middleware(api(t)))
	defer srv.Close()
	c := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 200, MaxIdleConnsPerHost: 200}}
	defer c.CloseIdleConnections()
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			body := strings.Repeat(fmt.Sprintf("%04d", i), 500)
			res, err := c.Post(fmt.Sprintf("%s/echo?i=%d", srv.URL, i), "text/plain", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if got, _ := io.ReadAll(res.Body); string(got) != body || res.StatusCode != 201 {
				t.Errorf("%d: another's answer", i)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, e := range s.wait(t, 1000) {
		i := string(e.Query[2:])
		if n := fmt.Sprintf("%04s", i); seen[i] || !strings.HasPrefix(string(e.RequestBody.Data), n) || !bytes.Equal(e.RequestBody.Data, e.ResponseBody.Data) {
			t.Fatalf("event %s is mixed up", i)
		}
		seen[i] = true
		m, ok := mirrored.Load(e.ID)
		if !ok || !m.(Mirrored).Taken || m.(Mirrored).At.Before(m.(Mirrored).Request) {
			t.Fatalf("event %s: mirrored %v", i, m)
		}
	}
}

func TestClientCertificateMustBeVerified(t *testing.T) {
	if got := tlsState(&tls.ConnectionState{Version: tls.VersionTLS12, ServerName: "x.test"}); string(got.Version) != "1.2" || got.ClientSubject != nil {
		t.Fatal(got)
	}
}

func TestNewTapSaysWhatIsMissing(t *testing.T) {
	if _, err := NewTap(nil, nil, nil, nil); err == nil {
		t.Fatal("no error")
	}
	if _, err := NewBuilder(Config{Tenant: "a|b", BodyBytes: -1}); err == nil || !errors.Is(err, errNoKey) || !strings.Contains(err.Error(), "a|b") || !strings.Contains(err.Error(), "body") {
		t.Fatal(err)
	}
}
