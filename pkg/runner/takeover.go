package runner

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/snapshot"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// takeOver is called by the client when partitions were assigned and their
// committed offsets are known, before it fetches from them: it restores their
// state and answers with where to fetch from, which is the snapshot's offset.
// From there to the committed offset the loop replays, muted.
//
// It runs beside the loop and heartbeats go on meanwhile. ctx ends when the
// group rebalances; the client then asks again for what it still holds.
func (ss *session) takeOver(ctx context.Context, all map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	offsets := all[ss.s.topic]
	if len(offsets) == 0 {
		return all, nil
	}
	committed := make(map[int32]int64, len(offsets))
	for id, off := range offsets {
		committed[id] = max(off.EpochOffset().Offset, -1) // below zero: never committed
	}
	pause := ss.s.opts.BackoffMin
	for {
		ps, err := ss.restore(ctx, committed)
		if err == nil {
			for _, p := range ps {
				offsets[p.id] = kgo.NewOffset().At(p.next)
			}
			ss.duty.give(ps)
			return all, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		ss.s.log.Error("state cannot be restored yet; it is tried again", "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, ss.s.opts.BackoffMax)
	}
}

var errMissing = errors.New("the brokers do not tell it")

func (ss *session) restore(ctx context.Context, committed map[int32]int64) ([]*partition, error) {
	starts, err := kadm.NewClient(ss.plain).ListStartOffsets(ctx, ss.s.topic)
	if err != nil {
		return nil, fmt.Errorf("start offsets of %s: %w", ss.s.topic, err)
	}
	collectors := map[int32]*snapshot.Collector{}
	for id, c := range committed {
		if o, ok := starts.Lookup(ss.s.topic, id); !ok || o.Err != nil {
			return nil, fmt.Errorf("start offset of %s/%d: %w", ss.s.topic, id, errors.Join(errMissing, o.Err))
		}
		if c > 0 {
			collectors[id] = snapshot.NewCollector(ss.s.name, id, hex.EncodeToString(ss.in.topicID[:]))
		}
	}
	if len(collectors) > 0 {
		if err := ss.readSnapshots(ctx, collectors); err != nil {
			return nil, err
		}
	}
	var ps []*partition
	for id, c := range committed {
		start, _ := starts.Lookup(ss.s.topic, id)
		ps = append(ps, ss.place(id, c, start.Offset, collectors[id]))
	}
	return ps, nil
}

func (ss *session) fresh(id int32) *partition {
	return newPartition(id, ss.s.scope, ss.s.build(id, ss.in), ss.w, time.Now())
}

// place makes the partition id, restored, for the committed offset c of a log
// that begins at start.
func (ss *session) place(id int32, c, start int64, col *snapshot.Collector) *partition {
	m, log := ss.s.metrics, ss.s.log.With("partition", id, "committed", c)
	p := ss.fresh(id)
	if c <= 0 { // new to the group
		p.next, p.live, p.committed = max(start, c), max(start, c), max(start, c)
		return p
	}
	m.restores.Inc()
	for _, err := range col.Bad() {
		m.snapshotFailures.Inc()
		log.Warn("a snapshot is passed over", "error", err)
	}
	p.next = -1
	for _, s := range col.Usable(c) {
		raw, err := s.Manifest.Unpack(s.Packed, ss.s.opts.SnapshotBytes)
		if err == nil {
			err = p.restore(raw, s.Manifest.Advances)
		}
		if err != nil {
			m.snapshotFailures.Inc()
			log.Error("a snapshot does not restore; an older one is tried", "offset", s.Manifest.Offset, "error", err)
			p = ss.fresh(id)
			p.next = -1
			continue
		}
		p.next, p.snap.last = s.Manifest.Offset, s.Manifest
		break
	}
	p.snap.number, p.snap.written = col.Last(), time.Now()
	switch {
	case p.next < 0 && start == 0:
		log.Info("there is no snapshot: state is built from the whole log")
		p.next = 0
	case p.next < 0:
		log.Error("there is no snapshot: state is built from what retention holds and may lack what is older", "from", start)
		m.dataLoss.Inc()
		p.next = min(start, c)
	case p.next < start && start <= c:
		log.Error("records after the snapshot are gone: the state lacks them. Retention must exceed the snapshot interval",
			"snapshot", p.next, "log_starts_at", start)
		m.dataLoss.Inc()
		p.next = start
	}
	if start > c {
		log.Error("records were gone before they were read", "log_starts_at", start)
		m.dataLoss.Inc()
		p.next, c = start, start
	}
	p.live, p.committed, p.replaying = c, c, true
	if p.next >= c {
		p.goLive()
	} else {
		log.Info("replaying", "from", p.next, "records", c-p.next)
	}
	return p
}

// quiet is how long the end of a compacted topic may send nothing before it is
// taken for reached: compaction can leave the last offsets without a record.
const quiet = 3 * time.Second

// readSnapshots offers every committed record of the collectors' partitions.
func (ss *session) readSnapshots(ctx context.Context, collectors map[int32]*snapshot.Collector) error {
	topic := ss.s.opts.Topic(schemas.TopicSnapshots)
	adm := kadm.NewClient(ss.plain)
	begin, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return fmt.Errorf("start offsets of %s: %w", topic, err)
	}
	end, err := adm.ListCommittedOffsets(ctx, topic)
	if err != nil {
		return fmt.Errorf("end offsets of %s: %w", topic, err)
	}
	left, from := map[int32]int64{}, map[int32]kgo.Offset{}
	for id := range collectors {
		b, ok := begin.Lookup(topic, id)
		e, ok2 := end.Lookup(topic, id)
		if !ok || !ok2 || b.Err != nil || e.Err != nil {
			return fmt.Errorf("topic %s has no partition %d that answers: it needs as many as %s: %w", topic, id, ss.s.topic, errors.Join(errMissing, b.Err, e.Err))
		}
		if e.Offset > b.Offset {
			left[id], from[id] = e.Offset, kgo.NewOffset().At(b.Offset)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return ss.readThrough(ctx, topic, from, left, func(r *kgo.Record) {
		if !r.Attrs.IsControl() {
			collectors[r.Partition].Offer(r.Key, r.Value)
		}
	})
}

// readThrough hands each committed record of topic, markers included, from the
// offsets in from up to those in left to each. It empties left.
func (ss *session) readThrough(ctx context.Context, topic string, from map[int32]kgo.Offset, left map[int32]int64, each func(*kgo.Record)) error {
	o := &ss.s.opts
	cl, err := kgo.NewClient(append(o.Kafka[:len(o.Kafka):len(o.Kafka)], kgo.WithLogger(ss.s.clientLog()),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(o.FetchMaxWait))...)
	if err != nil {
		return fmt.Errorf("kafka options: %w", err)
	}
	defer cl.Close()
	for len(left) > 0 {
		pctx, cancel := context.WithTimeout(ctx, quiet)
		f := cl.PollFetches(pctx)
		silent := pctx.Err() != nil
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f.Err0(); err != nil && !silent {
			return fmt.Errorf("reading %s: %w", topic, err)
		}
		if silent && f.NumRecords() == 0 {
			if err := ss.plain.Ping(ctx); err != nil {
				return fmt.Errorf("reading %s: kafka at %s does not answer: %w", topic, ss.s.brokers, err)
			}
			ss.s.log.Warn("the last offsets of a topic carry no record", "topic", topic, "partitions", len(left))
			return nil
		}
		f.EachRecord(func(r *kgo.Record) {
			each(r)
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return nil
}
