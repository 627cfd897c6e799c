package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// session is one membership in the group, from joining to a fatal fault or the
// end. All fields without a comment belong to the loop.
type session struct {
	s  *Stage
	in *intake
	w  *writer
	// plain asks and reads; it is in no group. gs is the member.
	plain *kgo.Client
	gs    *kgo.GroupTransactSession

	parts map[int32]*partition
	batch batch

	tick    time.Time // when the next commit is due
	aborts  int       // in a row
	restful time.Time // no commit before: the pause after an abort
	moved   time.Time // the last commit

	duty   duty // written by the client's callbacks
	watch  *watch
	looker *looker
	// refused: that hung transactions may not be looked for was said.
	refused sync.Once
}

// transact is a session of a detect or merge stage.
func (s *Stage) transact(ctx context.Context) error {
	plain, in, err := s.connect(ctx, schemas.TopicEvents, schemas.TopicPartials)
	if err != nil {
		return err
	}
	defer plain.Close()
	ss := &session{s: s, in: in, plain: plain, parts: map[int32]*partition{}}
	ss.w = newWriter(s.scope, s.topic, in.topicID, in.partials)
	ss.watch = newWatch(s, plain)
	lctx, still := context.WithCancel(context.WithoutCancel(ctx)) // the last commit comes after ctx
	defer still()
	ss.looker = &looker{ss: ss, ctx: lctx}
	if ss.gs, err = kgo.NewGroupTransactSession(ss.options()...); err != nil {
		return fmt.Errorf("kafka options: %w", err)
	}
	defer ss.gs.CloseAllowingRebalance()
	defer still() // before that, which may wait for a connection

	// Ends the transaction that a killed predecessor of this name left open: else
	// the group's stable offsets wait until the broker times it out.
	pctx, cancel := context.WithTimeout(ctx, s.opts.CommitTimeout)
	defer cancel()
	producer, epoch, err := ss.gs.Client().ProducerID(pctx)
	if err != nil {
		return fmt.Errorf("transactional id %s at %s: %w", ss.id(), s.brokers, err)
	}
	if err := ss.endHung(pctx, producer, epoch); err != nil {
		return fmt.Errorf("hung transactions: %w", err)
	}
	s.vitals.report(down, "")
	wctx, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { ss.watch.run(wctx) })
	defer watching.Wait()
	defer stop()
	return ss.loop(ctx)
}

func (ss *session) id() string { return ss.s.group + "." + ss.s.opts.Instance }

func (ss *session) options() []kgo.Opt {
	o := &ss.s.opts
	return append(o.Kafka[:len(o.Kafka):len(o.Kafka)],
		kgo.WithLogger(ss.s.clientLog()), kgo.WithHooks(ss.looker),
		kgo.ConsumerGroup(ss.s.group), kgo.InstanceID(ss.id()), kgo.TransactionalID(ss.id()),
		kgo.TransactionTimeout(o.TransactionTimeout),
		kgo.ConsumeTopics(ss.s.topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Explicit, both: a stage that starts or loses its place reads all there is.
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// With the markers the position is exact at the end of a transactional topic.
		kgo.KeepControlRecords(),
		kgo.FetchMaxWait(o.FetchMaxWait), kgo.FetchMaxBytes(o.FetchBytes), kgo.FetchMaxPartitionBytes(max(o.FetchBytes/4, 1<<20)),
		kgo.SessionTimeout(o.SessionTimeout), kgo.RebalanceTimeout(o.RebalanceTimeout), kgo.HeartbeatInterval(o.HeartbeatInterval),
		kgo.Balancers(ss.duty.balancer(kgo.CooperativeStickyBalancer(), ss.s.topic)),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, m map[string][]int32) { ss.duty.revoke(m[ss.s.topic]) }),
		kgo.OnPartitionsLost(func(context.Context, *kgo.Client, map[string][]int32) { ss.duty.lose() }),
		kgo.AdjustFetchOffsetsFn(ss.takeOver),
		kgo.ProducerLinger(0), kgo.ProducerBatchMaxBytes(o.MaxRecordBytes), kgo.RecordPartitioner(newPartitioner(o.Topic(schemas.TopicSnapshots))),
		// What a transaction holds is bounded by BatchBytes and the snapshots, not here.
		kgo.MaxBufferedRecords(1<<20),
	)
}

var errLost = errors.New("the group gave this member up")

// loop is the stage's one goroutine that touches partitions.
func (ss *session) loop(ctx context.Context) error {
	o := &ss.s.opts
	ss.tick = time.Now().Add(o.CommitInterval)
	for {
		select {
		case <-ss.s.hooks.kill:
			return errKilled
		default:
		}
		if ctx.Err() != nil {
			return ss.drain()
		}
		f := ss.poll(ctx)
		// Between here and AllowRebalance no partition is taken away: what was polled
		// belongs to the partitions as settle leaves them.
		if err := ss.settle(); err != nil {
			ss.gs.AllowRebalance()
			return err
		}
		err := ss.take(f)
		ss.gs.AllowRebalance()
		if err != nil {
			return err
		}
		now := time.Now()
		ss.idle(now)
		if ss.due(now) {
			if _, err := ss.commit(ctx, false); err != nil {
				return err
			}
		}
	}
}

