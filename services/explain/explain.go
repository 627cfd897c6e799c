// Package explain finds what a finding was made from: its record, in ClickHouse or on
// mirador.findings, and the transaction that raised it, on mirador.events.
package explain

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Places are where to look. Either may be away.
type Places struct {
	Tenant  string
	Tables  driver.Conn // bound to the database
	Kafka   []kgo.Opt
	Timeout time.Duration // for each question
}

// ErrNotFound is wrapped where all places answer and none has it.
var ErrNotFound = errors.New("not found")

// Finding is the record of the finding of that id as it stands, and where it was found.
func (p *Places) Finding(ctx context.Context, id string) (f finding.Finding, where string, err error) {
	f, tables := p.stored(ctx, id)
	if tables == nil {
		return f, "table findings", nil
	}
	f, topic := p.onTopic(ctx, id)
	if topic == nil {
		return f, "topic " + schemas.TopicFindings, nil
	}
	if errors.Is(tables, ErrNotFound) && errors.Is(topic, ErrNotFound) {
		return f, "", fmt.Errorf("finding %s of tenant %s is neither in ClickHouse nor on %s: is the id whole, and the tenant right (--tenant)? Retention may have removed it (retention.findings_days): %w",
			id, p.Tenant, schemas.TopicFindings, ErrNotFound)
	}
	return f, "", fmt.Errorf("finding %s cannot be read: clickhouse (--clickhouse.addr): %w; kafka (--kafka.brokers): %w", id, tables, topic)
}

func (p *Places) stored(ctx context.Context, id string) (finding.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var record string
	err := p.one(ctx, `SELECT record FROM v_findings WHERE tenant = {tenant:String} AND id = {id:String} LIMIT 1`, []any{&record}, clickhouse.Named("id", id))
	if err != nil {
		return finding.Finding{}, err
	}
	return finding.Decode([]byte(record))
}

// one scans the one row of a query.
func (p *Places) one(ctx context.Context, query string, into []any, args ...any) error {
	rows, err := p.Tables.Query(ctx, query, append(args, clickhouse.Named("tenant", p.Tenant))...)
	if err != nil {
		return err
	}
	found := rows.Next()
	if found {
		err = rows.Scan(into...)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// onTopic reads mirador.findings to its end: the newest record of a key holds.
func (p *Places) onTopic(ctx context.Context, id string) (f finding.Finding, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*p.Timeout)
	defer cancel()
	cl, err := kgo.NewClient(append(p.Kafka[:len(p.Kafka):len(p.Kafka)], kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.RetryTimeout(p.Timeout))...)
	if err != nil {
		return f, err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, schemas.TopicFindings)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return f, err
	}
	starts, err := kadm.NewClient(cl).ListStartOffsets(ctx, schemas.TopicFindings)
	if err != nil {
		return f, err
	}
	left, from := map[int32]int64{}, map[int32]kgo.Offset{}
	ends.Each(func(o kadm.ListedOffset) {
		if s, ok := starts.Lookup(o.Topic, o.Partition); ok && s.Offset < o.Offset {
			left[o.Partition], from[o.Partition] = o.Offset, kgo.NewOffset().At(s.Offset)
		}
	})
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{schemas.TopicFindings: from})
	err = ErrNotFound
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if string(r.Key) == id && !r.Attrs.IsControl() {
				if v, bad := finding.Decode(r.Value); bad == nil && v.Tenant == p.Tenant {
					f, err = v, nil
				}
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return f, err
}

// Event is the transaction that raised f. It is valid until the caller lets go of it.
func (p *Places) Event(ctx context.Context, f *finding.Finding) (*event.Event, detect.Source, error) {
	src, err := p.source(ctx, f)
	if err != nil {
		return nil, detect.Source{}, err
	}
	r, err := p.fetch(ctx, src)
	if err != nil {
		return nil, detect.Source{}, err
	}
	e := new(event.Event)
	if err := event.Decode(r.Value, e); err != nil {
		return nil, detect.Source{}, fmt.Errorf("transaction at %s/%d offset %d: %w", src.Topic, src.Partition, src.Offset, err)
	}
	d := detect.Source{Topic: src.Topic, Partition: src.Partition, Offset: src.Offset, BrokerTime: r.Timestamp}
	return e, d, nil
}

// source is where the transaction stands: the finding says it, or, one of an older
// version, the audit log does.
func (p *Places) source(ctx context.Context, f *finding.Finding) (*finding.Source, error) {
	if f.Source != nil && f.Source.Topic != "" {
		return f.Source, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	err := errors.New("it names no transaction")
	for _, id := range f.Events {
		var topic uuid.UUID
		var partition int32
		var offset uint64
		err = p.one(ctx, `SELECT topic_id, topic_partition, topic_offset FROM v_events WHERE tenant = {tenant:String} AND event_id = {id:UUID} LIMIT 1`,
			[]any{&topic, &partition, &offset}, clickhouse.Named("id", id))
		if err == nil {
			return &finding.Source{Topic: schemas.TopicEvents, TopicID: hex.EncodeToString(topic[:]), Partition: partition, Offset: int64(offset)}, nil
		}
	}
	return nil, fmt.Errorf("finding %s does not say where its transaction stands, and the audit log has none of its events (is the recorder running, are they past retention.events_days?): %w", f.ID, err)
}

func (p *Places) fetch(ctx context.Context, src *finding.Source) (*kgo.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	place := fmt.Sprintf("%s/%d offset %d", src.Topic, src.Partition, src.Offset)
	cl, err := kgo.NewClient(append(p.Kafka[:len(p.Kafka):len(p.Kafka)], kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RetryTimeout(p.Timeout))...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	topics, err := adm.ListTopics(ctx, src.Topic)
	if err != nil {
		return nil, fmt.Errorf("the transaction at %s cannot be read: kafka at %v does not answer (--kafka.brokers): %w", place, cl.OptValue(kgo.SeedBrokers), err)
	}
	t, ok := topics[src.Topic]
	if !ok || t.Err != nil {
		return nil, fmt.Errorf("the transaction at %s cannot be read: there is no such topic: %w", place, errors.Join(ErrNotFound, t.Err))
	}
	if src.TopicID != "" && hex.EncodeToString(t.ID[:]) != src.TopicID {
		return nil, fmt.Errorf("the transaction at %s is gone: the topic was created anew since, under the same name. The audit log may have it still: see the finding's page in the console: %w", place, ErrNotFound)
	}
	starts, err := adm.ListStartOffsets(ctx, src.Topic)
	if err != nil {
		return nil, fmt.Errorf("%s: start offset: %w", place, err)
	}
	if s, ok := starts.Lookup(src.Topic, src.Partition); ok && s.Offset > src.Offset {
		return nil, fmt.Errorf("the transaction at %s is gone: the partition begins at %d by now. To explain older findings raise retention.ms of %s; what is masked of it stands in the audit log, see the finding's page in the console: %w",
			place, s.Offset, src.Topic, ErrNotFound)
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{src.Topic: {src.Partition: kgo.NewOffset().At(src.Offset)}})
	for {
		fetches := cl.PollRecords(ctx, 1)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the transaction at %s was not given within %v: %w", place, p.Timeout, ErrNotFound)
		}
		for _, r := range fetches.Records() {
			if r.Offset != src.Offset {
				return nil, fmt.Errorf("there is no record at %s: the next is at %d: %w", place, r.Offset, ErrNotFound)
			}
			return r, nil
		}
	}
}
