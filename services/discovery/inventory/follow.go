package inventory

import (
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
)

// merger is what discovery's merger is.
type merger interface {
	detect.Merger
	detect.Flusher
	detect.Advancer
	detect.Stateful
}

// Follow has v take over what the mergers of f write to the catalog, for runs that
// have no topic to read it from. f must make mergers with all optional interfaces.
func Follow(f detect.MergerFactory, v *Inventory) detect.MergerFactory {
	return func(partition int32) detect.Merger { return &follower{f(partition).(merger), v} }
}

type follower struct {
	inner     merger
	inventory *Inventory
}

func (w *follower) Merge(p *detect.Partial, out *detect.Out) {
	n := len(out.Records)
	w.inner.Merge(p, out)
	w.take(out.Records[n:])
}

func (w *follower) Advance(watermark time.Time, out *detect.Out) {
	n := len(out.Records)
	w.inner.Advance(watermark, out)
	w.take(out.Records[n:])
}

func (w *follower) Flush(out *detect.Out) {
	n := len(out.Records)
	w.inner.Flush(out)
	w.take(out.Records[n:])
	w.inventory.Refresh()
}

func (w *follower) Snapshot(to io.Writer) error  { return w.inner.Snapshot(to) }
func (w *follower) Restore(from io.Reader) error { return w.inner.Restore(from) }

func (w *follower) take(records []detect.Record) {
	for i := range records {
		r := &records[i]
		if r.Topic != schemas.TopicCatalog {
			continue
		}
		if r.Value == nil {
			if tenant, id, ok := catalog.SplitKey(r.Key); ok {
				w.inventory.Remove(tenant, id)
			}
			continue
		}
		if e, err := catalog.DecodeEndpoint(r.Value); err == nil { // the merger encoded it
			w.inventory.Apply(e)
		}
	}
}
