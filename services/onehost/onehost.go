// Package onehost runs all of Mirador in one process on one machine: it starts
// what is missing of Kafka and ClickHouse, then the services. `mirador up` keeps
// its data in a folder; `mirador demo` throws it away.
package onehost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/platform"
	"golang.org/x/sync/errgroup"
)

// Options say how to start.
type Options struct {
	// Kafka is the way to a broker; empty takes given brokers, else a real one
	// through Docker or Java, else kfake.
	Kafka stack.Took
	// Throwaway keeps nothing: Kafka in memory if it is kfake, ClickHouse in a
	// temporary folder.
	Throwaway bool
	Services  []string // empty: all
	Progress  func(string)
	Log       *slog.Logger
}

// Host is a running platform.
type Host struct {
	Kafka      *stack.Kafka
	ClickHouse *stack.ClickHouse
	Process    *platform.Process

	log    *slog.Logger
	unlock func()
}

// ownClickHouse is the address that asks Start for a server of its own.
const ownClickHouse = "127.0.0.1:0"

// Defaults are the platform's, with no brokers and no ClickHouse given: Start
// then looks in the environment, and starts its own where there is none either.
func Defaults() platform.Config {
	c := platform.Defaults()
	c.Kafka.Brokers = nil
	c.ClickHouse.Addr = []string{ownClickHouse}
	return c
}

// Start brings up Kafka and ClickHouse, unless cfg names ones that are there, and
// builds the services, which Run then runs. cfg's addresses are replaced by those
// of what was started. Close must be called in any case where the error is nil.
func Start(ctx context.Context, cfg platform.Config, o Options) (*Host, error) {
	h := &Host{log: o.Log}
	kafka := stack.KafkaOptions{Kind: o.Kafka, Logger: o.Log, Progress: o.Progress}
	house := stack.ClickHouseOptions{Logger: o.Log, Progress: o.Progress, Username: cfg.ClickHouse.User, Password: cfg.ClickHouse.Password}
	if !o.Throwaway {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("data_dir: %w", err)
		}
		var err error
		if h.unlock, err = lock(cfg.DataDir); err != nil {
			return nil, err
		}
		kafka.Dir, house.Dir = filepath.Join(cfg.DataDir, "kafka"), filepath.Join(cfg.DataDir, "clickhouse")
	}
	if len(cfg.Kafka.Brokers) > 0 {
		opts, err := cfg.Kafka.Options()
		if err != nil {
			return nil, errors.Join(err, h.Close())
		}
		kafka.Brokers, kafka.Client = cfg.Kafka.Brokers, opts
	}
	if a := cfg.ClickHouse.Addr; len(a) > 0 && a[0] != ownClickHouse {
		house.Addr = a[0]
	}
	var g errgroup.Group
	g.Go(func() (err error) { h.Kafka, err = stack.StartKafka(ctx, kafka); return err })
	g.Go(func() (err error) { h.ClickHouse, err = stack.StartClickHouse(ctx, house); return err })
	err := g.Wait()
	if err == nil {
		cfg.Kafka.Brokers = h.Kafka.Brokers() // the given ones, unless o.Kafka asked for another way
		if h.Kafka.Took != stack.TookGiven {
			cfg.Kafka.Replication = 1
		}
		if house.Addr == "" {
			cfg.ClickHouse.Addr = []string{h.ClickHouse.Addr()}
		}
		services := o.Services
		if len(services) == 0 {
			services = platform.Names()
		}
		h.Process, err = platform.New(cfg, services, o.Log)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Run runs the services until ctx ends. A ClickHouse of ours that dies meanwhile
// is started again: its rows wait in Kafka.
func (h *Host) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		h.watchClickHouse(ctx)
	}()
	err := h.Process.Run(ctx)
	stop()
	<-watched
	return err
}

func (h *Host) watchClickHouse(ctx context.Context) {
	if h.ClickHouse.Exited() == nil {
		return // somebody else's, or one whose end cannot be seen
	}
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		select {
		case <-ctx.Done():
			return
		case <-h.ClickHouse.Exited():
		}
		h.log.Error("clickhouse ended; it is started again", "again_in", wait.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := h.ClickHouse.Restart(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("clickhouse could not be started again", "error", err)
		}
	}
}

// closeTimeout bounds the end of Kafka and ClickHouse together.
const closeTimeout = 20 * time.Second

// Close ends what Start started.
func (h *Host) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	var errs []error
	if h.Kafka != nil {
		errs = append(errs, h.Kafka.Close(ctx))
	}
	if h.ClickHouse != nil {
		errs = append(errs, h.ClickHouse.Close(ctx))
	}
	if h.unlock != nil {
		h.unlock()
	}
	return errors.Join(errs...)
}
