package runner

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Options are what all stages of a process share. Start from DefaultOptions:
// zero is a value here, not "the default".
type Options struct {
	// Kafka holds brokers, TLS and SASL. It must not hold group, topic or
	// transaction options: those are the stage's.
	Kafka []kgo.Opt
	// Service names the metrics, mirador_<service>_*.
	Service string
	// Instance is this process's lasting name among those of the service: two
	// running processes must not share it, a restarted one must keep it. From it
	// the transactional id and the static membership are made.
	Instance string
	// TopicPrefix stands in for "mirador." in the name of every topic, and of every
	// group. Tests give each run its own.
	TopicPrefix string
	// Version is written into snapshots, for the reader of a log.
	Version string

	Logger   *slog.Logger
	Registry prometheus.Registerer
	// Matcher resolves endpoints; safe for concurrent use. Only detect stages use it.
	Matcher catalog.Matcher
	Content content.Limits
	// Sealer encrypts the payloads of dead letters; nil leaves them out.
	Sealer *dlq.Sealer

	// CommitInterval is how often outputs are committed where none is urgent.
	CommitInterval time.Duration
	// PositionInterval is how often positions are committed where there are no
	// outputs at all.
	PositionInterval time.Duration
	// CommitTimeout bounds one commit; when it is over the session is given up.
	CommitTimeout time.Duration
	// TransactionTimeout is after how long the broker ends the transaction of an
	// instance that fell silent.
	TransactionTimeout time.Duration
	FetchMaxWait       time.Duration
	// BatchRecords bounds one poll. Each keeps its buffers, so memory is about
	// BatchRecords times the size of a parsed transaction.
	BatchRecords int
	// BatchBytes of outputs end the polling until they are committed.
	BatchBytes int
	// FetchBytes bounds what the client fetches ahead.
	FetchBytes int32
	// MaxRecordBytes is the largest output; a larger one goes to the DLQ as an entry.
	MaxRecordBytes int32
	// Workers prepare in parallel.
	Workers int

	// SnapshotInterval must be well below the retention of the source topic.
	SnapshotInterval time.Duration
	// SnapshotBytes bounds one partition's state; a larger one is not written, and
	// that is an error in the log and a counter.
	SnapshotBytes int
	// ChunkBytes is the size of a chunk.
	ChunkBytes int
	// IdleSnapshots is how many moves of an idle partition's watermark are kept on
	// the manifest before the state is written in full again.
	IdleSnapshots int

	// Lateness is how far the watermark stays behind the newest event.
	Lateness time.Duration
	// AdvanceStep is the boundary: Advance is called when the watermark passes one.
	AdvanceStep time.Duration
	// IdleAdvance without a record makes a partition idle: its watermark then
	// follows the clock, this far behind.
	IdleAdvance time.Duration
	// ClampAhead is how far an event's stamp may be ahead of the broker's.
	ClampAhead time.Duration

	// DedupWindow is how many sequence numbers of one sensor are remembered,
	// DedupSensors of how many sensors, a partition.
	DedupWindow  int
	DedupSensors int

	// PoisonShare of PoisonSample records stops the stage: then it is not the
	// records that are wrong.
	PoisonShare  float64
	PoisonSample int

	DrainTimeout      time.Duration
	SessionTimeout    time.Duration
	RebalanceTimeout  time.Duration
	HeartbeatInterval time.Duration
	// StallAfter of lag without progress turns health red.
	StallAfter time.Duration
	// BackoffMin and BackoffMax bound the pause before a new session.
	BackoffMin time.Duration
	BackoffMax time.Duration

	// SinkRows, SinkBytes and SinkInterval end a batch of a sink stage, whichever
	// comes first.
	SinkRows     int
	SinkBytes    int
	SinkInterval time.Duration
}

// DefaultOptions are the documented defaults. Kafka, Service, Instance and, for
// detect stages, Matcher are the caller's to fill in.
func DefaultOptions() Options {
	return Options{
		TopicPrefix: defaultPrefix, Logger: slog.Default(), Content: content.DefaultLimits,
		CommitInterval: 100 * time.Millisecond, PositionInterval: time.Second, CommitTimeout: 30 * time.Second, TransactionTimeout: 5 * time.Second,
		FetchMaxWait: 100 * time.Millisecond,
		BatchRecords: 1000, BatchBytes: 8 << 20, FetchBytes: 16 << 20, MaxRecordBytes: 1000012,
		Workers:          runtime.GOMAXPROCS(0),
		SnapshotInterval: time.Minute, SnapshotBytes: 512 << 20, ChunkBytes: 512 << 10, IdleSnapshots: 64,
		Lateness: time.Second, AdvanceStep: time.Second, IdleAdvance: 2 * time.Second, ClampAhead: 5 * time.Second,
		DedupWindow: 8192, DedupSensors: 1024, PoisonShare: 0.5, PoisonSample: 1000,
		DrainTimeout: 10 * time.Second, SessionTimeout: 10 * time.Second, RebalanceTimeout: 20 * time.Second,
		HeartbeatInterval: 500 * time.Millisecond, StallAfter: 30 * time.Second,
		BackoffMin: 200 * time.Millisecond, BackoffMax: 15 * time.Second,
		SinkRows: 10_000, SinkBytes: 64 << 20, SinkInterval: time.Second,
	}
}

