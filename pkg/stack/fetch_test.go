package stack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// registry serves one npm package to the real npm, so that fetching is tested whole.
func registry(t *testing.T, p pinned, archive []byte) (pulls *int) {
	t.Helper()
	pulls = new(int)
	var mu sync.Mutex
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	sum := sha512.Sum512(archive)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			mu.Lock()
			*pulls++
			mu.Unlock()
			_, _ = w.Write(archive)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name":%q,"dist-tags":{"latest":%q},"versions":{%q:{"name":%q,"version":%q,"dist":{"tarball":"%s/a.tgz","integrity":"sha512-%s"}}}}`,
			p.name, p.version, p.version, p.name, p.version, base, base64.StdEncoding.EncodeToString(sum[:]))
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	t.Setenv("npm_config_registry", base)
	t.Setenv("npm_config_cache", t.TempDir())
	return pulls
}

func archiveOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	w := tar.NewWriter(gz)
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func testPin(archive []byte) pinned {
	sum := sha512.Sum512(archive)
	return pinned{name: "@mirador-test/lib", version: "1.2.3", file: "package/lib.so", size: "1 kB",
		integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
}

func leftovers(t *testing.T, cache string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(cache, "fetch-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left in the cache: %v %v", left, err)
	}
}

func TestFetchTwoStartersAtOnce(t *testing.T) {
	archive := archiveOf(t, map[string]string{"package/package.json": `{"name":"@mirador-test/lib","version":"1.2.3"}`, "package/lib.so": "the library"})
	pin := testPin(archive)
	pulls := registry(t, pin, archive)
	cache := t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			file, err := pin.fetch(t.Context(), cache, newAnnouncer(nil, nil))
			if err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(file); err != nil || string(b) != "the library" {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
	wg.Wait()
	if *pulls != 1 {
		t.Errorf("fetched %d times", *pulls)
	}
	leftovers(t, cache)
}

func TestFetchRefusesWhatWasNotPinned(t *testing.T) {
	archive := archiveOf(t, map[string]string{"package/package.json": `{"name":"@mirador-test/lib","version":"1.2.3"}`, "package/lib.so": "something else"})
	pin := testPin([]byte("what was pinned"))
	registry(t, pin, archive)
	cache := t.TempDir()
	_, err := pin.fetch(t.Context(), cache, newAnnouncer(nil, nil))
	if !errors.Is(err, errIntegrity) || !strings.Contains(err.Error(), pin.integrity) {
		t.Fatalf("got %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(cache, "*", "lib.so")); len(found) > 0 {
		t.Errorf("it was unpacked all the same: %v", found)
	}
	leftovers(t, cache)
}

func TestFetchFailuresNameTheThing(t *testing.T) {
	pin := testPin(nil)
	t.Run("no npm", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := pin.fetch(t.Context(), t.TempDir(), newAnnouncer(nil, nil))
		if err == nil || !strings.Contains(err.Error(), "npm is missing") || !strings.Contains(err.Error(), EnvClickHouseAddr) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("package without the file", func(t *testing.T) {
		archive := archiveOf(t, map[string]string{"package/package.json": `{"name":"@mirador-test/lib","version":"1.2.3"}`})
		pin := testPin(archive)
		registry(t, pin, archive)
		_, err := pin.fetch(t.Context(), t.TempDir(), newAnnouncer(nil, nil))
		if err == nil || !strings.Contains(err.Error(), "holds no package/lib.so") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("lock held and out of time", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "lock")
		unlock, err := lockFile(t.Context(), path, func() {})
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		ctx, cancel := context.WithCancel(t.Context())
		_, err = lockFile(ctx, path, cancel)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), path) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestPinnedLibraryIsWhole(t *testing.T) {
	p, err := library()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.integrity, "sha512-"))
	if err != nil || len(raw) != sha512.Size {
		t.Fatalf("the pinned hash is no sha512: %d bytes, %v", len(raw), err)
	}
}
