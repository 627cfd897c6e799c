package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// table is what a sink writes to; it survives the sink.
type table struct {
	mu    sync.Mutex
	rows  map[string]string
	down  error
	tries int
}

type tableSink struct {
	t     *table
	batch map[string]string
}

func (s *tableSink) Append(r *kgo.Record, id [16]byte) error {
	if strings.HasPrefix(string(r.Value), "bad") {
		return errors.New("column x: not a number")
	}
	s.batch[fmt.Sprintf("%x/%d/%d", id, r.Partition, r.Offset)] = string(r.Value)
	return nil
}

func (s *tableSink) Size() (int, int) { return len(s.batch), 10 * len(s.batch) }

func (s *tableSink) Flush(context.Context) error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.t.tries++
	if s.t.down != nil {
		return s.t.down
	}
	for k, v := range s.batch {
		s.t.rows[k] = v
	}
	clear(s.batch)
	return nil
}

func (t *table) set(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.down = err
}

func (t *table) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rows)
}

func (b *bed) sinkStage(o Options, tb *table) *Stage {
	b.t.Helper()
	return must[*Stage](b.t)(NewSink(o, SinkStage{
		Name: "rows", Topic: schemas.TopicFindings,
		New: func() (Sink, error) { return &tableSink{t: tb, batch: map[string]string{}}, nil },
	}))
}

func (b *bed) findings(from, to int, value string) {
	for i := from; i < to; i++ {
		b.produce(&kgo.Record{Topic: b.prefix + "findings", Key: fmt.Appendf(nil, "%d", i), Value: fmt.Appendf(nil, "%s%d", value, i)})
	}
	b.flush()
}

func TestSinkWaitsForItsTable(t *testing.T) {
	b := newBed(t, 3)
	o := b.options("a")
	o.SinkInterval = o.CommitInterval
	tb := &table{rows: map[string]string{}, down: errors.New("connection refused")}
	s := b.sinkStage(o, tb)
	r := b.start(s)
	b.findings(0, 300, "ok")
	eventually(t, "health tells", func() bool { h := s.Health(); return !h.OK && strings.Contains(h.Reason, "connection refused") })
	b.findings(300, 500, "ok")
	if tb.len() != 0 {
		t.Fatal("rows in a table that is down")
	}
	tb.set(nil)
	eventually(t, "all rows", func() bool { return tb.len() == 500 })
	eventually(t, "health", func() bool { return s.Health().OK })
	r.stop()
	// What was committed is not read again.
	s = b.sinkStage(b.options("a"), tb)
	b.start(s)
	b.findings(500, 510, "ok")
	eventually(t, "the new rows", func() bool { return tb.len() == 510 })
	if got := value(t, s.metrics.records); got != 10 {
		t.Errorf("%v records read after the restart, want 10", got)
	}
}

func TestSinkKilledLosesNothing(t *testing.T) {
	b := newBed(t, 3)
	tb := &table{rows: map[string]string{}}
	for i := range 6 {
		o := b.options(fmt.Sprintf("m%d", i%2))
		o.SinkInterval = o.CommitInterval
		r := b.start(b.sinkStage(o, tb))
		b.findings(i*200, (i+1)*200, "ok")
		if i%2 == 0 {
			tb.set(errors.New("down"))
			r.stop() // its last delivery fails
			tb.set(nil)
		}
	}
	eventually(t, "all rows", func() bool { return tb.len() == 1200 })
}

func TestSinkPoisonGoesToTheDeadLetters(t *testing.T) {
	b := newBed(t, 1)
	o := b.options("a")
	o.SinkInterval = o.CommitInterval
	tb := &table{rows: map[string]string{}}
	b.start(b.sinkStage(o, tb))
	b.findings(0, 10, "ok")
	b.findings(10, 12, "bad")
	b.findings(12, 20, "ok")
	eventually(t, "the others", func() bool { return tb.len() == 18 })
	letters := b.read("dlq", atLeast(2))
	if e := must[dlq.Entry](t)(dlq.Decode(letters[0].Value)); e.Kind != dlq.Sink || e.Offset != 10 || !strings.Contains(e.Reason, "column x") {
		t.Errorf("%+v", e)
	}
}
