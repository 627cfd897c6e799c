package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Sink writes records of one topic to a table. It is called from one goroutine.
type Sink interface {
	// Append takes r into the current batch. An error says that r can never be a
	// row: it goes to the dead letters, and the batch is as it was. It must copy
	// what it keeps of r.
	Append(r *kgo.Record, topicID [16]byte) error
	// Size is what the batch holds.
	Size() (rows, bytes int)
	// Flush writes the batch and empties it, or leaves it as it was and returns an
	// error; it is then called again. A row that is written twice must be
	// harmless.
	Flush(ctx context.Context) error
}

// SinkStage copies a topic into a table, at least once.
type SinkStage struct {
	Name string
	// Topic is a name of package schemas.
	Topic string
	// New makes a sink with an empty batch, once a session.
	New func() (Sink, error)
}

// NewSink makes a sink stage. It shares nothing with the detect stages: while
// its table does not answer its lag grows, and nothing else happens.
func NewSink(o Options, d SinkStage) (*Stage, error) {
	s, err := newStage(o, d.Name, d.Topic, nil)
	if err != nil {
		return nil, err
	}
	if d.Topic == "" || d.New == nil {
		return nil, fmt.Errorf("runner: stage %s: a topic and a sink are required", d.Name)
	}
	s.session = func(ctx context.Context) error { return s.pour(ctx, d) }
	return s, nil
}

// pouring is a session of a sink stage.
type pouring struct {
	s     *Stage
	in    *intake
	cl    *kgo.Client
	sink  Sink
	w     *writer
	watch *watch

	// letters are produced before the commit of their records.
	letters []*kgo.Record
	mu      sync.Mutex
	// marks are the offsets that the batch reaches; a revocation removes its own.
	marks map[int32]int64
	where map[int32]*standing
}

func (s *Stage) pour(ctx context.Context, d SinkStage) error {
	plain, in, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer plain.Close()
	sink, err := d.New()
	if err != nil {
		return fmt.Errorf("sink: %w", err)
	}
	ps := &pouring{s: s, in: in, sink: sink, watch: newWatch(s, plain), marks: map[int32]int64{}, where: map[int32]*standing{}}
	ps.w = newWriter(s.scope, s.topic, in.topicID, 0)
	o := &s.opts
	gone := func(_ context.Context, _ *kgo.Client, m map[string][]int32) { ps.release(m[s.topic]) }
	id := s.group + "." + o.Instance
	ps.cl, err = kgo.NewClient(append(o.Kafka[:len(o.Kafka):len(o.Kafka)],
		kgo.WithLogger(s.clientLog()), kgo.ConsumerGroup(s.group), kgo.InstanceID(id), kgo.ConsumeTopics(s.topic),
		kgo.DisableAutoCommit(), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(o.FetchMaxWait), kgo.FetchMaxBytes(o.FetchBytes),
		kgo.SessionTimeout(o.SessionTimeout), kgo.RebalanceTimeout(o.RebalanceTimeout), kgo.HeartbeatInterval(o.HeartbeatInterval),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.OnPartitionsRevoked(gone), kgo.OnPartitionsLost(gone), kgo.ProducerBatchMaxBytes(o.MaxRecordBytes),
	)...)
	if err != nil {
		return fmt.Errorf("kafka options: %w", err)
	}
	defer ps.cl.CloseAllowingRebalance()
	s.vitals.report(down, "")
	defer s.vitals.report(refused, "")
	wctx, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { ps.watch.run(wctx) })
	defer watching.Wait()
	defer stop()
	for {
		if err := ps.gather(ctx); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ps.last()
		}
		if err := ps.deliver(ctx); err != nil {
			if ctx.Err() != nil {
				return ps.last()
			}
			return err
		}
	}
}

// gather polls until the batch is full or its time is over.
func (ps *pouring) gather(ctx context.Context) error {
	o := &ps.s.opts
	gctx, cancel := context.WithTimeout(ctx, o.SinkInterval)
	defer cancel()
	for gctx.Err() == nil {
		rows, size := ps.sink.Size()
		if rows >= o.SinkRows || size >= o.SinkBytes || len(ps.letters) >= o.SinkRows {
			return nil
		}
		f := ps.cl.PollRecords(gctx, min(o.SinkRows-rows, o.BatchRecords))
		err := ps.take(f)
		ps.cl.AllowRebalance()
		if err != nil {
			return err
		}
	}
	return nil
}

