package ship

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture/spool"
	"github.com/miradorhq/mirador/pkg/event"
)

// drain sends what is spooled, a block at a time, oldest first. A block is
// acknowledged when all of its events are. While Kafka is away the attempts
// themselves are what finds out that it is back.
func (s *Shipper) drain(ctx context.Context) {
	const idle, longest = 200 * time.Millisecond, 5 * time.Second
	pause := idle
	for {
		b, err := s.spool.Next()
		switch {
		case errors.Is(err, io.EOF):
			pause = idle
		case s.sendBlock(ctx, b):
			pause = 0
		default:
			pause = min(max(2*pause, idle), longest)
		}
		if pause == 0 && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// sendBlock says whether the whole block is done with. Its events stay
// "spooled" in the counters until then: one that was sent and then is sent again
// is one event.
func (s *Shipper) sendBlock(ctx context.Context, b *spool.Block) bool {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		failed   error
		rejected int
		damaged  int
	)
	for _, data := range b.Records {
		var e event.Event
		if err := event.Decode(data, &e); err != nil {
			damaged++ // the checksum held, so this was written by something else
			s.complain("ship: a spooled record is no event", err)
			continue
		}
		e.Flags |= event.Replayed
		r := &kgo.Record{Topic: topic, Key: e.Key(), Value: event.Encode(nil, &e)}
		wg.Add(1)
		// Not ctx: a record under way is waited for, as the client would fail it
		// though it may arrive.
		s.client.TryProduce(context.Background(), r, func(_ *kgo.Record, err error) {
			defer wg.Done()
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if refused(err) {
				rejected++
				return
			}
			failed = err
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		return false // what is left returns when the client closes; the block stays
	}
	if failed != nil {
		if !errors.Is(failed, kgo.ErrMaxBuffered) {
			s.fail(failed)
		}
		return false
	}
	s.up()
	counted, err := s.spool.Ack(b)
	if err != nil {
		s.complain("ship: the spool's cursor cannot be written; after a crash some events are sent twice", err)
	}
	if !counted {
		return true // a cap dropped them meanwhile: they stand under that in the counters
	}
	s.ledger.move(spooled, shipped, len(b.Records)-rejected-damaged)
	s.ledger.drop(spooled, DropRejected, rejected)
	s.ledger.drop(spooled, spool.LostCorrupt, damaged)
	return true
}
