package stack

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// pinned names one file of one npm package and the hash of the package.
type pinned struct {
	name, version string
	integrity     string // "sha512-" and base64, as registries print it
	file          string // path inside the archive
	size          string // for the person who waits
}

// library is the ClickHouse of this platform. A new version is a new hash here.
func library() (pinned, error) {
	if embeddable {
		return pinned{
			name:      "@chdb/lib-linux-x64-gnu",
			version:   "26.7.3-stable.1",
			integrity: "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==",
			file:      "package/libchdb.so",
			size:      "178 MB",
		}, nil
	}
	return pinned{}, fmt.Errorf("stack: this binary for %s/%s has no embedded ClickHouse: set %s, install clickhouse, or start Docker",
		runtime.GOOS, runtime.GOARCH, EnvClickHouseAddr)
}

// fetch makes sure that the pinned file is in the cache and returns its path. Two
// starters at once fetch it once. The hash is checked before anything is unpacked, and the
// folder appears under its name only when it is whole.
func (p pinned) fetch(ctx context.Context, cache string, a announcer) (string, error) {
	folder := filepath.Join(cache, strings.NewReplacer("@", "", "/", "-").Replace(p.name)+"-"+p.version)
	file := filepath.Join(folder, filepath.Base(p.file))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("stack: npm is missing, which fetches ClickHouse once: install npm, or set %s, or install clickhouse: %w",
			EnvClickHouseAddr, err)
	}
	unlock, err := lockFile(ctx, folder+".lock", func() { a.say("another process is fetching ClickHouse, waiting for it") })
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	temp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", fmt.Errorf("stack: folder in the cache: %w", err)
	}
	defer os.RemoveAll(temp)
	spec := p.name + "@" + p.version
	a.say("fetching %s (%s, once) into %s", spec, p.size, cache)
	err = runTool(ctx, a, temp, "fetching ClickHouse", npm, "pack", "--silent", "--pack-destination", temp, spec)
	if err != nil {
		return "", fmt.Errorf("stack: npm pack %s (or set %s): %w", spec, EnvClickHouseAddr, err)
	}
	archives, err := filepath.Glob(filepath.Join(temp, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("stack: npm pack %s left %d archives in place of one", spec, len(archives))
	}
	if err := p.check(archives[0]); err != nil {
		return "", err
	}
	a.say("unpacking ClickHouse")
	whole := filepath.Join(temp, "whole")
	if err := p.unpack(archives[0], whole); err != nil {
		return "", err
	}
	if err := os.Rename(whole, folder); err != nil {
		return "", fmt.Errorf("stack: put ClickHouse into the cache: %w", err)
	}
	return file, nil
}

// check compares an archive with the pinned hash.
func (p pinned) check(archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("stack: open fetched archive: %w", err)
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("stack: read fetched archive: %w", err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(h.Sum(nil))
	if got != p.integrity {
		return fmt.Errorf("stack: %s@%s is not what was pinned (%w): got %s, want %s; nothing was unpacked: look at what npm's registry setting points to",
			p.name, p.version, errIntegrity, got, p.integrity)
	}
	return nil
}

var errIntegrity = errors.New("integrity mismatch")

// unpack takes the one pinned file out of a checked archive into folder.
func (p pinned) unpack(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("stack: open fetched archive: %w", err)
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("stack: unpack %s: %w", archive, err)
	}
	for r := tar.NewReader(gz); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("stack: %s@%s holds no %s", p.name, p.version, p.file)
		}
		if err != nil {
			return fmt.Errorf("stack: unpack %s: %w", archive, err)
		}
		if h.Name != p.file || h.Typeflag != tar.TypeReg {
			continue
		}
		return writeWhole(filepath.Join(folder, filepath.Base(p.file)), r)
	}
}

func writeWhole(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("stack: folder for %s: %w", path, err)
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("stack: write %s: %w", path, err)
	}
	_, err = io.Copy(out, r)
	// The rename that follows must not become durable before the content.
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("stack: write %s: %w", path, err)
	}
	return nil
}

// runTool runs a program to its end, tells every five seconds that it still runs, and
// puts the end of what it printed into the error.
func runTool(ctx context.Context, a announcer, dir, what, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	began := time.Now()
	finished := make(chan error, 1)
	go func() { finished <- cmd.Run() }()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.say("%s, %d s", what, int(time.Since(began).Seconds()))
		case err := <-finished:
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			b := bytes.TrimSpace(out.Bytes())
			return fmt.Errorf("%w: %s", err, b[max(0, len(b)-1500):])
		}
	}
}
