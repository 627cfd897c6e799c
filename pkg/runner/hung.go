package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// offsetsTopic is where Kafka keeps the offsets of groups, those of a
// transaction among them.
const offsetsTopic = "__consumer_offsets"

// mend ends hung transactions of this stage's members, now and then, beside the
// loop.
//
// A broker that is killed can come back with a transaction that stands open in a
// partition while its coordinator has forgotten it (seen with Apache Kafka 4.3,
// SIGKILL between the commit of offsets and the end of the transaction). Nothing
// times it out: the group's stable offsets cannot be fetched any more, or readers
// of an output topic stop before it, for ever. KIP-664 has the remedy that
// operators use, a marker that aborts it; it is safe here because the coordinator
// itself says that the transaction is not under way.
//
// It needs the right to describe the topics and to alter the cluster. Without it
// this does nothing but say so once.
func (ss *session) mend(ctx context.Context) {
	every := 2 * ss.s.opts.TransactionTimeout
	for {
		actx, cancel := context.WithTimeout(ctx, askTimeout)
		err := ss.endHung(actx, time.Now().Add(-every))
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, kerr.UnsupportedVersion), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.TopicAuthorizationFailed),
			errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
			ss.s.log.Info("hung transactions are not looked for", "reason", err)
			return
		case err != nil:
			ss.s.log.Warn("hung transactions could not be looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

// endHung aborts every transaction of this stage's members that has been silent
// since before and that its coordinator does not know to be under way.
func (ss *session) endHung(ctx context.Context, before time.Time) error {
	adm := kadm.NewClient(ss.plain)
	topics, err := ss.written()
	if err != nil {
		return err
	}
	there, err := adm.ListTopicsWithInternal(ctx, topics...)
	if err != nil {
		return fmt.Errorf("partitions: %w", err)
	}
	described, err := adm.DescribeProducers(ctx, there.TopicsSet())
	if err != nil {
		return fmt.Errorf("producers: %w", err)
	}
	var open []kadm.DescribedProducer
	var ids []int64
	described.EachProducer(func(p kadm.DescribedProducer) {
		if p.CurrentTxnStartOffset >= 0 && time.UnixMilli(p.LastTimestamp).Before(before) {
			open, ids = append(open, p), append(ids, p.ProducerID)
		}
	})
	if len(open) == 0 {
		return nil
	}
	listed, err := adm.ListTransactions(ctx, ids, nil)
	if err != nil {
		return fmt.Errorf("transactions: %w", err)
	}
	for _, t := range listed {
		if !strings.HasPrefix(t.TxnID, ss.s.group+".") {
			continue // another stage's to mend
		}
		if err := ss.abortUnknown(ctx, adm, t, open); err != nil {
			return err
		}
	}
	return nil
}

// written are the topics that a transaction of this stage may touch.
func (ss *session) written() ([]string, error) {
	list, err := ParseTopics(schemas.Topics)
	if err != nil {
		return nil, err
	}
	names := []string{offsetsTopic}
	for _, t := range list {
		names = append(names, ss.s.opts.Topic(t.Name))
	}
	return names, nil
}

// abortUnknown writes abort markers where t's producer has a transaction open
// that t's coordinator does not count.
func (ss *session) abortUnknown(ctx context.Context, adm *kadm.Client, t kadm.ListedTransaction, open []kadm.DescribedProducer) error {
	known, err := adm.DescribeTransactions(ctx, t.TxnID)
	if err != nil {
		return fmt.Errorf("transaction %s: %w", t.TxnID, err)
	}
	d, err := known.On(t.TxnID, nil)
	if err != nil {
		return fmt.Errorf("transaction %s: %w", t.TxnID, err)
	}
	for _, p := range open {
		if p.ProducerID != t.ProducerID || d.Topics.Lookup(p.Topic, p.Partition) {
			continue
		}
		var topics kadm.TopicsSet
		topics.Add(p.Topic, p.Partition)
		done, err := adm.WriteTxnMarkers(ctx, kadm.TxnMarkers{ProducerID: p.ProducerID, ProducerEpoch: p.ProducerEpoch, CoordinatorEpoch: p.CoordinatorEpoch, Topics: topics})
		if err == nil {
			done.EachPartition(func(r kadm.TxnMarkersPartitionResponse) { err = errors.Join(err, r.Err) })
		}
		if err != nil {
			return fmt.Errorf("abort of the hung transaction of %s in %s/%d: %w", t.TxnID, p.Topic, p.Partition, err)
		}
		ss.s.metrics.hung.Inc()
		ss.s.log.Warn("a hung transaction was aborted: its coordinator had forgotten it", "transactional_id", t.TxnID, "topic", p.Topic, "partition", p.Partition,
			"producer_id", p.ProducerID, "epoch", p.ProducerEpoch, "open_since_offset", p.CurrentTxnStartOffset)
	}
	return nil
}
