package runner

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/dlq"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
)

// LocalOptions say what a Local runs and who hears of it.
type LocalOptions struct {
	// Options: Matcher, Content, Workers, the settings of event time and of
	// deduplication, Logger and Registry are used; those of Kafka are not.
	Options Options
	// Partitions is how many of events and of partials there are; 1 for a file.
	Partitions int
	Detect     []DetectStage
	Read       []ReadStage
	Merge      []MergeStage
	// Finding and Record take what is put out, in order, and may be nil. Reject
	// hears of records on which a detector failed.
	Finding func(stage string, f finding.Finding)
	Record  func(stage string, r detect.Record)
	Reject  func(stage string, e dlq.Entry)
	// FlushEvery is after how many events Flush is called; the results must not
	// depend on it.
	FlushEvery int
	// FlushEach is how many events at the beginning are flushed one by one: what a
	// second stage says then is known to the event after it.
	FlushEach int
	// CloseAdvance is how far Close moves event time on, so that what waits for
	// quiet is said.
	CloseAdvance time.Duration
}

// Local runs stages over events in memory, with the very machines that Kafka
// stages run: the same preparation, deduplication, watermarks, flushes and
// merges. It is for one goroutine.
type Local struct {
	o       LocalOptions
	stages  []*localStage
	reads   []*localStage
	merges  []*localStage
	offsets []int64 // the next of every partition
	since   int     // events since the last flush
	fed     int
}

type localStage struct {
	l     *Local
	scope *scope
	kind  string // of a merge stage
	topic string // of a read stage
	build func(id int32) machine
	parts []*partition
	batch batch
	one   batch // for the partials of a merge stage
}

// NewLocal makes a Local. Zero fields of LocalOptions get the defaults of a
// file: one partition, a flush every 1000 events, an hour of quiet at the end.
func NewLocal(o LocalOptions) (*Local, error) {
	o.Partitions = max(o.Partitions, 1)
	if o.FlushEvery <= 0 {
		o.FlushEvery = 1000
	}
	if o.CloseAdvance <= 0 {
		o.CloseAdvance = time.Hour
	}
	if o.Options.Matcher == nil || o.Options.Logger == nil || o.Options.AdvanceStep <= 0 || o.Options.DedupWindow <= 0 || o.Options.DedupSensors <= 0 {
		return nil, errors.New("runner: a Local needs a matcher, a logger and the settings of event time: start from DefaultOptions")
	}
	l := &Local{o: o, offsets: make([]int64, o.Partitions)}
	service := o.Options.Service
	if service == "" {
		service = "local"
	}
	all, err := newMetrics(service, o.Options.Registry)
	if err != nil {
		return nil, fmt.Errorf("runner: metrics: %w", err)
	}
	add := func(name string, kinds []string, kind string, build func(int32) machine) *localStage {
		s := &localStage{l: l, kind: kind, build: build}
		s.scope = &scope{name: name, opts: &l.o.Options, kinds: kinds, log: o.Options.Logger.With("stage", name), metrics: all.stage(name)}
		for id := range int32(o.Partitions) {
			s.parts = append(s.parts, newPartition(id, s.scope, build(id), s, time.Time{}))
		}
		return s
	}
	for _, d := range o.Detect {
		l.stages = append(l.stages, add(d.Name, d.PartialKinds, "", func(id int32) machine {
			return newEventMachine(d.New(id), &l.o.Options, detect.Source{Topic: schemas.TopicEvents, Partition: id})
		}))
	}
	for _, d := range o.Read {
		s := add(d.Name, d.PartialKinds, "", func(id int32) machine {
			return newRecordMachine(d.New(id), &l.o.Options, detect.Source{Topic: d.Topic, Partition: id}, len(d.PartialKinds) > 0)
		})
		s.topic = d.Topic
		l.reads = append(l.reads, s)
	}
	for _, d := range o.Merge {
		l.merges = append(l.merges, add(d.Name, nil, d.Kind, func(id int32) machine {
			return newPartialMachine(d.New(id), d.Kind, o.Partitions)
		}))
	}
	return l, nil
}

// Feed takes one event; nothing of it is kept. brokerTime stands for the
// timestamp that a broker would have given; zero is the event's own time.
func (l *Local) Feed(e *event.Event, brokerTime time.Time) {
	l.FeedAll([]*event.Event{e}, func(int) time.Time { return brokerTime })
}

// FeedAll takes events in their order and prepares them in parallel. brokerTime
// gives the time of the i-th, and may be nil.
func (l *Local) FeedAll(es []*event.Event, brokerTime func(i int) time.Time) {
	for len(es) > 0 {
		every := l.o.FlushEvery
		if l.fed < l.o.FlushEach {
			every = 1
		}
		n := min(len(es), every-l.since)
		l.feed(es[:n], brokerTime)
		l.fed += n
		if l.since += n; l.since >= every {
			l.Flush()
		}
		if es = es[n:]; brokerTime != nil {
			next := brokerTime
			brokerTime = func(i int) time.Time { return next(i + n) }
		}
	}
}

