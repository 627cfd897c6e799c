package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/enforcer/desired"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Options is what an Enforcer works with. All but Edges is required.
type Options struct {
	Config   Config
	Verifier *action.Verifier
	Edges    []edge.Edge
	// Kafka are the options of the client: brokers, TLS, SASL. Topics and offsets
	// are added.
	Kafka    []kgo.Opt
	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Enforcer joins Kafka, the Machine and the edges. Make it with New, then Run
// it once. All other methods may be called from anywhere at any time.
type Enforcer struct {
	cfg      Config
	verifier *action.Verifier
	kafka    []kgo.Opt
	log      *slog.Logger
	metrics  *metrics
	workers  []*worker

	mu       sync.Mutex // guards what follows
	machine  *desired.Machine
	caughtUp bool
	lost     string // why Kafka does not answer; empty while it does
	killed   bool   // by SetKill
	killFile bool

	client *kgo.Client // set in Run before anything else runs
	poke   chan struct{}
}

// New checks the options. It reaches for nothing.
func New(o Options) (*Enforcer, error) {
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	if o.Verifier == nil || o.Log == nil || o.Registry == nil {
		return nil, errors.New("enforcer: verifier, log and registry are required")
	}
	machine, err := desired.NewMachine(o.Config.Guards)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registry)
	if err != nil {
		return nil, fmt.Errorf("enforcer: metrics: %w", err)
	}
	e := &Enforcer{cfg: o.Config, verifier: o.Verifier, kafka: o.Kafka, log: o.Log, metrics: m, machine: machine,
		lost: "not connected yet", poke: make(chan struct{}, 1)}
	for _, at := range o.Edges {
		e.workers = append(e.workers, newWorker(at, o.Config.Reconcile, o.Log, m, e.reportEdge))
	}
	return e, nil
}

// Run reads and enforces until ctx ends, and returns nil then. What edges hold
// is left as it is.
func (e *Enforcer) Run(ctx context.Context) error {
	opts := append([]kgo.Opt{kgo.ProducerLinger(0)}, e.kafka...)
	opts = append(opts,
		kgo.ConsumeTopics(schemas.TopicActions),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // they show how far a topic of transactions was read
		kgo.RecordDeliveryTimeout(30*time.Second),
	)
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("enforcer: Kafka client: %w", err)
	}
	e.client = client
	defer client.Close()

	defer func() {
		// The last statuses get a moment; not sending them is counted by nobody.
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := client.Flush(last); err != nil {
			e.log.Warn("last statuses were not sent", "error", err)
		}
	}()
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan []*kgo.Record)
	ready := make(chan struct{})
	wg.Go(func() { e.watchKafka(ctx) })
	wg.Go(func() { e.poll(ctx, batches, ready) })
	e.loop(ctx, &wg, batches, ready)
	return nil
}

// loop owns the time: it feeds the machine and hands changes to the workers.
func (e *Enforcer) loop(ctx context.Context, wg *sync.WaitGroup, batches <-chan []*kgo.Record, ready <-chan struct{}) {
	late := time.NewTimer(e.cfg.CatchUp)
	defer late.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	start := func(why string) {
		e.mu.Lock()
		e.caughtUp = true
		n := e.machine.Records()
		e.mu.Unlock()
		e.log.Info("actions read from the start", "records", n, "how", why)
		e.settle(time.Now())
		for _, w := range e.workers {
			wg.Go(func() { w.run(ctx) })
		}
		ready = nil
	}
	for {
		select {
		case <-ctx.Done():
			return
		case batch := <-batches:
			e.take(batch)
		case <-ready:
			start("to the end")
		case <-late.C:
			if ready != nil {
				start("catch_up passed before the end was reached")
			}
		case <-tick.C:
			e.readKillFile()
		case <-e.poke:
		case <-due.C:
		}
		if next, ok := e.settle(time.Now()); ok {
			due.Reset(max(time.Until(next), 0))
		}
	}
}

// take feeds a batch to the machine.
func (e *Enforcer) take(batch []*kgo.Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for _, r := range batch {
		rec := action.Record{Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			rec.Headers = append(rec.Headers, action.Header{Key: h.Key, Value: h.Value})
		}
		opened, err := e.verifier.Open(rec)
		if err != nil {
			e.metrics.unopened.Inc()
			e.log.Warn("action refused", "error", err, "partition", r.Partition, "offset", r.Offset)
			continue
		}
		result := e.machine.Apply(opened, now, !e.caughtUp)
		e.metrics.records.WithLabelValues(string(result)).Inc()
	}
}

// settle lets time pass in the machine and passes on what follows. It says when
// something is due next.
func (e *Enforcer) settle(now time.Time) (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.machine.Advance(now)
	if e.caughtUp {
		adds, removes := e.machine.Changes()
		if len(adds)+len(removes) > 0 {
			for _, w := range e.workers {
				w.change(adds, removes)
			}
			e.metrics.orders.Set(float64(e.machine.Orders()))
		}
	}
	for _, n := range e.machine.Notes() {
		e.reportNote(n)
	}
	return e.machine.Next()
}

func (e *Enforcer) readKillFile() {
	if e.cfg.KillFile == "" {
		return
	}
	_, err := os.Stat(e.cfg.KillFile)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.killFile = err == nil; e.machine.Killed() != (e.killed || e.killFile) {
		e.log.Warn("kill switch", "on", e.killed || e.killFile, "file", e.cfg.KillFile)
	}
	e.machine.Kill(e.killed || e.killFile)
}

// SetKill lifts everything at once, or puts it back.
func (e *Enforcer) SetKill(on bool) {
	e.mu.Lock()
	e.killed = on
	e.log.Warn("kill switch", "on", on)
	e.machine.Kill(e.killed || e.killFile)
	e.mu.Unlock()
	select {
	case e.poke <- struct{}{}:
	default:
	}
}

// Live lists the live actions, dry-run ones among them, by key.
func (e *Enforcer) Live() []action.Action {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.machine.Live()
}

// Ready says whether the topic has been read and edges are being told.
func (e *Enforcer) Ready() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.caughtUp
}

// Health says whether all is well, and if not what is not.
func (e *Enforcer) Health() (ok bool, reason string) {
	e.mu.Lock()
	caughtUp, lost, held := e.caughtUp, e.lost, e.machine.Orders()
	e.mu.Unlock()
	switch {
	case lost != "":
		return false, fmt.Sprintf("Kafka: %s; %d orders stay in force until they expire", lost, held)
	case !caughtUp:
		return false, "actions are still being read"
	}
	for _, w := range e.workers {
		if err := w.err(); err != nil {
			return false, fmt.Sprintf("edge %s: %v", w.edge.Name(), err)
		}
	}
	return true, ""
}
