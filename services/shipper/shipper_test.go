package shipper

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/encoding/json"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
)

const good = "0123456789abcdef-ingest"

// queue has room for so many.
type queue struct {
	mu   sync.Mutex
	room int
	err  error
	got  []*capture.Raw
}

func (q *queue) TryOffer(r *capture.Raw) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.got) >= q.room {
		return q.err
	}
	q.got = append(q.got, r)
	return nil
}

func ingest(t *testing.T, q Queue, change func(*Config)) *Ingest {
	t.Helper()
	cfg := Defaults()
	cfg.Tokens = []string{"another-token-of-the-operator", good}
	if change != nil {
		change(&cfg)
	}
	in, err := NewIngest(cfg, q, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func post(h http.Handler, body string, headers ...string) (*httptest.ResponseRecorder, Answer) {
	r := httptest.NewRequest("POST", "/v1/events", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+good)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var a Answer
	json.Unmarshal(w.Body.Bytes(), &a)
	return w, a
}

func line(i int) string {
	return fmt.Sprintf(`{"id":%d,"client_ip":"203.0.113.7","method":"GET","uri":"/a/%d","headers":{"Authorization":"Bearer secret-token-%d"},"status":200}`+"\n", i, i, i)
}

func TestIngestTakesLines(t *testing.T) {
	q := &queue{room: 100}
	w, a := post(ingest(t, q, nil), line(1)+"no json\n\n"+line(2)+`{"method":"GET"}`, "Content-Type", "application/x-ndjson")
	if w.Code != 202 || a.Accepted != 2 || a.Malformed != 2 || len(q.got) != 2 || fmt.Sprint(a.Rejected[0].Line, a.Rejected[1].Line) != "2 5" || !strings.Contains(a.Rejected[1].Error, "uri") {
		t.Fatalf("%d %+v", w.Code, a)
	}
	if w, a := post(ingest(t, q, nil), "x\ny\n"); w.Code != 400 || a.Malformed != 2 {
		t.Fatalf("%d %+v", w.Code, a)
	}
	if w, a := post(ingest(t, q, nil), ""); w.Code != 202 || a.Accepted != 0 || !strings.Contains(w.Body.String(), `"rejected":[]`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if _, a := post(ingest(t, q, nil), strings.Repeat("x\n", 1000)); len(a.Rejected) != maxRejected || a.Malformed != 1000 {
		t.Fatal(len(a.Rejected), a.Malformed)
	}
}

func TestIngestGzip(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	io.WriteString(w, line(1))
	w.Close()
	q := &queue{room: 10}
	if r, a := post(ingest(t, q, nil), z.String(), "Content-Encoding", "gzip"); r.Code != 202 || a.Accepted != 1 {
		t.Fatal(r.Code, a)
	}
	if r, _ := post(ingest(t, q, nil), "plain", "Content-Encoding", "gzip"); r.Code != 400 {
		t.Fatal(r.Code)
	}
	z.Reset()
	w.Reset(&z)
	io.WriteString(w, strings.Repeat(line(1), 10000)) // small on the wire
	w.Close()
	r, a := post(ingest(t, q, func(c *Config) { c.RequestBytes = 100 << 10 }), z.String(), "Content-Encoding", "gzip")
	if z.Len() > 100<<10 || r.Code != 429 && r.Code != 413 {
		t.Fatal(r.Code, a, z.Len())
	}
	r, _ = post(ingest(t, &queue{room: 1 << 20}, func(c *Config) { c.RequestBytes = 100 << 10 }), z.String(), "Content-Encoding", "gzip")
	if r.Code != 413 {
		t.Fatal(r.Code)
	}
}

func TestIngestRefuses(t *testing.T) {
	in := ingest(t, &queue{room: 10}, nil)
	f := func(want int, says string, headers ...string) {
		t.Helper()
		w, a := post(in, line(1), headers...)
		if w.Code != want || !strings.Contains(a.Error, says) {
			t.Errorf("%v: %d %+v", headers, w.Code, a)
		}
		if strings.Contains(w.Body.String(), good) || strings.Contains(w.Body.String(), "wrong-token") {
			t.Errorf("a token is repeated: %s", w.Body)
		}
		if want == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
	}
	f(401, "no Authorization header", "Authorization", "")
	f(401, "not Bearer", "Authorization", "Basic "+good)
	f(401, "not valid", "Authorization", "Bearer wrong-token")
	f(401, "not valid", "Authorization", "Bearer "+good+"x")
	f(401, "not valid", "Authorization", "Bearer")
	f(202, "", "Authorization", "bearer  "+good)
	f(202, "", "Authorization", "Bearer another-token-of-the-operator")
	f(415, "content type", "Content-Type", "image/png")
	f(415, "encoding", "Content-Encoding", "br")
	r := httptest.NewRequest("GET", "/v1/events", nil)
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	if w.Code != 405 || w.Header().Get("Allow") != "POST" {
		t.Error(w.Code)
	}
}

func TestIngestBounds(t *testing.T) {
	q := &queue{room: 10}
	in := ingest(t, q, func(c *Config) { c.LineBytes, c.RequestBytes = 300, 1000 })
	if w, a := post(in, line(1)+strings.Repeat("x", 400)+"\n"+line(2)); w.Code != 202 || a.Accepted != 2 || a.Malformed != 1 || !strings.Contains(a.Rejected[0].Error, "300 bytes") {
		t.Fatalf("%d %+v", w.Code, a)
	}
	if w, a := post(in, strings.Repeat(line(1), 20)); w.Code != 413 || a.Accepted != 0 { // announced
		t.Fatalf("%d %+v", w.Code, a)
	}
	r := httptest.NewRequest("POST", "/v1/events", io.MultiReader(strings.NewReader(strings.Repeat(line(1), 20)))) // not announced
	r.Header.Set("Authorization", "Bearer "+good)
	r.ContentLength = -1
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	var a Answer
	json.Unmarshal(w.Body.Bytes(), &a)
	if w.Code != 413 || a.Accepted == 0 || a.Accepted > 8 {
		t.Fatalf("%d %+v", w.Code, a)
	}
}

func TestIngestBackPressure(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		q := &queue{room: 2, err: err}
		w, a := post(ingest(t, q, nil), line(1)+line(2)+line(3)+line(4))
		if w.Code != want || w.Header().Get("Retry-After") != "1" || a.Accepted != 2 || a.Resume != 3 || len(q.got) != 2 {
			t.Fatalf("%d %+v", w.Code, a)
		}
	}
	f(ship.ErrFull, 429)
	f(ship.ErrClosed, 503)
	in := ingest(t, &queue{room: 9}, func(c *Config) { c.Concurrent = 1 })
	in.slots <- struct{}{}
	if w, a := post(in, line(1)); w.Code != 429 || a.Resume != 1 || w.Header().Get("Retry-After") == "" {
		t.Fatalf("%d %+v", w.Code, a)
	}
}

func TestConfigSaysEverything(t *testing.T) {
	d := Defaults()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	c := d
	c.Listen, c.CertFile, c.Tokens, c.LineBytes, c.TrustedProxies, c.DeliveryTimeout = "0.0.0.0:80", "x", []string{"short-secret"}, -1, []string{"10.0.0.0/8", "nonsense"}, 1
	c.CertFile = ""
	c.KeyFile = "k"
	err := c.Validate()
	for _, w := range []string{"0.0.0.0:80", "belong together", "tokens: number 1", "line_bytes", "nonsense", "delivery_timeout"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%v lacks %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "short-secret") {
		t.Error("a token is in the error")
	}
	path := filepath.Join(t.TempDir(), "token")
	os.WriteFile(path, []byte(good+"\nmore\n"), 0o600)
	d.TokenFiles = []string{path}
	if tokens, err := d.tokens(); err != nil || len(tokens) != 1 || tokens[0] != good {
		t.Fatal(tokens, err)
	}
	d.TokenFiles = []string{path + ".missing"}
	if _, err := d.tokens(); err == nil || !strings.Contains(err.Error(), path+".missing") {
		t.Fatal(err)
	}
	d.TokenFiles = nil
	if _, err := d.tokens(); err == nil || !strings.Contains(err.Error(), "no ingest token") {
		t.Fatal(err)
	}
}

func parts(t *testing.T, seeds ...string) Parts {
	key, err := capture.NewKey("k1", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return Parts{Key: key, Tenant: "acme", Sensor: "ingest-1", SpoolDir: t.TempDir(), Kafka: []kgo.Opt{kgo.SeedBrokers(seeds...)},
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)}
}

// From a POST to the record in Kafka, and an end that leaves nothing behind.
func TestServiceEndToEnd(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, schemas.TopicEvents), kfake.SeedTopics(1, schemas.TopicSensors))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cfg := Defaults()
	cfg.Listen, cfg.Tokens = "127.0.0.1:0", []string{good}
	s, err := New(cfg, parts(t, c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	var body strings.Builder
	for i := range 500 {
		body.WriteString(line(i))
	}
	r, _ := http.NewRequest("POST", "http://"+s.Addr().String()+"/v1/events", strings.NewReader(body.String()))
	r.Header.Set("Authorization", "Bearer "+good)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 202 || !strings.Contains(string(answer), `"accepted":500`) {
		t.Fatalf("%d %s", res.StatusCode, answer)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if n := s.Shipper().Counters(); n.Shipped != 500 || !n.Balanced() || n.Lost() != 0 {
		t.Fatalf("%+v", n)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(schemas.TopicEvents), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	late, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	seen := map[string]bool{}
	for len(seen) < 500 && late.Err() == nil {
		cl.PollFetches(late).EachRecord(func(r *kgo.Record) {
			var e event.Event
			if err := event.Decode(r.Value, &e); err != nil {
				t.Error(err)
			}
			if bytes.Contains(r.Value, []byte("secret-token")) || string(e.Tenant) != "acme" || string(e.Client.Address) != "203.0.113.7" || e.RequestTime == 0 || e.ID[6]>>4 != 7 {
				t.Errorf("%q", r.Value)
			}
			seen[string(e.Path)] = true
		})
	}
	if len(seen) != 500 {
		t.Fatalf("%d events", len(seen))
	}
}

func TestServiceStartErrors(t *testing.T) {
	cfg := Defaults()
	cfg.Listen = "127.0.0.1:0"
	if _, err := New(cfg, parts(t, "127.0.0.1:1")); err == nil || !strings.Contains(err.Error(), "token") {
		t.Fatal(err)
	}
	cfg.Tokens, cfg.CertFile, cfg.KeyFile = []string{good}, "/nowhere/cert.pem", "/nowhere/key.pem"
	if _, err := New(cfg, parts(t, "127.0.0.1:1")); err == nil || !strings.Contains(err.Error(), "/nowhere/cert.pem") {
		t.Fatal(err)
	}
}

func FuzzIngest(f *testing.F) {
	f.Add([]byte(line(1) + "\n{"))
	f.Add([]byte(`{"method":"GET","uri":"/","headers":[["a",1],{"name":"b"}],"ts":1e99}`))
	cfg := Defaults()
	cfg.Tokens = []string{good}
	in, err := NewIngest(cfg, &queue{err: ship.ErrFull, room: 3}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w, _ := post(in, string(body))
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatal(w.Code, w.Body)
		}
	})
}
