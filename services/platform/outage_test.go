package platform

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/pkg/telemetry"
)

// TestKafkaAwayAtStart: who asks over HTTP is answered all the same. Transactions
// are taken and spooled, the edge lets everybody pass, the console says what is wrong.
func TestKafkaAwayAtStart(t *testing.T) {
	nobody, err := stack.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	cfg := Defaults()
	cfg.DataDir, cfg.Instance = t.TempDir(), "one"
	cfg.Kafka.Brokers, cfg.ClickHouse.Addr = []string{nobody}, []string{nobody}
	cfg.Telemetry.Listen, cfg.Shipper.Listen, cfg.Console.Listen, cfg.Enforcer.HTTP.Listen = "", "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	p, err := New(cfg, []string{"shipper", "enforcer", "console"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	client := &http.Client{Timeout: 5 * time.Second}
	ask := func(method, url, token, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-ndjson")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	token, err := os.ReadFile(filepath.Join(cfg.DataDir, "keys", "ingest.token"))
	if err != nil {
		t.Fatal(err)
	}
	code, text := ask(http.MethodPost, p.built.ingestURL, strings.TrimSpace(string(token)), `{"method":"GET","uri":"https://a.example/x","status":200}`)
	if code != http.StatusAccepted || !strings.Contains(text, `"accepted":1`) {
		t.Errorf("ingest answers %d: %s", code, text)
	}
	if code, text := ask(http.MethodGet, p.DecideURL(), "", ""); code != http.StatusOK {
		t.Errorf("the decision endpoint answers %d: %s", code, text)
	}
	if code, text := ask(http.MethodGet, p.built.console.URL(), "", ""); code != http.StatusOK {
		t.Errorf("the console answers %d: %s", code, text)
	}
	ok, results := p.Health.Results()
	waits := slices.ContainsFunc(results, func(r telemetry.Result) bool { return !r.OK && strings.Contains(r.Reason, nobody) })
	if ok || !waits || p.Health.Ready() {
		t.Errorf("health is %v, ready %v: %+v", ok, p.Health.Ready(), results)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	spooled, err := filepath.Glob(filepath.Join(cfg.DataDir, "spool", "*"))
	if err != nil || len(spooled) == 0 {
		t.Errorf("nothing was spooled: %v, %v", spooled, err)
	}
}
