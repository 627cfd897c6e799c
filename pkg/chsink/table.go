package chsink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
)

var compressions = map[string]struct {
	insert ch.Compression
	query  *clickhouse.Compression
}{
	"none": {ch.CompressionDisabled, nil},
	"lz4":  {ch.CompressionLZ4, &clickhouse.Compression{Method: clickhouse.CompressionLZ4}},
	"zstd": {ch.CompressionZSTD, &clickhouse.Compression{Method: clickhouse.CompressionZSTD}},
}

// insertSettings go with every insert. A batch is in the table when the server
// answers (async_insert), a repeat is inserted too (insert_deduplicate, see the
// package comment), a batch of events of many days is no error, and what repeats
// inside one batch is left to merges and FINAL: to sort it out before writing
// takes a third of an insert's time (optimize_on_insert).
var insertSettings = []ch.Setting{
	ch.SettingInt("async_insert", 0),
	ch.SettingInt("insert_deduplicate", 0),
	ch.SettingInt("max_partitions_per_insert_block", 0),
	ch.SettingInt("optimize_on_insert", 0),
}

// table is the batch of one table and the connection it goes through. One
// goroutine at a time.
type table struct {
	name    string
	cfg     Config
	metrics *Metrics

	source source
	input  proto.Input
	query  string

	rows, bytes int

	client *ch.Client
	addr   string // of client, or the last one tried
	first  int    // index of the address to try first
}

// source is where a record stands: columns that every table has.
type source struct {
	topicID   *proto.ColUUID
	partition *proto.ColInt32
	offset    *proto.ColUInt64
	received  *moments
}

func (s *source) append(r *kgo.Record, topicID [16]byte) {
	s.topicID.Append(uuid.UUID(topicID))
	s.partition.Append(r.Partition)
	s.offset.Append(uint64(r.Offset))
	s.received.append(r.Timestamp)
}

func newTable(name string, cfg Config, m *Metrics) (*table, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("chsink: table %s: configuration: %w", name, err)
	}
	if m == nil {
		m = NewMetrics(nil)
	}
	t := &table{name: name, cfg: cfg, metrics: m}
	t.source = source{
		topicID: with(t, "topic_id", new(proto.ColUUID)), partition: with(t, "topic_partition", new(proto.ColInt32)),
		offset: t.unsigned("topic_offset"), received: t.moments("received"),
	}
	return t, nil
}

// with adds the column c to what is inserted, under the name it has in the table.
func with[C column](t *table, name string, c C) C {
	t.input = append(t.input, proto.InputColumn{Name: name, Data: c})
	return c
}

func (t *table) dictionary(name string) *dictionary    { return with(t, name, newDictionary()) }
func (t *table) text(name string) *proto.ColStr        { return with(t, name, new(proto.ColStr)) }
func (t *table) moments(name string) *moments          { return with(t, name, newMoments()) }
func (t *table) words(name string) *words              { return with(t, name, newArray(newDictionary())) }
func (t *table) texts(name string) *texts              { return with(t, name, newArray(new(proto.ColStr))) }
func (t *table) unsigned(name string) *proto.ColUInt64 { return with(t, name, new(proto.ColUInt64)) }
func (t *table) signed(name string) *proto.ColInt64    { return with(t, name, new(proto.ColInt64)) }
func (t *table) float(name string) *proto.ColFloat64   { return with(t, name, new(proto.ColFloat64)) }
func (t *table) flag(name string) *proto.ColBool       { return with(t, name, new(proto.ColBool)) }

// added counts a row of n bytes.
func (t *table) added(n int) {
	t.rows++
	t.bytes += n
}

// Size is what waits for Flush: rows, and about how many bytes they take.
func (t *table) Size() (rows, bytes int) { return t.rows, t.bytes }

// Flush inserts all that waits in one block and returns when the server has it.
// On an error the batch is kept: call again, after a pause, until it succeeds.
// The server may have taken it all the same; that is harmless.
func (t *table) Flush(ctx context.Context) error {
	if t.rows == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.InsertTimeout)
	defer cancel()
	start := time.Now()
	reused := t.client != nil
	err := t.insert(ctx)
	// A connection that was left idle may have died of it (a restarted server, a
	// firewall): that says nothing about the server of now.
	if err != nil && reused && !ch.IsException(err) && ctx.Err() == nil {
		err = t.insert(ctx)
	}
	if err != nil {
		t.metrics.failures.WithLabelValues(t.name).Inc()
		return fmt.Errorf("chsink: insert %d rows into %s.%s at %s: %w", t.rows, t.cfg.Database, t.name, t.addr, err)
	}
	t.metrics.seconds.WithLabelValues(t.name).Observe(time.Since(start).Seconds())
	t.metrics.rows.WithLabelValues(t.name).Add(float64(t.rows))
	t.metrics.bytes.WithLabelValues(t.name).Add(float64(t.bytes))
	t.input.Reset()
	t.rows, t.bytes = 0, 0
	return nil
}

func (t *table) insert(ctx context.Context) error {
	if t.client == nil || t.client.IsClosed() {
		if err := t.dial(ctx); err != nil {
			return err
		}
	}
	if t.query == "" {
		t.query = "INSERT INTO " + t.cfg.Database + "." + t.name + " " + t.input.Columns() + " VALUES"
	}
	err := t.client.Do(ctx, ch.Query{Body: t.query, Input: t.input, Settings: insertSettings})
	if err != nil {
		// What is left on the wire is unknown.
		_ = t.Close()
	}
	return err
}

// dial tries every address, the one that last worked first.
func (t *table) dial(ctx context.Context) error {
	secure, err := t.cfg.TLS.config()
	if err != nil {
		return err
	}
	var errs []error
	for i := range t.cfg.Addr {
		n := (t.first + i) % len(t.cfg.Addr)
		t.addr = t.cfg.Addr[n]
		client, err := ch.Dial(ctx, ch.Options{
			Address: t.addr, Database: anyDatabase, User: t.cfg.User, Password: t.cfg.Password, TLS: secure,
			Compression: compressions[t.cfg.Compression].insert, ClientName: "mirador",
			DialTimeout: t.cfg.DialTimeout, HandshakeTimeout: t.cfg.DialTimeout, ReadTimeout: t.cfg.InsertTimeout,
		})
		if err == nil {
			t.client, t.first = client, n
			return nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", t.addr, err))
	}
	return errors.Join(errs...)
}

// Close ends the connection. The batch stays, and a later Flush connects again.
func (t *table) Close() error {
	if t.client == nil {
		return nil
	}
	client := t.client
	t.client = nil
	if err := client.Close(); err != nil && !errors.Is(err, ch.ErrClosed) {
		return fmt.Errorf("chsink: close connection to %s: %w", t.addr, err)
	}
	return nil
}

// poison is the error of a record that cannot become a row.
func (t *table) poison(r *kgo.Record, err error) error {
	return fmt.Errorf("chsink: %s: record %s/%d offset %d: %w", t.name, r.Topic, r.Partition, r.Offset, err)
}