const defaultPrefix = "mirador."

// Topic is the name that the topic called name in package schemas has here.
func (o *Options) Topic(name string) string {
	if rest, ok := strings.CutPrefix(name, defaultPrefix); ok {
		return o.TopicPrefix + rest
	}
	return name
}

// Validate reports every setting that cannot work.
func (o *Options) Validate() error {
	var errs []error
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("runner: "+format, args...))
		}
	}
	bad(len(o.Kafka) > 0, "no Kafka brokers: set kafka.brokers")
	bad(o.Service != "" && !strings.ContainsAny(o.Service, "-. |"), "service %q: must be a word fit for a metric's name", o.Service)
	bad(o.Instance != "" && !strings.Contains(o.Instance, "|"), "instance %q: must be set, without '|', and stay the same across restarts", o.Instance)
	bad(o.Logger != nil, "no logger")
	for _, err := range o.Problems() {
		errs = append(errs, fmt.Errorf("runner: %w", err))
	}
	return errors.Join(errs...)
}

// Problems are the numbers and times that cannot work, each said with the name of
// the setting first: what an operator can get wrong.
func (o *Options) Problems() (errs []error) {
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{
		{"commit_interval", o.CommitInterval}, {"position_interval", o.PositionInterval}, {"commit_timeout", o.CommitTimeout}, {"transaction_timeout", o.TransactionTimeout},
		{"fetch_max_wait", o.FetchMaxWait}, {"snapshot_interval", o.SnapshotInterval}, {"advance_step", o.AdvanceStep},
		{"idle_advance", o.IdleAdvance}, {"drain_timeout", o.DrainTimeout}, {"session_timeout", o.SessionTimeout},
		{"rebalance_timeout", o.RebalanceTimeout}, {"heartbeat_interval", o.HeartbeatInterval}, {"stall_after", o.StallAfter},
		{"backoff_min", o.BackoffMin}, {"backoff_max", o.BackoffMax}, {"sink_interval", o.SinkInterval},
	} {
		bad(d.v > 0, "%s is %v: must be above zero", d.name, d.v)
	}
	for _, n := range []struct {
		name string
		v    int
	}{
		{"batch_records", o.BatchRecords}, {"batch_bytes", o.BatchBytes}, {"fetch_bytes", int(o.FetchBytes)},
		{"max_record_bytes", int(o.MaxRecordBytes)}, {"workers", o.Workers}, {"snapshot_bytes", o.SnapshotBytes},
		{"chunk_bytes", o.ChunkBytes}, {"dedup_window", o.DedupWindow}, {"dedup_sensors", o.DedupSensors},
		{"poison_sample", o.PoisonSample}, {"sink_rows", o.SinkRows}, {"sink_bytes", o.SinkBytes},
	} {
		bad(n.v > 0, "%s is %d: must be above zero", n.name, n.v)
	}
	bad(o.IdleSnapshots >= 0, "idle_snapshots is %d: must not be negative", o.IdleSnapshots)
	bad(o.Lateness >= 0 && o.ClampAhead >= 0, "lateness %v and clamp_ahead %v must not be negative", o.Lateness, o.ClampAhead)
	bad(o.PoisonShare > 0 && o.PoisonShare <= 1, "poison_share is %v: must be above 0 and at most 1", o.PoisonShare)
	bad(o.SessionTimeout > o.HeartbeatInterval, "session_timeout %v must be above heartbeat_interval %v", o.SessionTimeout, o.HeartbeatInterval)
	bad(o.CommitInterval < o.TransactionTimeout, "commit_interval %v must be below transaction_timeout %v", o.CommitInterval, o.TransactionTimeout)
	bad(o.ChunkBytes+1024 <= int(o.MaxRecordBytes), "chunk_bytes %d must leave room in max_record_bytes %d", o.ChunkBytes, o.MaxRecordBytes)
	bad(o.BackoffMin <= o.BackoffMax, "backoff_min %v is above backoff_max %v", o.BackoffMin, o.BackoffMax)
	return errs
}
