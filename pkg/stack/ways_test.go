package stack

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// engine answers pings as a Docker engine does, at a unix socket.
func engine(t *testing.T) string {
	t.Helper()
	// Not t.TempDir: the path of a socket has a limit of about a hundred bytes.
	dir, err := os.MkdirTemp("", "mirador-docker-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_ping" {
			w.WriteHeader(http.StatusNotFound)
		}
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	return "unix://" + socket
}

func TestDockerCountsOnlyWhenAnEngineAnswers(t *testing.T) {
	t.Setenv("DOCKER_HOST", engine(t))
	if !dockerAnswers(t.Context()) {
		t.Error("an engine answers and is not seen")
	}
	for _, host := range []string{"unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "::", ""} {
		t.Setenv("DOCKER_HOST", host)
		if host == "" {
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
			if _, err := os.Stat("/var/run/docker.sock"); err == nil {
				continue // this machine may have an engine
			}
		}
		if dockerAnswers(t.Context()) {
			t.Errorf("an engine is seen at %q", host)
		}
	}
}

func TestClickHouseOrderOfPreference(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	expect := func(o ClickHouseOptions, want ...Took) {
		t.Helper()
		if got := o.kinds(t.Context()); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	expect(ClickHouseOptions{}, TookEmbedded)
	if err := os.WriteFile(filepath.Join(bin, "clickhouse-server"), []byte("#!/bin/sh\necho no licence for this machine\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	expect(ClickHouseOptions{}, TookPath, TookEmbedded)
	t.Setenv("DOCKER_HOST", engine(t))
	expect(ClickHouseOptions{}, TookDocker, TookPath, TookEmbedded)
	expect(ClickHouseOptions{Addr: "db:9000"}, TookGiven)

	// A program that ends at once: its own words are in the error, and the folder is gone.
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, err := StartClickHouse(t.Context(), ClickHouseOptions{Kind: TookPath})
	if err == nil || !strings.Contains(err.Error(), "no licence for this machine") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A start that fails on the way must name the way out.
func TestClickHouseFailuresNameTheThing(t *testing.T) {
	for _, c := range []struct {
		o     ClickHouseOptions
		words []string
	}{
		{ClickHouseOptions{Addr: "127.0.0.1:1", Ready: 1e9}, []string{"127.0.0.1:1", EnvClickHouseAddr, "does not answer"}},
		{ClickHouseOptions{Kind: TookGiven}, []string{EnvClickHouseAddr}},
		{ClickHouseOptions{Kind: "sqlite"}, []string{"sqlite", string(TookEmbedded)}},
		{ClickHouseOptions{Kind: TookEmbedded, CacheDir: "/dev/null/cache"}, []string{"/dev/null", EnvCacheDir}},
	} {
		ch, err := StartClickHouse(t.Context(), c.o)
		if err == nil {
			ch.Close(t.Context())
			t.Errorf("%+v started", c.o)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q is not in: %v", w, err)
			}
		}
	}
}
