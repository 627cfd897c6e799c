package ship

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
)

// parcel is a record under way. Parcels are reused: the client keeps no record
// after its promise.
type parcel struct {
	shipper *Shipper
	record  kgo.Record
	value   []byte
	key     []byte
	size    int
	done    func(*kgo.Record, error)
}

// work is the one goroutine that takes from the ring. It waits for a Kafka that
// is slow, never for one that is away; on the disk it waits only for the spool.
func (s *Shipper) work() {
	defer close(s.drained)
	var spare []item
	flush := time.NewTicker(s.cfg.SpoolFlush)
	defer flush.Stop()
	stop := s.stop
	for {
		items := s.ring.take(spare)
		for i := range items {
			s.send(&items[i])
			s.ring.release(items[i].size)
		}
		spare = items
		s.settle()
		if len(items) > 0 {
			continue
		}
		if stop == nil {
			return
		}
		select {
		case <-s.ring.wake:
		case <-stop:
			stop = nil // take once more what came in before the ring closed
		case <-flush.C:
			if s.spool != nil {
				_ = s.spool.Flush() // the spool counted and said what went wrong
			}
		}
	}
}

// send builds and encodes one event and hands it to the client or the spool.
func (s *Shipper) send(it *item) {
	p := s.parcels.Get().(*parcel)
	ok, reason := s.encode(it, p)
	if !ok {
		s.ledger.drop(queued, reason, 1)
		s.parcels.Put(p)
		return
	}
	if s.spool != nil && s.down.Load() {
		s.ledger.move(queued, spooled, 1)
		_ = s.spool.Append(p.value) // likewise
		s.parcels.Put(p)
		return
	}
	p.size = len(p.key) + len(p.value)
	if !s.room(int64(p.size)) {
		s.ledger.move(queued, spooled, 1)
		_ = s.spool.Append(p.value)
		s.parcels.Put(p)
		return
	}
	s.ledger.move(queued, inFlight, 1)
	s.flight.Add(1)
	s.flying.Add(int64(p.size))
	p.record = kgo.Record{Topic: topic, Key: p.key, Value: p.value}
	s.client.TryProduce(context.Background(), &p.record, p.done)
}

// room waits until the client may hold n bytes more. A broker that is merely
// slower than a burst is waited for: that is what the ring is there for, and
// an event that went through the spool is late. False says to spool instead:
// Kafka is away, the ring is half full, or the time to close is over.
func (s *Shipper) room(n int64) bool {
	for s.flying.Load()+n > int64(s.cfg.BufferBytes) && s.flying.Load() > 0 {
		closing := s.deadline() // nil, and so never ready, until Close
		select {
		case <-closing:
			return s.spool == nil // the client closes next, and the event is counted
		default:
		}
		if s.spool != nil {
			if s.down.Load() {
				return false
			}
			if held, budget := s.ring.fill(); held > budget/2 {
				return false
			}
		}
		select {
		case <-s.space:
		case <-closing:
		case <-time.After(50 * time.Millisecond): // Kafka may have gone away, or the ring filled up
		}
	}
	return true
}

func (s *Shipper) deadline() <-chan struct{} {
	if d := s.until.Load(); d != nil {
		return *d
	}
	return nil
}

// encode leaves the wire form in p.value and the key in p.key.
func (s *Shipper) encode(it *item, p *parcel) (ok bool, reason string) {
	defer func() {
		if r := recover(); r != nil {
			// An event that breaks the builder must not stop all the others.
			s.log.Error("ship: building an event panicked, it is dropped", "panic", r)
			ok, reason = false, DropPanic
		}
	}()
	e := it.sealed
	if e == nil {
		e = s.builder.Build(it.raw)
	}
	if e.ID == ([16]byte{}) {
		e.ID = capture.NewID(e.Time())
	}
	e.Sensor, e.Boot, e.Sequence = s.sensor, s.boot, it.seq
	p.value = event.Encode(p.value[:0], e)
	if len(p.value) > s.cfg.EventBytes {
		capture.StripBodies(e)
		s.builder.Limits().Oversize.Add(1)
		if p.value = event.Encode(p.value[:0], e); len(p.value) > s.cfg.EventBytes {
			return false, DropOversize
		}
	}
	p.key = append(p.key[:0], e.Key()...)
	return true, ""
}

// delivered is the promise of a parcel. It runs in the client's goroutine, so it
// does nothing that may wait.
func (p *parcel) delivered(_ *kgo.Record, err error) {
	s := p.shipper
	defer s.flight.Done()
	s.flying.Add(-int64(p.size))
	select {
	case s.space <- struct{}{}:
	default:
	}
	switch {
	case err == nil:
		s.ledger.move(inFlight, shipped, 1)
		s.up()
	case refused(err):
		s.ledger.drop(inFlight, DropRejected, 1)
		s.complain("ship: an event was refused and is dropped", err)
	default:
		if !errors.Is(err, kgo.ErrMaxBuffered) && !errors.Is(err, kgo.ErrClientClosed) {
			s.fail(err) // a full buffer is not yet a broker that is away
		}
		if s.spool == nil {
			s.ledger.drop(inFlight, DropKafka, 1)
			break
		}
		s.mu.Lock()
		s.returned = append(s.returned, p)
		s.mu.Unlock()
		s.ring.signal()
		return
	}
	s.parcels.Put(p)
}

// settle spools the deliveries that failed.
func (s *Shipper) settle() {
	s.mu.Lock()
	back := s.returned
	s.returned = nil
	s.mu.Unlock()
	for _, p := range back {
		s.ledger.move(inFlight, spooled, 1)
		_ = s.spool.Append(p.value)
		s.parcels.Put(p)
	}
}

// refused says whether the record itself is what is wrong: to send it again is
// of no use.
func refused(err error) bool {
	return errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord) ||
		errors.Is(err, kerr.CorruptMessage) || errors.Is(err, kerr.InvalidTimestamp)
}

func (s *Shipper) up() {
	if s.down.Load() && s.down.CompareAndSwap(true, false) {
		s.log.Info("ship: Kafka takes events again")
	}
}

func (s *Shipper) fail(err error) {
	s.mu.Lock()
	s.lastErr = err
	s.mu.Unlock()
	if s.down.CompareAndSwap(false, true) {
		where := "they are dropped, for no spool folder is configured"
		if s.spool != nil {
			where = "they go to " + s.cfg.Spool.Dir
		}
		s.log.Error("ship: Kafka does not take events; "+where, "brokers", s.client.OptValue(kgo.SeedBrokers), "error", err)
	}
}

// complain says an error at most once in ten seconds.
func (s *Shipper) complain(msg string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.nagged) >= 10*time.Second {
		s.nagged = now
		s.log.Error(msg, "error", err)
	}
}
