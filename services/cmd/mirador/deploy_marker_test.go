package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDeployMarker(t *testing.T) {
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(b)
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"send the token"}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"r7"}`)
	}))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("right\nrest"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		c := root()
		var out strings.Builder
		c.SetOut(&out)
		c.SetArgs(append([]string{"deploy-marker", "--console", srv.URL}, args...))
		err := c.Execute()
		return out.String(), err
	}
	out, err := run("--service", "accounts", "--version", "1.4", "--at", "2026-03-02T12:00:00Z", "--token-file", file)
	if err != nil || !strings.Contains(out, "id r7") {
		t.Errorf("%q, %v", out, err)
	}
	if want := `POST /api/v1/releases Bearer right {"service":"accounts","version":"1.4","ts":"2026-03-02T12:00:00Z"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	t.Setenv("MIRADOR_CONSOLE_TOKEN", "wrong")
	if _, err := run("--service", "accounts"); err == nil || !strings.Contains(err.Error(), "401 Unauthorized send the token") {
		t.Errorf("a wrong token: %v", err)
	}
	t.Setenv("MIRADOR_CONSOLE_TOKEN", "")
	for want, args := range map[string][]string{"service": {}, "there is no token": {"--service", "a"}, "--at": {"--service", "a", "--at", "noon"}} {
		if _, err := run(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v", args, err)
		}
	}
}
