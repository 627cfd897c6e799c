// Package stack starts the real parts that development, tests and the one-process
// mode need: a ClickHouse server and a Kafka broker. It never pretends: what it
// starts is the real engine, or kfake, and the field Took says which.
//
// The order of preference is the same for both: an address that somebody gave
// (option or environment); Docker, when an engine answers; a program on the PATH;
// the embedded way, fetched once into the user's cache folder and checked against
// a pinned hash.
//
// Reading order: clickhouse.go and kafka.go (what callers use), process.go (how a
// child is started and ended), child.go (how the embedded ClickHouse runs in a
// second copy of this binary), fetch.go (how the parts arrive).
//
// A binary that can open libchdb is linked against the C library, also when built without
// cgo. The build tag noembed leaves that way out and gives a static binary again, for images
// without a C library.
//
// Everything listens on loopback only and has no password: it is as open to other
// users of the same machine as any loopback server. Platforms that share a machine
// should give addresses of servers with credentials of their own.
package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Environment variables read by this package. An explicit option beats them.
const (
	EnvClickHouseAddr = "MIRADOR_CLICKHOUSE_ADDR" // native host:port of a server that somebody runs
	EnvKafkaBrokers   = "MIRADOR_KAFKA_BROKERS"   // comma separated host:port seeds
	EnvCacheDir       = "MIRADOR_CACHE_DIR"       // where fetched parts are kept
)

// Took says which way a part was started.
type Took string

const (
	TookGiven    Took = "given"    // somebody else runs it; we only connect
	TookDocker   Took = "docker"   // a container
	TookPath     Took = "path"     // a program on the PATH
	TookEmbedded Took = "embedded" // ClickHouse out of libchdb, in a copy of this binary
	TookJava     Took = "java"     // Apache Kafka's jars under the local Java
	TookKFake    Took = "kfake"    // franz-go's in-process broker: for trying, not for keeping
)

// ErrNotOurs is returned by Kill and Restart for a part that somebody else runs.
var ErrNotOurs = errors.New("the server was given by address and is not ours to end")

// part is one way of running a server. Implementations are used by one goroutine
// at a time; the owner (ClickHouse, Kafka) holds the lock.
type part interface {
	// start begins a run on the same data and address as the run before. It may
	// return before the server answers.
	start(ctx context.Context) error
	// stop ends the run in order: asks, waits a bounded time, then kills. It must
	// return only after the server is gone, and nil when it was not running.
	stop(ctx context.Context) error
	// kill ends the run without warning and waits until it is gone.
	kill(ctx context.Context) error
}

// optional sides of a part.
type (
	hasPid    interface{ pid() int }
	hasExited interface {
		exited() (<-chan struct{}, func() error)
	}
	disposer interface {
		dispose(ctx context.Context) error // removes what stop keeps, such as a stopped container
	}
)

// cacheDir gives the folder for fetched parts and creates it.
func cacheDir(option string) (string, error) {
	dir := option
	if dir == "" {
		dir = os.Getenv(EnvCacheDir)
	}
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("stack: no cache folder for this user (set %s): %w", EnvCacheDir, err)
		}
		dir = filepath.Join(base, "mirador")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("stack: cache folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("stack: cache folder (set %s to a writable one): %w", EnvCacheDir, err)
	}
	return dir, nil
}

// dataDir gives the absolute folder of a part; temp is true when it was made here
// and must be removed on Close.
func dataDir(option, prefix string) (dir string, temp bool, err error) {
	if option == "" {
		dir, err = os.MkdirTemp("", prefix)
		if err != nil {
			return "", false, fmt.Errorf("stack: temporary folder: %w", err)
		}
		return dir, true, nil
	}
	if dir, err = filepath.Abs(option); err != nil {
		return "", false, fmt.Errorf("stack: data folder %s: %w", option, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", false, fmt.Errorf("stack: data folder: %w", err)
	}
	return dir, false, nil
}

// announcer tells a person what goes on during slow steps; both ways may be nil.
type announcer struct {
	log      *slog.Logger
	progress func(string)
}

func newAnnouncer(log *slog.Logger, progress func(string)) announcer {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return announcer{log: log, progress: progress}
}

func (a announcer) say(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	a.log.Info(msg)
	if a.progress != nil {
		a.progress(msg)
	}
}

// untilReady calls check until it succeeds, the part ends by itself, or ctx is done.
func untilReady(ctx context.Context, p part, check func(context.Context) error) error {
	var gone <-chan struct{}
	var why func() error
	if e, ok := p.(hasExited); ok {
		gone, why = e.exited()
	}
	var last error
	for {
		try, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := check(try)
		cancel()
		if err == nil {
			return nil
		}
		last = err
		select {
		case <-gone:
			return why()
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w (last answer: %w)", context.Cause(ctx), last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
