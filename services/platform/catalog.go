package platform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// quietCatalog is how long the catalog's topic sends nothing before it is taken for
// read, and how often the inventory's indexes are built anew while it does.
const quietCatalog = 2 * time.Second

// followCatalog keeps the process's live catalog and its inventory as
// mirador.catalog has it. A record that does not decode is logged and passed over:
// the catalog is advice, and without it the lexer's template stands.
func (p *Process) followCatalog(ctx context.Context) error {
	opts := append(p.kafka[:len(p.kafka):len(p.kafka)], kgo.ConsumeTopics(schemas.TopicCatalog),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(time.Second))
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer cl.Close()
	read := false
	for refreshed := time.Now(); ctx.Err() == nil; {
		pctx, cancel := context.WithTimeout(ctx, quietCatalog)
		fetches := cl.PollFetches(pctx)
		quiet := pctx.Err() != nil && fetches.NumRecords() == 0
		cancel()
		fetches.EachError(func(t string, n int32, err error) {
			if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
				p.Log.Warn("catalog: fetch", "topic", t, "partition", n, "error", err)
			}
		})
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Value == nil {
				if tenant, id, ok := catalog.SplitKey(r.Key); ok {
					p.live.Remove(id)
					p.inventory.Remove(tenant, id)
				}
				return
			}
			e, err := catalog.DecodeEndpoint(r.Value)
			if err != nil {
				p.Log.Warn("catalog: record passed over", "offset", r.Offset, "error", err)
				return
			}
			p.live.Apply(e)
			p.inventory.Apply(e)
		})
		if quiet || time.Since(refreshed) > quietCatalog {
			p.inventory.Refresh()
			refreshed = time.Now()
		}
		if quiet && !read {
			read = true
			close(p.caughtUp)
		}
	}
	return nil
}
