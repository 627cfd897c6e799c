// Package specifications is the way of documents to and from mirador.specifications:
// a follower that fills a set, and a publisher. What a document is stands in
// services/discovery/spec/uploaded, which knows no Kafka.
package specifications

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// retry is how long a broker that does not say where the topic ends is left alone.
const retry = 2 * time.Second

// A topic that sends nothing for so many polls, of so long, without an error is taken
// for read though its last offset did not come: compaction may have removed it.
const (
	poll       = 2 * time.Second
	quietPolls = 5
)

// Follower keeps a set as the topic has it. Make one with NewFollower; Run it once.
type Follower struct {
	set     *uploaded.Set
	kafka   []kgo.Opt
	log     *slog.Logger
	records *prometheus.CounterVec
}

// NewFollower follows with the brokers, TLS and SASL of kafka.
func NewFollower(set *uploaded.Set, kafka []kgo.Opt, log *slog.Logger, reg prometheus.Registerer) (*Follower, error) {
	f := &Follower{set: set, kafka: kafka, log: log, records: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mirador_specifications_records_total", Help: "Records of uploaded specifications: taken, removed, or bad: cannot be read or are too many."}, []string{"result"})}
	if err := reg.Register(f.records); err != nil {
		return nil, fmt.Errorf("specifications: metrics: %w", err)
	}
	return f, nil
}

// Run follows the topic until ctx ends. The set is told that it has caught up when
// all was read that was there at the start. A topic that does not exist holds
// nothing: it is followed from when it does.
func (f *Follower) Run(ctx context.Context) error {
	opts := append(f.kafka[:len(f.kafka):len(f.kafka)], kgo.ConsumeTopics(schemas.TopicSpecs), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(time.Second))
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("specifications: kafka: %w", err)
	}
	defer cl.Close()
	end, ok := f.end(ctx, cl)
	if !ok {
		return nil
	}
	if end == 0 {
		f.set.CaughtUp()
	}
	for quiet := 0; ctx.Err() == nil; {
		pctx, cancel := context.WithTimeout(ctx, poll)
		fetches := cl.PollFetches(pctx)
		cancel()
		failed := false
		fetches.EachError(func(t string, n int32, err error) {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				failed = true
				f.log.Warn("specifications: fetch", "topic", t, "partition", n, "error", err)
			}
		})
		last := int64(-1)
		fetches.EachRecord(func(r *kgo.Record) { f.take(r); last = r.Offset })
		if quiet++; failed || last >= 0 {
			quiet = 0
		}
		if last+1 >= end || quiet >= quietPolls {
			f.set.CaughtUp()
		}
	}
	return nil
}

func (f *Follower) take(r *kgo.Record) {
	result := "taken"
	if r.Value == nil {
		result = "removed"
	}
	if err := f.set.Put(r.Key, r.Value, r.Offset); err != nil {
		result = "bad"
		f.log.Warn("an uploaded specification is passed over", "offset", r.Offset, "error", err)
	}
	f.records.WithLabelValues(result).Inc()
}

// end is where the topic now ends. ok is false when ctx ended before a broker said so.
func (f *Follower) end(ctx context.Context, cl *kgo.Client) (end int64, ok bool) {
	for ctx.Err() == nil {
		offsets, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, schemas.TopicSpecs)
		if err == nil {
			err = offsets.Error()
		}
		switch o, there := offsets.Lookup(schemas.TopicSpecs, 0); {
		case err == nil && there:
			return o.Offset, true
		case err == nil, errors.Is(err, kerr.UnknownTopicOrPartition):
			f.log.Warn("there is no topic for uploaded specifications; only those of the folder count until it is made", "topic", schemas.TopicSpecs)
			return 0, true
		case ctx.Err() == nil:
			f.log.Warn("specifications: kafka does not say where the topic ends", "topic", schemas.TopicSpecs, "again_in", retry.String(), "error", err)
		}
		t := time.NewTimer(retry)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
	return 0, false
}
