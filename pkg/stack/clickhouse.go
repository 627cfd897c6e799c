package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// ClickHouseOptions says which server is wanted. The zero value takes the first way
// that this machine offers, on free ports, in a temporary folder.
type ClickHouseOptions struct {
	Kind      Took          // empty: in order of preference; else only this way
	Addr      string        // native host:port of a server that somebody runs; empty: EnvClickHouseAddr
	HTTPAddr  string        // its HTTP host:port, only for Addr; may be empty
	Username  string        // for Addr, in the ready check; empty: default
	Password  string        // for Addr, in the ready check
	Dir       string        // data folder, one server at a time; empty: a temporary one, removed by Close
	CacheDir  string        // fetched parts; empty: EnvCacheDir, else mirador in the user's cache folder
	TCPPort   int           // native protocol; 0: a free one
	HTTPPort  int           // 0: a free one
	MaxMemory int64         // bytes that the server may use; 0: 2 GiB
	Ready     time.Duration // longest wait for the first answer of a run; 0: 60 s
	Logger    *slog.Logger  // nil: silent
	Progress  func(string)  // told about slow steps, from the calling goroutine; may be nil
}

// ClickHouse is a running server. Its methods may be called from several goroutines.
type ClickHouse struct {
	// Took says which way was taken. It does not change.
	Took Took

	addr, httpAddr string
	dir            string
	temp           bool
	say            announcer
	ready          time.Duration
	check          func(context.Context) error

	mu     sync.Mutex // held during Close, Kill and Restart: one at a time
	part   part       // nil for TookGiven
	closed bool
}

// StartClickHouse starts a server, or connects to one, and returns when it answers.
// Fetching the embedded one the first time takes as long as the network does; bound it
// by ctx. ctx does not end the server later: Close does.
func StartClickHouse(ctx context.Context, o ClickHouseOptions) (*ClickHouse, error) {
	if o.MaxMemory == 0 {
		o.MaxMemory = 2 << 30
	}
	if o.Ready == 0 {
		o.Ready = time.Minute
	}
	if o.Username == "" {
		o.Username = "default"
	}
	say := newAnnouncer(o.Logger, o.Progress)
	if o.Addr == "" && (o.Kind == "" || o.Kind == TookGiven) {
		o.Addr = os.Getenv(EnvClickHouseAddr)
	}
	kinds := []Took{o.Kind}
	if o.Kind == "" {
		kinds = o.kinds(ctx)
	}
	if kinds[0] == TookGiven {
		return givenClickHouse(ctx, o, say)
	}
	var errs []error
	for _, kind := range kinds {
		if len(errs) > 0 {
			say.say("%v; trying %s", errs[len(errs)-1], kind)
		}
		ch, err := startClickHouse(ctx, kind, o, say)
		if err == nil {
			return ch, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// kinds are the ways to try, best first.
func (o ClickHouseOptions) kinds(ctx context.Context) []Took {
	if o.Addr != "" {
		return []Took{TookGiven}
	}
	var kinds []Took
	if dockerAnswers(ctx) {
		kinds = append(kinds, TookDocker)
	}
	if _, _, err := clickHouseOnPath(); err == nil {
		kinds = append(kinds, TookPath)
	}
	return append(kinds, TookEmbedded)
}

func startClickHouse(ctx context.Context, kind Took, o ClickHouseOptions, say announcer) (*ClickHouse, error) {
	var err error
	for range 3 {
		var ch *ClickHouse
		if ch, err = ownClickHouse(ctx, kind, o, say); err == nil {
			say.log.Info("clickhouse is up", "took", string(kind), "addr", ch.addr, "http", ch.httpAddr, "dir", ch.dir)
			return ch, nil
		}
		// A free port was taken by somebody between our look and the server's.
		if o.TCPPort != 0 && o.HTTPPort != 0 || !portTaken(err) {
			break
		}
	}
	return nil, fmt.Errorf("stack: clickhouse (%s): %w", kind, err)
}

func portTaken(err error) bool {
	s := strings.ToLower(err.Error()) // ours and the server's say it alike but for that
	return strings.Contains(s, "address already in use") || strings.Contains(s, "port is already allocated")
}

func givenClickHouse(ctx context.Context, o ClickHouseOptions, say announcer) (*ClickHouse, error) {
	if o.Addr == "" {
		return nil, fmt.Errorf("stack: clickhouse: no address is given: set %s or the option", EnvClickHouseAddr)
	}
	ch := &ClickHouse{Took: TookGiven, addr: o.Addr, httpAddr: o.HTTPAddr, say: say, ready: min(o.Ready, 10*time.Second),
		check: pingClickHouse(o.Addr, o.Username, o.Password, "")}
	if err := ch.awaitReady(ctx); err != nil {
		return nil, fmt.Errorf("stack: clickhouse at %s (given by option or %s) does not answer: %w", o.Addr, EnvClickHouseAddr, err)
	}
	say.log.Info("clickhouse is up", "took", string(TookGiven), "addr", o.Addr)
	return ch, nil
}

func ownClickHouse(ctx context.Context, kind Took, o ClickHouseOptions, say announcer) (_ *ClickHouse, err error) {
	for _, port := range []int{o.TCPPort, o.HTTPPort} {
		if port != 0 {
			if err := portFree(port); err != nil {
				return nil, err
			}
		}
	}
	free, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	if o.TCPPort == 0 {
		o.TCPPort = free[0]
	}
	if o.HTTPPort == 0 {
		o.HTTPPort = free[1]
	}
	ch := &ClickHouse{Took: kind, addr: loopback(o.TCPPort), httpAddr: loopback(o.HTTPPort), say: say, ready: o.Ready}
	if ch.dir, ch.temp, err = dataDir(o.Dir, "mirador-clickhouse-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = ch.Close(context.WithoutCancel(ctx))
		}
	}()
	var proof string
	switch kind {
	case TookDocker:
		ch.part = dockerClickHouse(ch.dir, o)
	case TookPath:
		ch.part, err = pathClickHouse(ch.dir, o)
	case TookEmbedded:
		ch.part, proof, err = embeddedClickHouse(ctx, ch.dir, o, say)
	default:
		err = fmt.Errorf("there is no way of this name: use %s, %s, %s or %s", TookGiven, TookDocker, TookPath, TookEmbedded)
	}
	if err != nil {
		return nil, err
	}
	ch.check = pingClickHouse(ch.addr, "default", "", proof)
	if err := ch.part.start(ctx); err != nil {
		return nil, err
	}
	if err := ch.awaitReady(ctx); err != nil {
		return nil, err
	}
	return ch, nil
}

func (c *ClickHouse) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.ready, fmt.Errorf("no answer within %s", c.ready))
	defer cancel()
	return untilReady(ctx, c.part, c.check)
}

