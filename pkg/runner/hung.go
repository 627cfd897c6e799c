package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker that is killed can come back with a transaction that stands open in
// some partitions although its coordinator has ended it: seen with Apache Kafka
// 4.3, whose coordinator, loaded after a SIGKILL, went from PrepareAbort to
// CompleteAbort without the markers being written. Nothing times such a
// transaction out. The group's stable offsets cannot be fetched any more, or
// readers of an output topic stop before it, for ever. KIP-664 has the remedy
// that operators use: to write the missing markers.
//
// A session does it before it joins: after its InitProducerId no transaction of
// an earlier epoch can be under way, so one that is open hangs. What its
// coordinator had decided stands in Kafka's log of transactions, which is read
// for it: to abort what was committed elsewhere would count it twice.
//
// It needs the rights to describe the topics, to read the two internal ones and
// to alter the cluster. Without them this does nothing but say so.

// Topics of Kafka's own.
const (
	offsetsTopic      = "__consumer_offsets"  // offsets of groups
	transactionsTopic = "__transaction_state" // the log of its coordinators
)

// endHung writes the markers that are missing from transactions of this member's
// earlier epochs. It must be called after InitProducerId. Where that is not allowed it
// says so, once a session.
func (ss *session) endHung(ctx context.Context, producer int64, epoch int16) error {
	err := ss.endOpen(ctx, producer, epoch)
	if err != nil && notAllowed(err) {
		ss.refused.Do(func() { ss.s.log.Info("hung transactions are not looked for", "reason", err) })
		return nil
	}
	return err
}

func (ss *session) endOpen(ctx context.Context, producer int64, epoch int16) error {
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
	described.EachProducer(func(p kadm.DescribedProducer) {
		if p.CurrentTxnStartOffset >= 0 && p.ProducerID == producer && p.ProducerEpoch < epoch {
			open = append(open, p)
		}
	})
	for i := range open {
		if err := ss.mark(ctx, adm, &open[i]); err != nil {
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

// mark ends p's transaction in p's partition as its coordinator had decided.
func (ss *session) mark(ctx context.Context, adm *kadm.Client, p *kadm.DescribedProducer) error {
	log := ss.s.log.With("transactional_id", ss.id(), "topic", p.Topic, "partition", p.Partition, "producer_id", p.ProducerID, "epoch", p.ProducerEpoch)
	commit, known, err := ss.decision(ctx, adm, p)
	if err != nil {
		return err
	}
	var topics kadm.TopicsSet
	topics.Add(p.Topic, p.Partition)
	done, err := adm.WriteTxnMarkers(ctx, kadm.TxnMarkers{ProducerID: p.ProducerID, ProducerEpoch: p.ProducerEpoch, Commit: commit, CoordinatorEpoch: p.CoordinatorEpoch, Topics: topics})
	if err == nil {
		done.EachPartition(func(r kadm.TxnMarkersPartitionResponse) { err = errors.Join(err, r.Err) })
	}
	if err != nil {
		return fmt.Errorf("end of the hung transaction of %s in %s/%d: %w", ss.id(), p.Topic, p.Partition, err)
	}
	ss.s.metrics.hung.Inc()
	if known {
		log.Warn("a hung transaction was ended as its coordinator had decided", "commit", commit)
	} else {
		log.Error("a hung transaction was aborted; how its coordinator had decided is not known any more: if it was to be committed, outputs may be lost or be there twice")
	}
	return nil
}

// decision is how the coordinator ended the last transaction of p's epoch. Known
// is false where its log has been compacted since.
func (ss *session) decision(ctx context.Context, adm *kadm.Client, p *kadm.DescribedProducer) (commit, known bool, err error) {
	ends, err := adm.ListEndOffsets(ctx, transactionsTopic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return false, false, fmt.Errorf("log of transactions: %w", err)
	}
	left, from := map[int32]int64{}, map[int32]kgo.Offset{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition], from[o.Partition] = o.Offset, kgo.NewOffset().AtStart()
		}
	})
	begun := false
	err = ss.readThrough(ctx, transactionsTopic, from, left, func(r *kgo.Record) {
		var key kmsg.TxnMetadataKey
		var v kmsg.TxnMetadataValue
		if key.ReadFrom(r.Key) != nil || key.TransactionalID != ss.id() || v.ReadFrom(r.Value) != nil || v.ProducerID != p.ProducerID {
			return
		}
		switch v.State {
		case kmsg.TransactionStateOngoing:
			if v.ProducerEpoch == p.ProducerEpoch { // one more of this epoch: what was decided was for an earlier one
				begun, known = true, false
			}
		case kmsg.TransactionStatePrepareCommit, kmsg.TransactionStateCompleteCommit, kmsg.TransactionStatePrepareAbort, kmsg.TransactionStateCompleteAbort:
			// The end has the epoch of the transaction, or one more (KIP-890).
			if begun && !known && (v.ProducerEpoch == p.ProducerEpoch || v.ProducerEpoch == p.ProducerEpoch+1) {
				known = true
				commit = v.State == kmsg.TransactionStatePrepareCommit || v.State == kmsg.TransactionStateCompleteCommit
			}
		}
	})
	return known && commit, known, err
}

// notAllowed says whether err means that this cluster, or this user's rights,
// leave hung transactions to an administrator.
func notAllowed(err error) bool {
	for _, e := range []error{kerr.UnsupportedVersion, kerr.ClusterAuthorizationFailed, kerr.TopicAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed} {
		if errors.Is(err, e) {
			return true
		}
	}
	var auth *kadm.AuthError
	return errors.As(err, &auth)
}
