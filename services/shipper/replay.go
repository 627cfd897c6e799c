package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/transcript"
)

// Source gives recorded events in order; *transcript.Reader is one.
type Source interface {
	Next() (*event.Event, transcript.Meta, error)
}

// ReplayOptions say how to replay.
type ReplayOptions struct {
	// Speed is the factor to the recorded pace: 1 as recorded, 10 ten times faster,
	// 0 as fast as it goes.
	Speed float64
	// Restamp sets each event's time to the moment it is sent, and the response's
	// time after it as recorded; detectors then take it for live traffic. Without
	// it recorded times stay and the event carries event.Replayed.
	Restamp bool
	// Bad is told of each record that could not be read; nil ignores them.
	Bad func(error)
	// Progress is called after each event; nil calls nothing.
	Progress func(Replayed)
	// MaxGap bounds a pause that the recording holds (0: no bound), before Speed.
	MaxGap time.Duration

	now   func() time.Time
	sleep func(context.Context, time.Duration) error
}

// Replayed counts.
type Replayed struct {
	// Sent and Bad records; Last is the recorded time of the newest sent.
	Sent, Bad int
	Last      time.Time
}

// Replay sends what src holds through send until its end. send gives
// ship.ErrFull where it cannot take the event now: it is offered again.
func Replay(ctx context.Context, src Source, send func(*event.Event) error, o ReplayOptions) (Replayed, error) {
	var done Replayed
	if o.Speed < 0 {
		return done, fmt.Errorf("shipper: replay speed %v must not be negative", o.Speed)
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.sleep == nil {
		o.sleep = sleep
	}
	pace := pacer{o: o}
	var previous error
	for {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		e, _, err := src.Next()
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			again := previous != nil && errors.Is(err, previous)
			if !again {
				done.Bad++
				if o.Bad != nil {
					o.Bad(err)
				}
			}
			// Strict readers give the same error again, as the end.
			var bad *transcript.LineError
			if errors.As(err, &bad) && !again {
				previous = err
				continue
			}
			return done, err
		}
		recorded := e.RequestTime
		if err := pace.wait(ctx, recorded); err != nil {
			return done, err
		}
		restamp(e, o)
		if err := offer(ctx, e, send, o.sleep); err != nil {
			return done, err
		}
		done.Sent++
		if recorded > 0 {
			done.Last = time.Unix(0, recorded).UTC()
		}
		if o.Progress != nil {
			o.Progress(done)
		}
	}
}

// restamp sets the times and the flag. An event without a recorded time gets
// the present one either way: it must have one.
func restamp(e *event.Event, o ReplayOptions) {
	if !o.Restamp {
		e.Flags |= event.Replayed
		if e.RequestTime != 0 || e.ResponseTime != 0 {
			return
		}
	}
	took := e.Duration()
	e.RequestTime = o.now().UnixNano()
	e.ResponseTime = e.RequestTime + int64(took)
}

// offer waits for room: a file, unlike traffic, can wait.
func offer(ctx context.Context, e *event.Event, send func(*event.Event) error, sleep func(context.Context, time.Duration) error) error {
	pause := time.Millisecond
	for {
		err := send(e)
		if !errors.Is(err, ship.ErrFull) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, 100*time.Millisecond)
	}
}

// pacer keeps the recorded distances. Time that goes backwards in the file
// costs no pause.
type pacer struct {
	o       ReplayOptions
	last    int64     // newest recorded time
	due     time.Time // when an event of that time was to be sent
	started bool
}

func (p *pacer) wait(ctx context.Context, recorded int64) error {
	if p.o.Speed == 0 || recorded == 0 {
		return nil
	}
	if !p.started {
		p.started, p.last, p.due = true, recorded, p.o.now()
		return nil
	}
	if recorded <= p.last {
		return nil
	}
	gap := time.Duration(recorded - p.last)
	if p.o.MaxGap > 0 {
		gap = min(gap, p.o.MaxGap)
	}
	p.last = recorded
	p.due = p.due.Add(time.Duration(float64(gap) / p.o.Speed))
	if d := p.due.Sub(p.o.now()); d > 0 {
		return p.o.sleep(ctx, d)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
