package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/pause"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/telemetry"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/inventory"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Process is a set of services in one operating system process. Make one with
// New; Run it once.
type Process struct {
	Config   Config
	Log      *slog.Logger
	Registry *prometheus.Registry
	Health   telemetry.Health

	kafka   []kgo.Opt
	lexical *catalog.Lexical
	live    *catalog.Live
	// inventory is the catalog as records; caughtUp is closed when it has been read
	// to its end.
	inventory *inventory.Inventory
	caughtUp  chan struct{}
	uploaded  *uploaded.Set // what people uploaded; nil where no service asks
	content   content.Limits
	identity  capture.Key
	secret    string // of identity
	signer    *action.Signer
	sealer    *dlq.Sealer
	rows      *chsink.Metrics
	parts     []part
	telemetry net.Listener // nil where it is off
	built     built        // what callers in the same process may ask for
}

// part is one thing that runs until its context ends.
type part struct {
	name   string
	run    func(context.Context) error
	health telemetry.Check
	// early: it answers somebody who cannot wait for Kafka. Its listener is open
	// already, so until it runs whoever connects would hang.
	early bool
}

// New reads keys, builds the services and opens what they listen at, so that an
// address that is taken is told before anybody is told of another. Nothing runs yet
// and no connection is made. The configuration must be valid.
func New(cfg Config, services []string, log *slog.Logger) (*Process, error) {
	p := &Process{Config: cfg, Log: log, Registry: telemetry.NewRegistry(), lexical: &catalog.Lexical{}}
	p.live, p.inventory, p.caughtUp = catalog.NewLive(p.lexical), inventory.New(), make(chan struct{})
	p.rows = chsink.NewMetrics(p.Registry)
	if err := p.Registry.Register(p.lexical); err != nil {
		return nil, err
	}
	var err error
	if p.kafka, err = cfg.Kafka.Options(); err != nil {
		return nil, err
	}
	if p.content, err = cfg.Content.Limits(); err != nil {
		return nil, err
	}
	if p.identity, p.secret, err = cfg.identityKey(); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if p.signer, err = cfg.signer(); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	if p.sealer, err = cfg.sealer(); err != nil {
		return nil, fmt.Errorf("stages.dead_letter_key_file: %w", err)
	}
	for _, name := range services {
		s, err := find(name)
		if err != nil {
			return nil, err
		}
		parts, err := s.build(p)
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", name, err)
		}
		for i := range parts {
			parts[i].name = name + "." + parts[i].name
		}
		p.parts = append(p.parts, parts...)
	}
	// A shipper only writes: with rights to no more than that it must do.
	if !slices.Equal(services, []string{"shipper"}) {
		p.parts = append(p.parts, part{name: "catalog", run: p.followCatalog})
	}
	for _, part := range p.parts {
		if part.health != nil {
			p.Health.Add(part.name, part.health)
		}
	}
	if cfg.Telemetry.Listen != "" {
		if p.telemetry, err = telemetry.Listen(context.Background(), cfg.Telemetry.Listen); err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
	}
	return p, nil
}

// options are the runner's for service.
func (p *Process) options(service string) runner.Options {
	o := runner.DefaultOptions()
	p.Config.Stages.apply(&o)
	o.Content = p.content
	o.Kafka, o.Service, o.Instance, o.Sealer = p.kafka, service, p.Config.instance(), p.sealer
	o.Logger, o.Registry, o.Matcher, o.Version = p.Log.With("service", service), p.Registry, p.live, Version
	return o
}

// Run makes the topics, starts every part and returns when ctx has ended and all
// have, or when one could not go on. It waits for brokers that do not answer.
func (p *Process) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if p.telemetry != nil {
		addr := p.telemetry.Addr().String()
		done := telemetry.ServeOn(ctx, p.telemetry, telemetry.Handler(p.Registry, &p.Health))
		defer func() { stop(nil); <-done }()
		p.Log.Info("telemetry", "metrics", "http://"+addr+"/metrics", "health", "http://"+addr+"/healthz")
	}
	p.Health.Add("topics", func() (bool, string) { return false, "waiting for kafka at " + fmt.Sprint(p.Config.Kafka.Brokers) })
	var wg sync.WaitGroup
	start := func(early bool) {
		for _, part := range p.parts {
			if part.early != early {
				continue
			}
			wg.Go(func() {
				if err := part.run(ctx); err != nil && ctx.Err() == nil {
					stop(fmt.Errorf("%s: %w", part.name, err))
				}
			})
		}
	}
	start(true)
	if err := p.ensureTopics(ctx); err != nil {
		stop(err)
	} else if ctx.Err() == nil {
		p.Health.Add("topics", func() (bool, string) { return true, "" })
		start(false)
		p.Health.SetReady(true)
	}
	wg.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// ensureTopics tries until the brokers answer, then makes and checks the topics
// where it is to. What they refuse is an error.
func (p *Process) ensureTopics(ctx context.Context) error {
	cl, err := kgo.NewClient(append(p.kafka[:len(p.kafka):len(p.kafka)], kgo.RetryTimeout(5*time.Second))...)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	o := p.options("topics")
	plan := runner.TopicPlan{Partitions: int32(p.Config.Kafka.Partitions), Replication: int16(p.Config.Kafka.Replication)}
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 15*time.Second) {
		if err = cl.Ping(ctx); err == nil {
			if !p.Config.Kafka.CreateTopics {
				return nil
			}
			return runner.EnsureTopics(ctx, kadm.NewClient(cl), schemas.Topics, &o, plan)
		}
		if ctx.Err() != nil {
			return nil
		}
		p.Log.Error("no broker answers; is kafka running there? (kafka.brokers)", "brokers", p.Config.Kafka.Brokers, "again_in", wait.String(), "error", err)
		if !pause.For(ctx, wait) {
			return nil
		}
	}
}

// migrate brings the tables up to date, however long ClickHouse takes to answer:
// only sinks wait for it.
func (p *Process) migrate(ctx context.Context) error {
	for wait := 200 * time.Millisecond; ; wait = min(2*wait, 15*time.Second) {
		err := chsink.Migrate(ctx, p.Config.ClickHouse, p.Config.Retention, p.Log)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		p.Log.Error("clickhouse: tables are not ready; rows wait in kafka meanwhile", "addr", p.Config.ClickHouse.Addr, "again_in", wait.String(), "error", err)
		if !pause.For(ctx, wait) {
			return ctx.Err()
		}
	}
}
