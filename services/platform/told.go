package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// toldWait is how long detection waits at its start for what people have told, so that a
// restart does not forget it for a moment. It never waits for a broker that is away: the
// stages do that themselves.
const toldWait = 10 * time.Second

// told is a topic of what people say that detection takes into account, followed into
// memory as the catalog is.
type told struct {
	p     *Process
	topic string
	take  func(r *kgo.Record) error
	read  chan struct{} // closed when it has been read to its end
}

// releases follows mirador.deploys into log.
func (p *Process) releases(log *deploy.Log) *told {
	return p.told(schemas.TopicDeploys, func(r *kgo.Record) error {
		if r.Value == nil {
			tenant, id, _ := catalog.SplitKey(r.Key)
			log.Remove(tenant, id)
			return nil
		}
		m, err := deploy.Decode(r.Value)
		if err == nil && !log.Apply(m) {
			err = fmt.Errorf("release of %s: there are too many services (behavior.release.services)", m.Service)
		}
		return err
	})
}

// verdicts follows mirador.verdicts into said.
func (p *Process) verdicts(said *behavior.Verdicts) *told {
	return p.told(schemas.TopicVerdicts, func(r *kgo.Record) error {
		if r.Value == nil {
			tenant, id, _ := catalog.SplitKey(r.Key)
			said.Remove(tenant, id)
			return nil
		}
		v, err := risk.DecodeVerdict(r.Value)
		if err == nil && v.Detector == behavior.Name && !said.Apply(v) {
			err = fmt.Errorf("verdict on %s: there are too many (responder.max_verdicts)", v.Finding)
		}
		return err
	})
}

func (p *Process) told(topic string, take func(r *kgo.Record) error) *told {
	return &told{p: p, topic: topic, take: take, read: make(chan struct{})}
}

// after is run, once the topic was read.
func (t *told) after(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-t.read:
		case <-time.After(toldWait):
		case <-ctx.Done():
		}
		return run(ctx)
	}
}

// follow reads the topic until ctx ends. A record that cannot be taken is logged and
// passed over: it is advice.
func (t *told) follow(ctx context.Context) error {
	opts := append(t.p.kafka[:len(t.p.kafka):len(t.p.kafka)], kgo.ConsumeTopics(t.topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(time.Second))
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	log := t.p.Log.With("service", behavior.Name, "topic", t.topic)
	// Where the topic ends is asked once: who does not know it is quiet for a while.
	end := int64(-1)
	if ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, t.topic); err == nil {
		if o, ok := ends.Lookup(t.topic, 0); ok && o.Err == nil {
			end = o.Offset
		}
	}
	next, quiet := int64(0), false
	for done := false; ctx.Err() == nil; {
		if !done && (next == end || quiet) {
			done = true
			close(t.read)
		}
		pctx, cancel := context.WithTimeout(ctx, quietCatalog)
		fetches := cl.PollFetches(pctx)
		quiet = pctx.Err() != nil && fetches.NumRecords() == 0
		cancel()
		fetches.EachError(func(_ string, n int32, err error) {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				log.Warn("fetch", "partition", n, "error", err)
			}
		})
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if err := t.take(r); err != nil {
				log.Warn("record passed over", "offset", r.Offset, "error", err)
			}
		})
	}
	return nil
}
