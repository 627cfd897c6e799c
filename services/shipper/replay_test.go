package shipper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/capture/ship"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/transcript"
)

// tape is a source with these times.
type tape struct {
	at []int64
	i  int
}

func (f *tape) Next() (*event.Event, transcript.Meta, error) {
	if f.i >= len(f.at) {
		return nil, transcript.Meta{}, io.EOF
	}
	f.i++
	if t := f.at[f.i-1]; t >= 0 {
		return &event.Event{RequestTime: t, ResponseTime: t + 5}, transcript.Meta{Line: f.i}, nil
	}
	return nil, transcript.Meta{}, &transcript.LineError{Line: f.i, Err: transcript.ErrMalformed}
}

func TestReplayPace(t *testing.T) {
	sec := int64(time.Second)
	f := func(speed float64, restamp bool, gap time.Duration, want string) {
		t.Helper()
		now := time.Unix(1000, 0)
		var slept []time.Duration
		o := ReplayOptions{Speed: speed, Restamp: restamp, MaxGap: gap, now: func() time.Time { return now }, sleep: func(_ context.Context, d time.Duration) error {
			slept = append(slept, d)
			now = now.Add(d)
			return nil
		}}
		full := 2 // the third event finds the queue full twice
		var sent []*event.Event
		got, err := Replay(context.Background(), &tape{at: []int64{10 * sec, 12 * sec, -1, 11 * sec, 22 * sec}}, func(e *event.Event) error {
			if len(sent) == 2 && full > 0 {
				full--
				return ship.ErrFull
			}
			sent = append(sent, e)
			return nil
		}, o)
		if err != nil || got.Sent != 4 || got.Bad != 1 || fmt.Sprint(slept) != want || !got.Last.Equal(time.Unix(22, 0)) {
			t.Errorf("speed %v: %+v %v slept %v", speed, got, err, slept)
		}
		for _, e := range sent {
			if e.Has(event.Replayed) == restamp || restamp != (e.RequestTime >= 1000*sec) || e.Duration() != 5 {
				t.Errorf("flags %d time %d took %v", e.Flags, e.RequestTime, e.Duration())
			}
		}
	}
	f(0, false, 0, "[1ms 2ms]")
	f(1, false, 0, "[2s 1ms 2ms 9.997s]")
	f(4, true, 0, "[500ms 1ms 2ms 2.497s]")
	f(1, false, time.Second, "[1s 1ms 2ms 997ms]")
	if _, err := Replay(context.Background(), &tape{}, nil, ReplayOptions{Speed: -1}); err == nil {
		t.Error("a negative speed")
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Replay(stopped, &tape{at: []int64{1}}, nil, ReplayOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestReplayOfStrictReaderEnds(t *testing.T) {
	b, err := transcript.Inspecting(capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for strict, want := range map[bool]int{true: 1, false: 2} {
		r, err := transcript.New(strings.NewReader(line(1)+"x\n"+line(2)), transcript.Config{Builder: b, Strict: strict})
		if err != nil {
			t.Fatal(err)
		}
		var bad []error
		got, err := Replay(context.Background(), r, func(*event.Event) error { return nil }, ReplayOptions{Bad: func(err error) { bad = append(bad, err) }})
		if got.Sent != want || got.Bad != 1 || len(bad) != 1 || (err != nil) != strict {
			t.Fatalf("strict %v: %+v %v", strict, got, err)
		}
	}
}
