package audit_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec/audit"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/prometheus/client_golang/prometheus"
)

const document = `openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: https://api.shop.example}]
paths:
  /orders:
    get:
      responses: {"200": {description: ok}}
`

type endpoints []catalog.Endpoint

func (e endpoints) Endpoints(string) []catalog.Endpoint { return e }

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func seen(method, template string) catalog.Endpoint {
	return catalog.Endpoint{
		ID: catalog.ID("default", "api.shop.example", method, template), Tenant: "default", Host: "api.shop.example", Method: method, Template: template,
		Protocol: "rest", Source: catalog.Learned, Version: 1, FirstSeen: now.Add(-24 * time.Hour), LastSeen: now, Hits: 5000,
		Statuses: []catalog.Tally{{Name: "2xx", Count: 5000}}, Auth: []catalog.Tally{{Name: "none", Count: 5000}},
	}
}

func start(t *testing.T, text string, from audit.Endpoints) (*audit.Audit, string, *bytes.Buffer) {
	t.Helper()
	cfg := audit.Defaults()
	cfg.Folder = t.TempDir()
	file := filepath.Join(cfg.Folder, "shop.yaml")
	write(t, file, text)
	var log bytes.Buffer
	a, err := audit.New(cfg, "default", from, nil, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return a, file, &log
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADifferenceIsSaidOnceAndAgainWhenDue(t *testing.T) {
	a, file, _ := start(t, document, endpoints{seen("GET", "/orders"), seen("GET", "/internal/debug")})
	first := a.Round(t.Context(), now)
	if len(first) != 1 || first[0].Rule != "INV-01" || !strings.Contains(first[0].Summary, "/internal/debug") {
		t.Fatalf("findings %+v", first)
	}
	if again := a.Round(t.Context(), now.Add(time.Minute)); len(again) != 0 {
		t.Errorf("said again after a minute: %v", again)
	}
	again := a.Round(t.Context(), now.Add(25*time.Hour))
	if len(again) != 1 || again[0].ID != first[0].ID || !again[0].Time.Equal(first[0].Time) {
		t.Errorf("after a day %+v", again)
	}
	// The document is mended: nothing differs, and what was said is forgotten.
	write(t, file, document+"  /internal/debug:\n    get:\n      responses: {\"200\": {description: ok}}\n")
	if left := a.Round(t.Context(), now.Add(26*time.Hour)); len(left) != 0 {
		t.Errorf("still said: %+v", left)
	}
	write(t, file, document)
	if back := a.Round(t.Context(), now.Add(27*time.Hour)); len(back) != 1 || back[0].Time.Equal(first[0].Time) {
		t.Errorf("come back: %+v", back)
	}
}

func TestABadDocumentLeavesTheOneBefore(t *testing.T) {
	a, file, log := start(t, document, endpoints{seen("GET", "/internal/debug")})
	if got := a.Round(t.Context(), now); len(got) != 1 {
		t.Fatalf("findings %+v", got)
	}
	write(t, file, "openapi: 3.0.3\npaths: [")
	for i := range 3 {
		if got := a.Round(t.Context(), now.Add(time.Duration(25*(i+1))*time.Hour)); len(got) != 1 {
			t.Errorf("round %d: findings %+v", i, got)
		}
	}
	if n := strings.Count(log.String(), "cannot be read"); n != 1 || !strings.Contains(log.String(), "shop.yaml") {
		t.Errorf("said %d times: %s", n, log)
	}
}

func TestWithoutDocumentsNothingIsSaid(t *testing.T) {
	a, file, _ := start(t, document, endpoints{seen("GET", "/internal/debug")})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got := a.Round(t.Context(), now); len(got) != 0 {
		t.Errorf("findings %+v", got)
	}
}

func upload(set *uploaded.Set, name, text string, offset int64) {
	d := uploaded.Document{Tenant: "default", Name: name, Bytes: []byte(text)}
	_ = set.Put(d.Key(), d.Encode(), offset) // what cannot be read is for the audit to tell
}

func TestUploadedDocumentsCountBesideTheFolder(t *testing.T) {
	cfg := audit.Defaults()
	set := uploaded.NewSet(cfg.MaxBytes)
	var log bytes.Buffer
	a, err := audit.New(cfg, "default", endpoints{seen("GET", "/orders"), seen("GET", "/internal/debug")}, set, slog.New(slog.NewTextHandler(&log, nil)), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Round(t.Context(), now); len(got) != 0 {
		t.Fatalf("nothing was uploaded, and said is %+v", got)
	}
	upload(set, "shop.yaml", document, 0)
	first := a.Round(t.Context(), now)
	if len(first) != 1 || !strings.Contains(first[0].Summary, "/internal/debug") || first[0].Evidence[0].Note != "shop.yaml" {
		t.Fatalf("findings %+v", first)
	}
	// Another version of the document: what still differs is said of that one.
	upload(set, "shop.yaml", document+"# reviewed\n", 1)
	again := a.Round(t.Context(), now.Add(time.Minute))
	if len(again) != 1 || again[0].ID != first[0].ID || again[0].Versions.Catalog == first[0].Versions.Catalog {
		t.Errorf("of the next version %+v", again)
	}
	upload(set, "broken.yaml", "openapi: 3.0.3\npaths: [", 2)
	for i := range 3 {
		if got := a.Round(t.Context(), now.Add(time.Duration(25*(i+1))*time.Hour)); len(got) != 1 {
			t.Errorf("round %d: findings %+v", i, got)
		}
	}
	if n := strings.Count(log.String(), "cannot be read"); n != 1 || !strings.Contains(log.String(), "broken.yaml:2") {
		t.Errorf("said %d times: %s", n, log.String())
	}
	if err := set.Put([]byte("default|shop.yaml"), nil, 3); err != nil {
		t.Fatal(err)
	}
	if got := a.Round(t.Context(), now.Add(200*time.Hour)); len(got) != 0 {
		t.Errorf("withdrawn, and said is %+v", got)
	}
}

func TestTheSameDocumentInBothPlacesCountsOnce(t *testing.T) {
	cfg := audit.Defaults()
	cfg.Folder = t.TempDir()
	cfg.OrphanAfter = time.Hour
	write(t, filepath.Join(cfg.Folder, "in-folder.yaml"), document)
	set := uploaded.NewSet(cfg.MaxBytes)
	upload(set, "sent.yaml", document, 0)
	a, err := audit.New(cfg, "default", endpoints{seen("GET", "/health")}, set, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	orphans := 0
	for _, f := range a.Round(t.Context(), now) {
		if strings.HasPrefix(f.Title, "Orphan") {
			orphans++
		}
	}
	if orphans != 1 {
		t.Errorf("%d orphans of one operation", orphans)
	}
}

func TestValidateBoundsUploads(t *testing.T) {
	cfg := audit.Defaults()
	for _, n := range []int{0, audit.MaxUpload + 1} {
		cfg.MaxBytes = n
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "max_bytes") {
			t.Errorf("max_bytes %d: %v", n, err)
		}
	}
}
