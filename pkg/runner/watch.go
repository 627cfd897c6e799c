package runner

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// standing is where one partition stands. The loop sets it, the watch reads it.
type standing struct {
	id int32
	// position is the next offset to process, settled the next to be committed,
	// broker the last record's time (ns).
	position, settled, broker atomic.Int64
}

func (s *standing) set(position, settled int64, broker time.Time) {
	s.position.Store(position)
	s.settled.Store(settled)
	if !broker.IsZero() {
		s.broker.Store(broker.UnixNano())
	}
}

// watch asks the brokers, beside the loop, where the partitions end: for lag,
// for idleness, and for health, which must turn red also when the loop hangs.
type watch struct {
	s     *Stage
	plain *kgo.Client
	owned atomic.Pointer[[]*standing]

	mu sync.Mutex
	at time.Time
	m  map[int32]int64
}

func newWatch(s *Stage, plain *kgo.Client) *watch {
	w := &watch{s: s, plain: plain}
	w.own(nil)
	return w
}

// own says which partitions are this member's. The gauges of others go: their
// lag is told by who has them.
func (w *watch) own(list []*standing) {
	before := w.owned.Swap(&list)
	if before == nil {
		return
	}
	m := w.s.metrics
	for _, old := range *before {
		if !slices.ContainsFunc(list, func(s *standing) bool { return s.id == old.id }) {
			label := strconv.Itoa(int(old.id))
			m.all.lag.DeleteLabelValues(m.stage, label)
			m.all.seconds.DeleteLabelValues(m.stage, label)
			m.all.state.DeleteLabelValues(m.stage, label)
		}
	}
}

// ends are the ends of the partitions and when they were asked for. The map must
// not be changed.
func (w *watch) ends() (time.Time, map[int32]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at, w.m
}

func (w *watch) run(ctx context.Context) {
	o := &w.s.opts
	every := max(min(o.IdleAdvance/2, o.StallAfter/4, 5*time.Second), 10*time.Millisecond)
	adm := kadm.NewClient(w.plain)
	var sum int64
	progress, answered := time.Now(), time.Now()
	for {
		asked := time.Now()
		actx, cancel := context.WithTimeout(ctx, askTimeout)
		got, err := adm.ListCommittedOffsets(actx, w.s.topic)
		cancel()
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if err == nil {
			err = got.Error()
		}
		switch {
		case err == nil:
			answered = now
			lag, position := w.measure(got, asked)
			if lag == 0 || position != sum {
				sum, progress = position, now
			}
			if stall := now.Sub(progress); stall > o.StallAfter {
				w.s.vitals.report(stalled, fmt.Sprintf("%d records are waiting and none was committed for %v", lag, stall.Round(time.Second)))
			} else {
				w.s.vitals.report(stalled, "")
			}
		case now.Sub(answered) > o.StallAfter:
			w.s.vitals.report(stalled, fmt.Sprintf("kafka at %s does not answer: %v", w.s.brokers, err))
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

// measure publishes lag and gives its sum over the partitions owned, with a
// number that changes when any of them goes on.
func (w *watch) measure(got kadm.ListedOffsets, asked time.Time) (lag, progress int64) {
	ends := map[int32]int64{}
	got.Each(func(o kadm.ListedOffset) { ends[o.Partition] = o.Offset })
	w.mu.Lock()
	w.at, w.m = asked, ends
	w.mu.Unlock()
	m := w.s.metrics
	for _, p := range *w.owned.Load() {
		at, settled := p.position.Load(), p.settled.Load()
		behind := max(0, ends[p.id]-at)
		label := strconv.Itoa(int(p.id))
		m.all.lag.WithLabelValues(m.stage, label).Set(float64(behind))
		m.all.seconds.WithLabelValues(m.stage, label).Set(age(asked, behind, p.broker.Load()))
		lag += max(0, ends[p.id]-settled)
		// Replay is behind settled and counts as going on; what is processed and
		// never committed does not.
		progress += min(at, settled) + settled
	}
	return lag, progress
}

// age is how old the last record is, in seconds, where more are waiting.
func age(now time.Time, behind, broker int64) float64 {
	if behind <= 0 || broker == 0 {
		return 0
	}
	return max(0, now.Sub(time.Unix(0, broker)).Seconds())
}