// Addr is the native host:port.
func (c *ClickHouse) Addr() string { return c.addr }

// HTTPAddr is the HTTP host:port; empty when a given server's was not given.
func (c *ClickHouse) HTTPAddr() string { return c.httpAddr }

// Dir is the data folder; empty for a given server.
func (c *ClickHouse) Dir() string { return c.dir }

// Pid is the server's process id, for signals in tests; 0 when it does not run or is
// not a child of this process (given, Docker).
func (c *ClickHouse) Pid() int {
	if p, ok := c.part.(hasPid); ok {
		return p.pid()
	}
	return 0
}

// Exited is closed when the present run of the server ends, for whatever reason. A
// later Restart has a channel of its own. nil (blocks for ever) where it can't be known.
func (c *ClickHouse) Exited() <-chan struct{} {
	if e, ok := c.part.(hasExited); ok {
		done, _ := e.exited()
		return done
	}
	return nil
}

// Kill ends the server by SIGKILL and waits until it is gone. Data stays.
func (c *ClickHouse) Kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.part == nil {
		return ErrNotOurs
	}
	return c.part.kill(context.Background())
}

// Restart starts the server again on the same folder and ports, after Kill or in
// place of the present run, and returns when it answers.
func (c *ClickHouse) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.part == nil {
		return ErrNotOurs
	}
	if c.closed {
		return errors.New("stack: clickhouse was closed: start a new one on its folder")
	}
	if err := c.part.stop(ctx); err != nil {
		return err
	}
	if err := c.part.start(ctx); err != nil {
		return err
	}
	if err := c.awaitReady(ctx); err != nil {
		return fmt.Errorf("stack: clickhouse started again: %w", err)
	}
	return nil
}

// Close ends the server in order, by SIGKILL where that takes too long, waits until it
// is gone and removes the folder if it was a temporary one. A second call does nothing.
// A given server is left alone.
func (c *ClickHouse) Close(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	return closePart(ctx, c.part, c.dir, c.temp)
}

func closePart(ctx context.Context, p part, dir string, temp bool) error {
	var errs []error
	if p != nil {
		errs = append(errs, p.stop(ctx))
		if d, ok := p.(disposer); ok {
			errs = append(errs, d.dispose(ctx))
		}
	}
	if temp {
		if err := os.RemoveAll(dir); err != nil {
			errs = append(errs, fmt.Errorf("stack: remove the temporary folder: %w", err))
		}
	}
	return errors.Join(errs...)
}