// poll waits for records, at most until the next commit is due. While outputs
// above the limit wait for their commit it takes no more.
func (ss *session) poll(ctx context.Context) kgo.Fetches {
	wait := max(time.Until(ss.tick), 0)
	if ss.backlog() >= ss.s.opts.BatchBytes {
		select {
		case <-ctx.Done():
		case <-time.After(min(max(time.Until(ss.restful), 0), wait+time.Millisecond)):
		}
		return nil
	}
	if wait == 0 {
		// Due but resting after an abort, or nothing to do: still bounded.
		wait = max(time.Until(ss.restful), time.Millisecond)
	}
	pctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return ss.gs.PollRecords(pctx, ss.s.opts.BatchRecords)
}

func (ss *session) backlog() int {
	n := 0
	for _, p := range ss.parts {
		n += p.pending.bytes
	}
	return n
}

// due says whether to commit now.
func (ss *session) due(now time.Time) bool {
	if now.Before(ss.restful) {
		return false
	}
	for _, p := range ss.parts {
		if p.pending.urgent || p.pending.bytes >= ss.s.opts.BatchBytes {
			return true
		}
	}
	return !now.Before(ss.tick) || ss.backlog() >= ss.s.opts.BatchBytes
}

// take prepares what was polled, in parallel, and applies it, in order.
func (ss *session) take(f kgo.Fetches) error {
	if err := ss.s.faults(f); err != nil {
		return err
	}
	m, now := ss.s.metrics, time.Now()
	ss.batch.clear()
	f.EachPartition(func(fp kgo.FetchTopicPartition) {
		p := ss.parts[fp.Partition]
		if p == nil || fp.Topic != ss.s.topic {
			return // taken away since
		}
		for _, r := range fp.Records {
			if r.Offset < p.next {
				continue // seen before an abort
			}
			it := ss.batch.add(p)
			it.offset, it.time, it.key, it.value = r.Offset, r.Timestamp, r.Key, r.Value
			it.control = r.Attrs.IsControl()
			it.light = p.replaying && r.Offset < p.live && p.stateful == nil
			for _, h := range r.Headers {
				if h.Key == detect.KindHeader {
					it.kind = string(h.Value)
				}
			}
			if !it.control {
				m.records.Inc()
				m.bytes.Add(float64(len(r.Value)))
			}
			p.lastRecord = now
		}
	})
	ss.batch.prepare(ss.s.opts.Workers)
	for _, it := range ss.batch.items[:ss.batch.n] {
		it.p.apply(it)
	}
	for _, p := range ss.parts {
		p.publish()
		if err := p.spoiled(); err != nil {
			return err
		}
	}
	return nil
}

// publish shows the watch where p stands.
func (p *partition) publish() {
	p.standing.set(p.next, p.committed, p.lastBroker)
}

// faults sorts the errors of a poll: those that end the session, and those that
// the client gets over.
func (s *Stage) faults(f kgo.Fetches) error {
	var fatal error
	f.EachError(func(topic string, partition int32, err error) {
		var lost *kgo.ErrDataLoss
		var group *kgo.ErrGroupSession
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		case errors.As(err, &lost):
			s.metrics.dataLoss.Inc()
			s.log.Error("records were gone before they were read", "topic", topic, "partition", partition,
				"expected", lost.ConsumedTo, "continued_at", lost.ResetTo)
		case errors.As(err, &group), errors.Is(err, kgo.ErrClientClosed):
			fatal = fmt.Errorf("group %s: %w", s.group, err)
		default:
			s.log.Warn("fetch failed; it is tried again", "topic", topic, "partition", partition, "error", err)
		}
	})
	return fatal
}

// settle takes note of partitions given and taken.
func (ss *session) settle() error {
	given, assigned, lost := ss.duty.collect()
	if lost {
		return errLost
	}
	changed := false
	for _, g := range given {
		changed = true
		if g.p == nil {
			delete(ss.parts, g.id)
			continue
		}
		g.p.lastRecord = time.Now()
		g.p.publish()
		ss.parts[g.id] = g.p
	}
	for id := range ss.parts {
		if !slices.Contains(assigned, id) {
			delete(ss.parts, id)
			changed = true
		}
	}
	if changed {
		list := ss.ordered()
		ids, all := make([]string, len(list)), make([]*standing, len(list))
		for i, p := range list {
			ids[i], all[i] = strconv.Itoa(int(p.id)), p.standing
		}
		ss.watch.own(all)
		ss.s.log.Info("partitions owned", "partitions", ids)
	}
	return nil
}

// ordered are the partitions by id.
func (ss *session) ordered() []*partition {
	list := make([]*partition, 0, len(ss.parts))
	for _, p := range ss.parts {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *partition) int { return int(a.id) - int(b.id) })
	return list
}
