package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// releasesWait is how long detection waits at its start for what was released, so that a
// restart does not forget it for a moment. It never waits for a broker that is away: the
// stages do that themselves.
const releasesWait = 10 * time.Second

// releaseLog keeps what was released as mirador.deploys has it.
type releaseLog struct {
	p    *Process
	log  *deploy.Log
	read chan struct{} // closed when it has been read to its end
}

func (p *Process) newReleaseLog() *releaseLog {
	return &releaseLog{p: p, log: deploy.NewLog(p.Config.Behavior.Release.Services), read: make(chan struct{})}
}

// after is run, once the log was read.
func (r *releaseLog) after(run func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-r.read:
		case <-time.After(releasesWait):
		case <-ctx.Done():
		}
		return run(ctx)
	}
}

// follow reads the topic until ctx ends. A record that does not decode is logged and
// passed over: it is advice.
func (r *releaseLog) follow(ctx context.Context) error {
	opts := append(r.p.kafka[:len(r.p.kafka):len(r.p.kafka)], kgo.ConsumeTopics(schemas.TopicDeploys),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(time.Second))
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	log := r.p.Log.With("service", "behavior")
	// Where the topic ends is asked once: who does not know it is quiet for a while.
	end := int64(-1)
	if ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, schemas.TopicDeploys); err == nil {
		if o, ok := ends.Lookup(schemas.TopicDeploys, 0); ok && o.Err == nil {
			end = o.Offset
		}
	}
	next := int64(0)
	for done := false; ctx.Err() == nil; {
		if next == end && !done {
			done = true
			close(r.read)
		}
		pctx, cancel := context.WithTimeout(ctx, quietCatalog)
		fetches := cl.PollFetches(pctx)
		quiet := pctx.Err() != nil && fetches.NumRecords() == 0
		cancel()
		fetches.EachError(func(t string, n int32, err error) {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				log.Warn("releases: fetch", "topic", t, "partition", n, "error", err)
			}
		})
		fetches.EachRecord(func(rec *kgo.Record) {
			next = rec.Offset + 1
			if rec.Value == nil {
				if tenant, id, ok := catalog.SplitKey(rec.Key); ok {
					r.log.Remove(tenant, id)
				}
				return
			}
			m, err := deploy.Decode(rec.Value)
			if err != nil {
				log.Warn("releases: record passed over", "offset", rec.Offset, "error", err)
				return
			}
			if !r.log.Apply(m) {
				log.Warn("releases: left out, there are too many services (behavior.release.services)", "service", m.Service)
			}
		})
		if quiet && !done {
			done = true
			close(r.read)
		}
	}
	return nil
}
