package runner

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the collectors of one service; its stages share them by label.
type metrics struct {
	counters map[string]*prometheus.CounterVec
	lag      *prometheus.GaugeVec
	seconds  *prometheus.GaugeVec
	healthy  *prometheus.GaugeVec
	state    *prometheus.GaugeVec
	commit   *prometheus.HistogramVec
	pause    *prometheus.HistogramVec
}

var counterHelp = [...][2]string{
	{"records_total", "Records taken from the source topic."},
	{"bytes_total", "Bytes of the values of these records."},
	{"findings_total", "Findings put out."},
	{"partials_total", "Partials put out."},
	{"outputs_total", "Records put out for other topics."},
	{"commits_total", "Transactions committed."},
	{"aborts_total", "Transactions aborted; their outputs went out in a later one."},
	{"hung_transactions_total", "Transactions that a broker had left open and that were ended."},
	{"sessions_total", "Sessions begun: one, and one more for every fatal fault."},
	{"restores_total", "Partitions taken over at an offset above zero."},
	{"replayed_total", "Records replayed without outputs after a restore."},
	{"data_loss_total", "Times that records were gone before they were read."},
	{"duplicates_total", "Events dropped because their sequence number was seen before."},
	{"clamped_total", "Events whose stamp was ahead of the broker's."},
	{"poison_total", "Records that did not decode, or that a sink refused."},
	{"panics_total", "Panics of detectors."},
	{"oversize_total", "Outputs larger than the broker takes."},
	{"snapshots_total", "Snapshots written."},
	{"snapshot_bytes_total", "Bytes of snapshots written."},
	{"snapshot_failures_total", "Snapshots that could not be written or read."},
	{"rows_total", "Rows flushed by a sink."},
	{"sink_failures_total", "Flushes of a sink that failed and were tried again."},
}

func newMetrics(service string, reg prometheus.Registerer) (*metrics, error) {
	ns := "mirador_" + service
	m := &metrics{counters: map[string]*prometheus.CounterVec{}}
	var errs []error
	for _, c := range counterHelp {
		m.counters[c[0]] = register(reg, &errs, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: ns, Name: c[0], Help: c[1]}, []string{"stage"}))
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return register(reg, &errs, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: ns, Name: name, Help: help}, labels))
	}
	histogram := func(name, help string) *prometheus.HistogramVec {
		return register(reg, &errs, prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: ns, Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"stage"}))
	}
	m.lag = gauge("lag_records", "Records between the position and the end of the partition.", "stage", "partition")
	m.seconds = gauge("lag_seconds", "Age of the last record processed, 0 where none is waiting.", "stage", "partition")
	m.healthy = gauge("healthy", "1 where the stage is healthy.", "stage")
	m.state = gauge("state_bytes", "Size of the last snapshot, not compressed.", "stage", "partition")
	m.commit = histogram("commit_seconds", "Duration of a transaction from its first output to its end.")
	m.pause = histogram("snapshot_pause_seconds", "How long a snapshot held up its partition.")
	return m, errors.Join(errs...)
}

// register adds c, or gives the equal one that another stage of this process
// registered. Without a registry c is only counted.
func register[C prometheus.Collector](reg prometheus.Registerer, errs *[]error, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	var there prometheus.AlreadyRegisteredError
	if errors.As(err, &there) {
		if old, ok := there.ExistingCollector.(C); ok {
			return old
		}
	}
	if err != nil {
		*errs = append(*errs, err)
	}
	return c
}

// stageMetrics are the collectors of one stage, looked up once.
type stageMetrics struct {
	stage string
	all   *metrics

	records, bytes, findings, partials, outputs, commits, aborts, hung, sessions, restores, replayed, dataLoss,
	duplicates, clamped, poison, panics, oversize, snapshots, snapshotBytes, snapshotFailures, rows, sinkFailures prometheus.Counter
	healthy       prometheus.Gauge
	commit, pause prometheus.Observer
}

func (m *metrics) stage(name string) *stageMetrics {
	c := func(n string) prometheus.Counter { return m.counters[n].WithLabelValues(name) }
	return &stageMetrics{
		stage: name, all: m,
		records: c("records_total"), bytes: c("bytes_total"), findings: c("findings_total"), partials: c("partials_total"),
		outputs: c("outputs_total"), commits: c("commits_total"), aborts: c("aborts_total"), hung: c("hung_transactions_total"), sessions: c("sessions_total"),
		restores: c("restores_total"), replayed: c("replayed_total"), dataLoss: c("data_loss_total"),
		duplicates: c("duplicates_total"), clamped: c("clamped_total"), poison: c("poison_total"), panics: c("panics_total"),
		oversize: c("oversize_total"), snapshots: c("snapshots_total"), snapshotBytes: c("snapshot_bytes_total"),
		snapshotFailures: c("snapshot_failures_total"), rows: c("rows_total"), sinkFailures: c("sink_failures_total"),
		healthy: m.healthy.WithLabelValues(name), commit: m.commit.WithLabelValues(name), pause: m.pause.WithLabelValues(name),
	}
}
