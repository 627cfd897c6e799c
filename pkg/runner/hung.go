package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// A broker that is killed can come back with a transaction that stands open in
// some partitions although its coordinator has ended it: seen with Apache Kafka
// 4.3, whose coordinator, loaded after a SIGKILL, went from PrepareAbort to
// CompleteAbort without the markers being written. Nothing times such a
// transaction out. The group's stable offsets cannot be fetched any more, or
// readers of an output topic stop before it, for ever. KIP-664 has the remedy
// that operators use: to write the missing markers.
//
// A session does it before it joins. What the coordinator decided is asked for
// before InitProducerId, after which it is forgotten; what is open afterwards is
// hung, for the transaction of an earlier epoch cannot be under way any more.
//
// It needs the rights to describe the topics and to alter the cluster. Without
// them this does nothing but say so.

// offsetsTopic is where Kafka keeps the offsets of groups, those of a
// transaction among them.
const offsetsTopic = "__consumer_offsets"

// outcome is how the last transaction of a transactional id ended.
type outcome struct {
	producer int64
	epoch    int16 // of the end: that of the transaction, or one more (KIP-890)
	commit   bool
	known    bool
}

// covers says whether o is the outcome of the transaction that p is part of.
func (o *outcome) covers(p *kadm.DescribedProducer) bool {
	return o.known && o.producer == p.ProducerID && (o.epoch == p.ProducerEpoch || o.epoch == p.ProducerEpoch+1)
}

// lastOutcome must be asked for before this session's InitProducerId.
func (ss *session) lastOutcome(ctx context.Context) outcome {
	described, err := kadm.NewClient(ss.plain).DescribeTransactions(ctx, ss.id())
	if err != nil {
		return outcome{}
	}
	d, err := described.On(ss.id(), nil)
	if err != nil || d.Err != nil {
		return outcome{} // a first start, or no right to know
	}
	o := outcome{producer: d.ProducerID, epoch: d.ProducerEpoch, known: true}
	switch d.State {
	case "PrepareCommit", "CompleteCommit":
		o.commit = true
	case "PrepareAbort", "CompleteAbort", "Ongoing", "PrepareEpochFence": // InitProducerId aborts what is ongoing
	default:
		o.known = false
	}
	return o
}

// endHung writes the markers that are missing from transactions of this member's
// earlier epochs. It must be called after InitProducerId.
func (ss *session) endHung(ctx context.Context, producer int64, epoch int16, last outcome) error {
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
		if err := ss.mark(ctx, adm, &open[i], last); err != nil {
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

// mark ends p's transaction in p's partition as last says.
func (ss *session) mark(ctx context.Context, adm *kadm.Client, p *kadm.DescribedProducer, last outcome) error {
	log := ss.s.log.With("transactional_id", ss.id(), "topic", p.Topic, "partition", p.Partition, "producer_id", p.ProducerID, "epoch", p.ProducerEpoch)
	commit := last.covers(p) && last.commit
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
	if last.covers(p) {
		log.Warn("a hung transaction was ended as its coordinator had decided", "commit", commit)
	} else {
		log.Error("a hung transaction was aborted; how its coordinator had decided is not known any more: if it was to be committed, outputs may be lost or be there twice")
	}
	return nil
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
