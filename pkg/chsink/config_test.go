package chsink

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestValidateReportsAll(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   []string // what the error names; none: valid
	}{
		{"default", func(*Config) {}, nil},
		{"nothing", func(c *Config) { *c = Config{} }, []string{"addr", "database", "user", "compression", "dial_timeout", "insert_timeout", "query_timeout", "max_connections"}},
		{"two bad addresses", func(c *Config) { c.Addr = []string{"a", "b"} }, []string{`"a"`, `"b"`}},
		{"far without TLS", func(c *Config) { c.Addr = []string{"ch.example:9000"} }, []string{"allow_plaintext"}},
		{"far without TLS, wanted", func(c *Config) { c.Addr, c.AllowPlaintext = []string{"ch.example:9000"}, true }, nil},
		{"far with TLS", func(c *Config) { c.Addr, c.TLS.Enabled = []string{"ch.example:9440"}, true }, nil},
		{"database in need of quotes", func(c *Config) { c.Database = "a`; DROP" }, []string{"database"}},
		{"missing files", func(c *Config) {
			c.TLS = TLS{Enabled: true, CAFile: "/nowhere/ca", CertFile: "/nowhere/c", KeyFile: "/nowhere/k"}
		}, []string{"tls.ca_file", "tls.cert_file"}},
		{"certificate without key", func(c *Config) { c.TLS = TLS{Enabled: true, CertFile: "c"} }, []string{"belong together"}},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (len(c.want) == 0) {
			t.Errorf("%s: error %v", c.name, err)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: error does not name %s: %v", c.name, w, err)
			}
		}
	}
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(notPEM, []byte("not a certificate"), 0o600))
	cfg := DefaultConfig()
	cfg.TLS = TLS{Enabled: true, CAFile: notPEM}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), notPEM) {
		t.Errorf("error %v does not name the file", err)
	}
}

func TestOtherSettingsValidate(t *testing.T) {
	r := Retention{EventsDays: -1, FindingsDays: 1 << 20, ActionsDays: -1, RollupsDays: -1, CatalogDays: -1}
	err := r.Validate()
	for _, w := range []string{"events_days", "findings_days", "actions_days", "rollups_days", "catalog_days"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error does not name %s: %v", w, err)
		}
	}
	s := EventSettings{MaxAhead: -1}
	err = s.Validate()
	for _, w := range []string{"max_text", "max_body", "principal_cache", "max_ahead"} {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error does not name %s: %v", w, err)
		}
	}
	if _, err := NewEvents(DefaultConfig(), firstSegment{}, s, nil); err == nil {
		t.Error("bad settings were taken")
	}
	if _, err := NewEvents(DefaultConfig(), nil, DefaultEventSettings(), nil); err == nil {
		t.Error("no matcher was taken")
	}
	if _, err := NewFindings(Config{}, nil); err == nil {
		t.Error("a bad configuration was taken")
	}
}

func TestPasswordIsNotLogged(t *testing.T) {
	var log bytes.Buffer
	cfg := DefaultConfig()
	cfg.Password = "hunter2"
	slog.New(slog.NewJSONHandler(&log, nil)).Info("starting", "clickhouse", cfg)
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "127.0.0.1:9000") {
		t.Errorf("log: %s", log.String())
	}
}
