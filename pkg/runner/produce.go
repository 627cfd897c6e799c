package runner

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/snapshot"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// pending is what a partition has put out and not committed.
type pending struct {
	records []*kgo.Record
	bytes   int // of outputs; snapshots do not count
	urgent  bool
}

func (q *pending) add(r *kgo.Record) {
	q.records = append(q.records, r)
	q.bytes += len(r.Key) + len(r.Value)
}

func (q *pending) clear() {
	clear(q.records)
	q.records, q.bytes, q.urgent = q.records[:0], 0, false
}

// writer makes records of outputs and adds them to their partition's pending.
// It holds nothing that changes and is safe for concurrent use.
type writer struct {
	scope   *scope
	topic   string // the source
	topicID [16]byte
	// findings, partials, snapshots and dead are names of topics.
	findings, partials, snapshots, dead string
	partialPartitions                   int32
}

func newWriter(sc *scope, topic string, topicID [16]byte, partialPartitions int32) *writer {
	o := sc.opts
	return &writer{
		scope: sc, topic: topic, topicID: topicID, partialPartitions: partialPartitions,
		findings: o.Topic(schemas.TopicFindings), partials: o.Topic(schemas.TopicPartials),
		snapshots: o.Topic(schemas.TopicSnapshots), dead: o.Topic(schemas.TopicDLQ),
	}
}

func (w *writer) emit(p *partition, out *detect.Out) {
	m := w.scope.metrics
	for i := range out.Findings {
		f := &out.Findings[i]
		b, err := finding.Encode(f)
		if err != nil { // a number that JSON has no form for
			w.unfit(p, err)
			continue
		}
		p.pending.add(&kgo.Record{Topic: w.findings, Key: []byte(f.ID), Value: b})
		m.findings.Inc()
	}
	for i := range out.Partials {
		q := &out.Partials[i]
		b, err := detect.EncodePartial(q)
		if err != nil {
			w.unfit(p, err)
			continue
		}
		if q.Everywhere {
			for id := range w.partialPartitions {
				p.pending.add(&kgo.Record{Topic: w.partials, Partition: id, Value: b, Headers: kind(q.Kind)})
			}
		} else {
			p.pending.add(&kgo.Record{Topic: w.partials, Key: q.Key(), Value: b, Headers: kind(q.Kind)})
		}
		m.partials.Inc()
	}
	for i := range out.Records {
		r := &out.Records[i]
		k := &kgo.Record{Topic: w.scope.opts.Topic(r.Topic), Key: r.Key, Value: r.Value}
		for _, h := range r.Headers {
			k.Headers = append(k.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		p.pending.add(k)
		p.pending.urgent = p.pending.urgent || r.Urgent
		m.outputs.Inc()
	}
}

func kind(k string) []kgo.RecordHeader {
	return []kgo.RecordHeader{{Key: detect.KindHeader, Value: []byte(k)}}
}

// broadcast follows the partials of the same flush, and the order within a
// partition holds: so a reader that has the watermark has all before it.
func (w *writer) broadcast(p *partition, watermark int64) {
	for _, k := range w.scope.kinds {
		b, err := detect.EncodePartial(&detect.Partial{Kind: k, Source: p.id, Watermark: watermark})
		if err != nil {
			w.unfit(p, err)
			continue
		}
		for i := range w.partialPartitions {
			p.pending.add(&kgo.Record{Topic: w.partials, Partition: i, Value: b, Headers: kind(k)})
		}
	}
}

func (w *writer) reject(p *partition, it *item, kind, reason string) {
	w.letter(p, &dlq.Entry{Offset: it.offset, Time: it.time, Kind: kind, Reason: reason}, it.key, it.value)
}

// unfit is for an output that has no wire form: it belongs to the last record.
func (w *writer) unfit(p *partition, err error) {
	w.scope.log.Error("an output cannot be encoded", "partition", p.id, "offset", p.next-1, "error", err)
	w.letter(p, &dlq.Entry{Offset: p.next - 1, Time: p.lastBroker, Kind: dlq.Poison, Reason: err.Error()}, nil, nil)
}

func (w *writer) letter(p *partition, e *dlq.Entry, key, value []byte) {
	if r := w.letterRecord(p, e, key, value); r != nil {
		p.pending.add(r)
	}
}

const maxReason = 2000

func (w *writer) letterRecord(p *partition, e *dlq.Entry, key, value []byte) *kgo.Record {
	e.Stage, e.Topic, e.TopicID, e.Partition = w.scope.name, w.topic, hex.EncodeToString(w.topicID[:]), p.id
	e.Time = e.Time.UTC()
	if len(e.Reason) > maxReason {
		e.Reason = e.Reason[:maxReason]
	}
	err := w.scope.opts.Sealer.Fill(e, key, value)
	if err != nil {
		w.scope.log.Error("a dead letter goes without its payload", "partition", p.id, "offset", e.Offset, "error", err)
		e.Sealed = nil
	}
	b, err := dlq.Encode(e)
	if err != nil {
		w.scope.log.Error("a dead letter cannot be encoded", "partition", p.id, "offset", e.Offset, "error", err)
		return nil
	}
	return &kgo.Record{Topic: w.dead, Key: fmt.Appendf(nil, "%s|%d", w.scope.name, p.id), Value: b}
}

// oversize takes the place of an output that the broker would never take.
func (w *writer) oversize(p *partition, r *kgo.Record) *kgo.Record {
	w.scope.metrics.oversize.Inc()
	w.scope.log.Error("an output is larger than the broker takes; it is replaced by a dead letter", "topic", r.Topic,
		"partition", p.id, "bytes", len(r.Value), "limit", w.scope.opts.MaxRecordBytes)
	return w.letterRecord(p, &dlq.Entry{
		Offset: p.next - 1, Time: time.Now(), Kind: dlq.Oversize,
		Reason: fmt.Sprintf("an output of %d bytes for %s is larger than max_record_bytes or the broker's message.max.bytes", len(r.Value), r.Topic),
	}, nil, nil)
}

func (w *writer) snapshot(p *partition, records ...snapshot.Record) {
	for _, r := range records {
		p.pending.records = append(p.pending.records, &kgo.Record{Topic: w.snapshots, Partition: p.id, Key: r.Key, Value: r.Value})
		w.scope.metrics.snapshotBytes.Add(float64(len(r.Value)))
	}
}

// partitioner honours the record's own partition where there is no key
// (watermarks) and for snapshots; all else goes by the key's hash, as every
// Kafka client hashes it.
type partitioner struct {
	snapshots string
	keyed     kgo.Partitioner
}

func newPartitioner(snapshots string) kgo.Partitioner {
	return &partitioner{snapshots: snapshots, keyed: kgo.StickyKeyPartitioner(nil)}
}

func (q *partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return &topicPartitioner{own: topic == q.snapshots, TopicPartitioner: q.keyed.ForTopic(topic)}
}

type topicPartitioner struct {
	kgo.TopicPartitioner
	own bool
}

func (q *topicPartitioner) manual(r *kgo.Record) bool { return q.own || r.Key == nil }

func (q *topicPartitioner) RequiresConsistency(r *kgo.Record) bool { return true }

func (q *topicPartitioner) Partition(r *kgo.Record, n int) int {
	if q.manual(r) {
		return int(r.Partition)
	}
	return q.TopicPartitioner.Partition(r, n)
}
