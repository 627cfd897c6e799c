package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commit puts everything that is pending and the positions it stands for into
// one transaction. It says whether that was committed; false without an error
// is an abort, after which state and outputs are as before and the next commit
// brings the same.
//
// The positions are the partitions' own, not what the client polled last: an
// abort winds the client back, but not the state, and the outputs that are kept
// always reach exactly to next.
func (ss *session) commit(ctx context.Context, last bool) (bool, error) {
	o := &ss.s.opts
	now := time.Now()
	ss.tick = now.Add(o.CommitInterval)
	if err := ss.settle(); err != nil {
		return false, err
	}
	var part []*partition
	for _, p := range ss.ordered() {
		if p.replaying {
			continue // its outputs exist, its position is behind the committed one
		}
		p.flush()
		p.snapshotStep(ss.w, now, last)
		if len(p.pending.records) > 0 || p.next > p.committed {
			part = append(part, p)
		}
	}
	if len(part) == 0 || !last && onlyPositions(part) && now.Sub(ss.moved) < o.PositionInterval {
		return true, nil
	}
	ok, err := ss.transaction(ctx, part)
	if err != nil {
		return false, fmt.Errorf("transaction of %s: %w", ss.id(), err)
	}
	if !ok {
		ss.s.metrics.aborts.Inc()
		ss.aborts++
		ss.restful = time.Now().Add(min(10*time.Millisecond<<min(ss.aborts, 7), time.Second))
		return false, nil
	}
	ss.aborts, ss.restful, ss.moved = 0, time.Time{}, now
	ss.s.metrics.commits.Inc()
	ss.s.metrics.commit.Observe(time.Since(now).Seconds())
	for _, p := range part {
		p.committed = p.next
		p.pending.clear()
		p.publish()
	}
	return true, nil
}

// onlyPositions says whether nothing is to be put out. To commit positions alone
// can wait: after a crash the records are read again and give nothing again. A
// transaction under way would make an action that comes meanwhile wait.
func onlyPositions(part []*partition) bool {
	for _, p := range part {
		if len(p.pending.records) > 0 {
			return false
		}
	}
	return true
}

// transaction is detached from ctx: to break off in the middle would leave the
// client in a state that only a new session mends.
func (ss *session) transaction(ctx context.Context, part []*partition) (bool, error) {
	ctx, cancel := outlive(ctx, ss.s.opts.CommitTimeout, ss.s.opts.DrainTimeout)
	defer cancel()
	defer ss.looker.end()
	if ok, err := ss.looker.begin(ctx); !ok || err != nil {
		return false, err
	}
	try, err := ss.produce(ctx, part)
	if err != nil {
		return false, err
	}
	if ss.s.hooks.abort != nil && ss.s.hooks.abort() {
		try = kgo.TryAbort
	}
	select {
	case <-ss.s.hooks.kill:
		return false, errKilled
	default:
	}
	return ss.gs.End(kgo.PreTxnCommitFnContext(ctx, func(req *kmsg.TxnOffsetCommitRequest) error {
		ss.positions(req, part)
		return nil
	}), try)
}

// outlive gives a context that ends after limit, or grace after ctx did.
func outlive(ctx context.Context, limit, grace time.Duration) (context.Context, context.CancelFunc) {
	long, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-long.Done():
		case <-time.After(grace):
			cancel()
		}
	})
	return long, func() { stop(); cancel() }
}

// produce sends all that is pending and waits for the acknowledgements. The
// client would commit what got through, so every single one is looked at here.
func (ss *session) produce(ctx context.Context, part []*partition) (kgo.TransactionEndTry, error) {
	var mu sync.Mutex
	var first error
	type spot struct {
		p *partition
		i int
	}
	var tooLarge []spot
	for _, p := range part {
		for i, r := range p.pending.records {
			// A copy: the client writes into what it is given, this attempt's context
			// among it, and the record must do for another attempt.
			once := kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers}
			ss.gs.Produce(ctx, &once, func(_ *kgo.Record, err error) {
				if err == nil {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, kerr.MessageTooLarge) {
					tooLarge = append(tooLarge, spot{p, i})
				}
				if first == nil {
					first = fmt.Errorf("topic %s: %w", r.Topic, err)
				}
			})
		}
	}
	if err := ss.gs.Client().Flush(ctx); err != nil {
		return kgo.TryAbort, fmt.Errorf("outputs are not acknowledged within %v: %w", ss.s.opts.CommitTimeout, err)
	}
	if first == nil {
		return kgo.TryCommit, nil
	}
	for _, s := range tooLarge {
		if r := ss.w.oversize(s.p, s.p.pending.records[s.i]); r != nil {
			s.p.pending.records[s.i] = r
		}
	}
	ss.s.log.Warn("outputs were not taken; the transaction is aborted and tried again", "error", first, "aborts_in_a_row", ss.aborts+1)
	return kgo.TryAbort, nil
}

// positions replaces what the client would commit.
func (ss *session) positions(req *kmsg.TxnOffsetCommitRequest, part []*partition) {
	t := kmsg.NewTxnOffsetCommitRequestTopic()
	t.Topic, t.TopicID = ss.s.topic, ss.in.topicID
	for _, p := range part {
		q := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		q.Partition, q.Offset, q.LeaderEpoch = p.id, p.next, -1
		q.Metadata = kmsg.StringPtr(ss.s.opts.Instance)
		t.Partitions = append(t.Partitions, q)
	}
	req.Topics = []kmsg.TxnOffsetCommitRequestTopic{t}
}

// drain is the last commit, with a snapshot, so that the next start has nothing
// to replay. As a static member the instance does not leave the group: it has
// the session timeout to come back before its partitions go to others.
func (ss *session) drain() error {
	until := time.Now().Add(ss.s.opts.DrainTimeout)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that one that hangs ends with the drain timeout
	for {
		ok, err := ss.commit(ctx, true)
		if ok || err != nil {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("no commit within the drain timeout of %v", ss.s.opts.DrainTimeout)
		}
		time.Sleep(max(time.Until(ss.restful), 0))
	}
}