func (ps *pouring) take(f kgo.Fetches) error {
	if err := ps.s.faults(f); err != nil {
		return err
	}
	m := ps.s.metrics
	f.EachPartition(func(fp kgo.FetchTopicPartition) {
		for _, r := range fp.Records {
			if r.Attrs.IsControl() {
				continue
			}
			m.records.Inc()
			m.bytes.Add(float64(len(r.Value)))
			if err := ps.sink.Append(r, ps.in.topicID); err != nil {
				m.poison.Inc()
				p := &partition{id: r.Partition, scope: ps.s.scope}
				if l := ps.w.letterRecord(p, &dlq.Entry{Offset: r.Offset, Time: r.Timestamp, Kind: dlq.Sink, Reason: err.Error()}, r.Key, r.Value); l != nil {
					ps.letters = append(ps.letters, l)
				}
			}
		}
		if n := len(fp.Records); n > 0 {
			ps.mark(fp.Partition, fp.Records[n-1])
		}
	})
	return nil
}

func (ps *pouring) mark(id int32, last *kgo.Record) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.marks[id] = last.Offset + 1
	st := ps.where[id]
	if st == nil {
		st = &standing{id: id}
		st.settled.Store(last.Offset)
		ps.where[id] = st
		ps.tell()
	}
	st.set(last.Offset+1, st.settled.Load(), last.Timestamp)
}

// tell shows the watch what is held; mu is held.
func (ps *pouring) tell() {
	var list []*standing
	for _, st := range ps.where {
		list = append(list, st)
	}
	ps.watch.own(list)
}

// release forgets partitions that went to another member: their rows in the
// batch are written all the same, and once more there.
func (ps *pouring) release(ids []int32) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, id := range ids {
		delete(ps.marks, id)
		delete(ps.where, id)
	}
	ps.tell()
}

// deliver writes the batch, then the dead letters, then commits. It tries again
// until ctx ends: there is nowhere else for the rows to go.
func (ps *pouring) deliver(ctx context.Context) error {
	rows, _ := ps.sink.Size()
	if rows > 0 {
		if err := ps.insist(ctx, "rows", func() error { return ps.sink.Flush(ctx) }); err != nil {
			return err
		}
		ps.s.metrics.rows.Add(float64(rows))
	}
	if len(ps.letters) > 0 {
		if err := ps.insist(ctx, "dead letters", func() error { return ps.cl.ProduceSync(ctx, ps.letters...).FirstErr() }); err != nil {
			return err
		}
		clear(ps.letters)
		ps.letters = ps.letters[:0]
	}
	ps.mu.Lock()
	marks := maps.Clone(ps.marks)
	ps.mu.Unlock()
	if len(marks) == 0 {
		return nil
	}
	return ps.commit(ctx, marks)
}

func (ps *pouring) insist(ctx context.Context, what string, do func() error) error {
	pause := ps.s.opts.BackoffMin
	for {
		err := do()
		if err == nil {
			ps.s.vitals.report(refused, "")
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, errors.Join(ctx.Err(), err))
		}
		ps.s.metrics.sinkFailures.Inc()
		ps.s.vitals.report(refused, fmt.Sprintf("%s are not taken: %v", what, err))
		ps.s.log.Error("a batch is not taken; it is tried again", "what", what, "error", err, "again_in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, ps.s.opts.BackoffMax)
	}
}

// commit is not tried again while running: the next batch commits further, and
// what a rebalance refused is another member's by now.
func (ps *pouring) commit(ctx context.Context, marks map[int32]int64) error {
	to := map[int32]kgo.EpochOffset{}
	for id, at := range marks {
		to[id] = kgo.EpochOffset{Epoch: -1, Offset: at}
	}
	err := commitSync(ctx, ps.cl, ps.s.topic, to)
	if err != nil {
		ps.s.metrics.aborts.Inc()
		ps.s.log.Warn("offsets were not committed; the rows may be written once more", "error", err)
		return nil
	}
	ps.s.metrics.commits.Inc()
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for id, at := range marks {
		if ps.marks[id] == at {
			delete(ps.marks, id)
		}
		if st := ps.where[id]; st != nil {
			st.settled.Store(at)
		}
	}
	return nil
}

// last is the delivery at the end, on a context of its own.
func (ps *pouring) last() error {
	ctx, cancel := context.WithTimeout(context.Background(), ps.s.opts.DrainTimeout)
	defer cancel()
	return ps.deliver(ctx)
}
