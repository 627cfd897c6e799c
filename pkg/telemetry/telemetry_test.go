package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/telemetry"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestPages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var h telemetry.Health
	sick := ""
	h.Add("stage", func() (bool, string) { return sick == "", sick })
	addr, done, err := telemetry.Serve(ctx, "127.0.0.1:0", telemetry.Handler(telemetry.NewRegistry(), &h))
	if err != nil {
		t.Fatal(err)
	}
	f := func(path string, wantCode int, wantText string) {
		t.Helper()
		code, body := get(t, "http://"+addr+path)
		if code != wantCode || !strings.Contains(body, wantText) {
			t.Errorf("%s: %d %s, want %d with %q", path, code, body, wantCode, wantText)
		}
	}
	f("/readyz", 503, `"ok":false`)
	h.SetReady(true)
	f("/readyz", 200, `"ok":true`)
	f("/metrics", 200, "go_goroutines")
	sick = "lag of 90 s and no progress"
	f("/healthz", 503, sick)
	f("/readyz", 503, sick)

	if _, _, err := telemetry.Serve(ctx, addr, http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("a taken port: got %v, want an error that names it", err)
	}
	cancel()
	<-done
}

func TestConfig(t *testing.T) {
	c := telemetry.Defaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.Logger(&out).With("service", "x").Warn("hello", "n", 1)
	if !strings.Contains(out.String(), `"msg":"hello"`) {
		t.Error(out.String())
	}
	c = telemetry.Config{Listen: "nonsense", LogLevel: "loud", LogFormat: "xml"}
	err := c.Validate()
	for _, want := range []string{"listen", "log_level", "log_format"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