func (l *Local) feed(es []*event.Event, brokerTime func(i int) time.Time) {
	for i, e := range es {
		at := time.Time{}
		if brokerTime != nil {
			at = brokerTime(i)
		}
		if at.IsZero() {
			at = e.Time()
		}
		id := spread(e.Key(), l.o.Partitions)
		for _, s := range l.stages {
			it := s.batch.add(s.parts[id])
			it.given, it.ev, it.offset, it.time = true, *e, l.offsets[id], at
		}
		l.offsets[id]++
	}
	for _, s := range l.stages {
		s.batch.prepare(max(l.o.Options.Workers, 1))
		for _, it := range s.batch.items[:s.batch.n] {
			it.p.apply(it)
			it.ev = event.Event{} // it lends from the caller
		}
		s.batch.clear()
	}
}

// Tell gives the read stages of topic a record; at stands for its broker's timestamp.
func (l *Local) Tell(topic string, key, value []byte, at time.Time) {
	for _, s := range l.reads {
		if s.topic != topic {
			continue
		}
		p := s.parts[spread(key, l.o.Partitions)]
		it := s.batch.add(p)
		it.offset, it.time, it.key, it.value = p.next, at, key, value
		s.batch.prepare(1)
		p.apply(it)
		s.batch.clear()
	}
	if l.since++; l.since >= l.o.FlushEvery {
		l.Flush()
	}
}

func spread(key []byte, n int) int32 {
	h := fnv.New32a()
	_, _ = h.Write(key) // a hash takes everything
	return int32(h.Sum32() % uint32(n))
}

// Flush has every detector put out what it gathered, then every merger: as often as
// there are mergers, for what one tells another must come out as well. One that was
// told nothing puts out nothing.
func (l *Local) Flush() {
	l.since = 0
	flush := func(stages []*localStage) {
		for _, s := range stages {
			for _, p := range s.parts {
				p.flush()
			}
		}
	}
	flush(l.stages)
	flush(l.reads)
	for range l.merges {
		flush(l.merges)
	}
}

// Idle moves event time on to t, as the clock does where no record comes.
func (l *Local) Idle(t time.Time) {
	l.Flush()
	for _, s := range slices.Concat(l.stages, l.reads) {
		for _, p := range s.parts {
			p.idle(t.UnixNano())
		}
	}
	l.Flush()
}

// Close moves event time on to the end and flushes. Feed must not follow.
func (l *Local) Close() {
	l.Flush()
	var newest int64
	for _, s := range slices.Concat(l.stages, l.reads) {
		for _, p := range s.parts {
			newest = max(newest, p.watermark)
		}
	}
	l.Idle(time.Unix(0, newest+int64(l.o.Options.Lateness+l.o.CloseAdvance)))
}

// Restart takes a snapshot of every partition and puts new machines, restored
// from it, in the place of the old: what a process does that was stopped.
func (l *Local) Restart() error {
	l.Flush()
	for _, s := range slices.Concat(l.stages, l.reads, l.merges) {
		for i, p := range s.parts {
			state, err := p.state()
			if err != nil {
				return err
			}
			q := newPartition(p.id, s.scope, s.build(p.id), s, time.Time{})
			if err := q.restore(state, nil); err != nil {
				return err
			}
			q.next, q.live = p.next, p.next
			q.goLive()
			s.parts[i] = q
		}
	}
	return nil
}

func (s *localStage) emit(p *partition, out *detect.Out) {
	m, o := s.scope.metrics, &s.l.o
	for _, f := range out.Findings {
		m.findings.Inc()
		if o.Finding != nil {
			o.Finding(s.scope.name, f)
		}
	}
	for _, r := range out.Records {
		m.outputs.Inc()
		if o.Record != nil {
			o.Record(s.scope.name, r)
		}
	}
	for i := range out.Partials {
		m.partials.Inc()
		q := &out.Partials[i]
		if q.Everywhere {
			for id := range int32(o.Partitions) {
				s.l.merge(id, *q)
			}
			continue
		}
		s.l.merge(spread(q.Key(), o.Partitions), *q)
	}
}

func (s *localStage) broadcast(p *partition, watermark int64) {
	for _, k := range s.scope.kinds {
		for id := range int32(s.l.o.Partitions) {
			s.l.merge(id, detect.Partial{Kind: k, Source: p.id, Watermark: watermark})
		}
	}
}

func (l *Local) merge(id int32, q detect.Partial) {
	for _, s := range l.merges {
		if s.kind != q.Kind {
			continue
		}
		p := s.parts[id]
		s.one.clear()
		it := s.one.add(p)
		it.given, it.partial, it.offset, it.kind = true, q, p.next, q.Kind
		it.time = time.Unix(0, q.Watermark).UTC()
		s.one.prepare(1)
		p.apply(it)
	}
}

func (s *localStage) reject(p *partition, it *item, kind, reason string) {
	if s.l.o.Reject != nil {
		s.l.o.Reject(s.scope.name, dlq.Entry{
			Stage: s.scope.name, Partition: p.id, Offset: it.offset, Time: it.time, Kind: kind, Reason: reason,
		})
	}
}
