// Package crash runs Mirador's services as processes on a real broker and a real
// ClickHouse, ships labelled traffic, breaks things on a schedule made from a
// seed, and compares what is in ClickHouse at the end with the oracle.
//
// The services are this very test binary, started again: what is killed with
// SIGKILL is a real process. Seed and schedule are printed, so a failure can be
// run again (MIRADOR_CRASH_SEED).
package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/miradorhq/mirador/pkg/config"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/platform"
)

// Environment of a child.
const (
	envService = "MIRADOR_CRASH_SERVICE"
	envConfig  = "MIRADOR_CRASH_CONFIG"
)

// MaybeRunService runs the service that the environment names and never returns
// then. TestMain calls it first.
func MaybeRunService() {
	service := os.Getenv(envService)
	if service == "" {
		return
	}
	err := func() error {
		cfg := platform.Defaults()
		if err := config.Load(&cfg, config.Sources{File: os.Getenv(envConfig)}); err != nil {
			return err
		}
		p, err := platform.New(cfg, []string{service}, cfg.Telemetry.Logger(os.Stderr))
		if err != nil {
			return err
		}
		go dieWithParent()
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		return p.Run(ctx)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// dieWithParent ends this process when the test has gone, however it went: the
// other end of its standard input closes then.
func dieWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}

// Cluster is a broker, a ClickHouse and the service processes on them.
type Cluster struct {
	Kafka      *stack.Kafka
	ClickHouse *stack.ClickHouse
	Dir        string
	Base       platform.Config
	Log        *slog.Logger

	mu       sync.Mutex
	services map[string]*service
}

// service is one process, or the memory of one that was ended.
type service struct {
	name, instance string
	config, log    string
	health         string // URL of /healthz
	cmd            *exec.Cmd
	done           chan struct{} // closed when cmd has been waited for
}

// Start brings up broker and ClickHouse in dir.
func Start(ctx context.Context, dir string, kafka stack.Took, base platform.Config, log *slog.Logger) (*Cluster, error) {
	c := &Cluster{Dir: dir, Log: log, services: map[string]*service{}}
	var err error
	c.Kafka, err = stack.StartKafka(ctx, stack.KafkaOptions{Kind: kafka, Dir: filepath.Join(dir, "kafka"), Logger: log, JavaArgs: []string{"-XX:TieredStopAtLevel=1"}})
	if err != nil {
		return nil, err
	}
	c.ClickHouse, err = stack.StartClickHouse(ctx, stack.ClickHouseOptions{Dir: filepath.Join(dir, "clickhouse"), Logger: log})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	base.Kafka.Brokers, base.Kafka.Replication = c.Kafka.Brokers(), 1
	base.ClickHouse.Addr = []string{c.ClickHouse.Addr()}
	base.DataDir = filepath.Join(dir, "mirador")
	c.Base = base
	return c, nil
}

// Run starts instance n of the service, or starts it again.
func (c *Cluster) Run(name string, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fmt.Sprintf("%s-%d", name, n)
	s := c.services[key]
	if s == nil {
		cfg := c.Base
		cfg.Instance = key
		addr, err := stack.FreeAddress()
		if err != nil {
			return err
		}
		cfg.Telemetry.Listen = addr
		text, err := yaml.Marshal(&cfg)
		if err != nil {
			return err
		}
		s = &service{name: name, instance: key, config: filepath.Join(c.Dir, key+".yaml"), log: filepath.Join(c.Dir, key+".log"), health: "http://" + addr + "/healthz"}
		if err := os.WriteFile(s.config, text, 0o600); err != nil {
			return err
		}
		c.services[key] = s
	}
	out, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), envService+"="+name, envConfig+"="+s.config, "GOMAXPROCS=2")
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	life, err := s.cmd.StdinPipe() // open as long as this process lives; Wait closes it
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { defer close(done); _ = cmd.Wait(); _ = life.Close() }(s.cmd, s.done)
	return nil
}

// Signal sends sig to an instance; with SIGKILL it waits for its end.
func (c *Cluster) Signal(name string, n int, sig syscall.Signal) error {
	c.mu.Lock()
	s := c.services[fmt.Sprintf("%s-%d", name, n)]
	c.mu.Unlock()
	if s == nil {
		return fmt.Errorf("%s-%d was never started", name, n)
	}
	err := s.cmd.Process.Signal(sig)
	if sig == syscall.SIGKILL {
		<-s.done
	}
	if errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s had ended by itself; its log is %s", s.instance, s.log)
	}
	return err
}

// AwaitHealthy waits until every instance says it is.
func (c *Cluster) AwaitHealthy(ctx context.Context) error {
	c.mu.Lock()
	list := make([]*service, 0, len(c.services))
	for _, s := range c.services {
		list = append(list, s)
	}
	c.mu.Unlock()
	client := &http.Client{Timeout: time.Second}
	for _, s := range list {
		for {
			res, err := client.Get(s.health)
			reason := "no answer"
			if err == nil {
				body, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					break
				}
				reason = string(body)
			}
			select {
			case <-s.done:
				return fmt.Errorf("%s ended; its log:\n%s", s.instance, tail(s.log))
			case <-ctx.Done():
				return fmt.Errorf("%s is not healthy: %s\n%s", s.instance, reason, tail(s.log))
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-3000):])
}

// Close ends everything that Start and Run started.
func (c *Cluster) Close() error {
	var errs []error
	c.mu.Lock()
	for _, s := range c.services {
		_ = s.cmd.Process.Signal(syscall.SIGCONT)
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, s := range c.services {
		select {
		case <-s.done:
		case <-time.After(15 * time.Second):
			errs = append(errs, fmt.Errorf("%s did not end in 15 s of SIGTERM; its log:\n%s", s.instance, tail(s.log)), s.cmd.Process.Kill())
			<-s.done
		}
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if c.Kafka != nil {
		errs = append(errs, c.Kafka.Close(ctx))
	}
	if c.ClickHouse != nil {
		errs = append(errs, c.ClickHouse.Close(ctx))
	}
	return errors.Join(errs...)
}
