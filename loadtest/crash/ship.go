package crash

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ship publishes the transactions at their event times and waits until the
// broker has all of them.
func (c *Cluster) ship(ctx context.Context, list []traffic.Transaction) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.Kafka.Brokers()...), kgo.ProducerLinger(2*time.Millisecond), kgo.RecordDeliveryTimeout(2*time.Minute), kgo.MaxBufferedRecords(len(list)+1))
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed atomic.Pointer[error]
	for i := range list {
		e := list[i].Event
		if d := time.Until(e.Time()); d > 0 {
			wait(ctx, d)
		}
		cl.Produce(ctx, &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, e)}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return fmt.Errorf("the load itself was lost: %w", *err)
	}
	return nil
}
