package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// DetectStage runs a Detector a partition over mirador.events.
type DetectStage struct {
	// Name is the stage's: of its group, its transactions and its snapshots. To
	// change it is to begin anew.
	Name string
	New  detect.Factory
	// PartialKinds are the kinds of partial it puts out: the second stages of these
	// are told its watermarks.
	PartialKinds []string
}

// MergeStage runs a Merger a partition over the partials of Kind.
type MergeStage struct {
	Name, Kind string
	New        detect.MergerFactory
}

// Stage is a consumer group at work. Make one with NewDetect, NewMerge or
// NewSink; Run it once.
type Stage struct {
	name, group, topic string
	opts               Options
	scope              *scope
	log                *slog.Logger
	metrics            *stageMetrics
	vitals             *vitals
	// session does the work until ctx ends or something breaks that only a new
	// session mends.
	session func(ctx context.Context) error
	// build makes the machine of a partition.
	build   func(id int32, in *intake) machine
	hooks   hooks
	brokers string
}

// hooks let the package's tests break things.
type hooks struct {
	abort func() bool     // end this transaction with an abort
	kill  <-chan struct{} // leave without a word, as a killed process does
}

// ErrPoison is wrapped by the error of a stage most of whose records do not
// decode; errKilled ends a session in a test.
var (
	ErrPoison = errors.New("runner: too many records do not decode")
	errKilled = errors.New("runner: killed")
)

// intake is what a stage learned of its source when it connected.
type intake struct {
	topicID    [16]byte
	partitions int32 // of the source topic
	sources    int32 // partitions of mirador.events
	partials   int32 // partitions of mirador.partials
}

// NewDetect makes a detect stage.
func NewDetect(o Options, d DetectStage) (*Stage, error) {
	s, err := newStage(o, d.Name, schemas.TopicEvents, d.PartialKinds)
	if err != nil {
		return nil, err
	}
	if o.Matcher == nil || d.New == nil {
		return nil, fmt.Errorf("runner: stage %s: a matcher and a factory are required", d.Name)
	}
	s.session = s.transact
	s.build = func(id int32, in *intake) machine {
		return newEventMachine(d.New(id), &s.opts, detect.Source{Topic: s.topic, TopicID: in.topicID, Partition: id})
	}
	return s, nil
}

// ReadStage runs a Reader a partition over Topic.
type ReadStage struct {
	Name, Topic string
	New         detect.ReaderFactory
	// PartialKinds are the kinds of partial whose second stages are told its watermarks:
	// no other stage may tell them any, and Topic must have as many partitions as
	// mirador.events.
	PartialKinds []string
}

// NewRead makes a read stage.
func NewRead(o Options, d ReadStage) (*Stage, error) {
	if d.Topic == "" || d.New == nil {
		return nil, fmt.Errorf("runner: stage %s: a topic and a factory are required", d.Name)
	}
	s, err := newStage(o, d.Name, d.Topic, d.PartialKinds)
	if err != nil {
		return nil, err
	}
	s.session = s.transact
	s.build = func(id int32, in *intake) machine {
		return newRecordMachine(d.New(id), &s.opts, detect.Source{Topic: s.topic, TopicID: in.topicID, Partition: id}, len(d.PartialKinds) > 0)
	}
	return s, nil
}

// NewMerge makes a merge stage.
func NewMerge(o Options, d MergeStage) (*Stage, error) {
	s, err := newStage(o, d.Name, schemas.TopicPartials, nil)
	if err != nil {
		return nil, err
	}
	if d.Kind == "" || d.New == nil {
		return nil, fmt.Errorf("runner: stage %s: a kind and a factory are required", d.Name)
	}
	s.session = s.transact
	s.build = func(id int32, in *intake) machine { return newPartialMachine(d.New(id), d.Kind, int(in.sources)) }
	return s, nil
}

func newStage(o Options, name, topic string, kinds []string) (*Stage, error) {
	err := o.Validate()
	if name == "" || strings.ContainsAny(name, "| ") {
		err = errors.Join(err, fmt.Errorf("runner: stage %q: the name must be set, without '|' and blanks", name))
	}
	if err != nil {
		return nil, err
	}
	all, err := newMetrics(o.Service, o.Registry)
	if err != nil {
		return nil, fmt.Errorf("runner: stage %s: metrics: %w", name, err)
	}
	s := &Stage{name: name, group: o.Topic(defaultPrefix + name), topic: o.Topic(topic), opts: o}
	s.log = o.Logger.With("stage", name)
	s.metrics = all.stage(name)
	s.vitals = newVitals(s.metrics)
	s.scope = &scope{name: name, opts: &s.opts, kinds: kinds, log: s.log, metrics: s.metrics}
	return s, nil
}

// Name is the stage's name.
func (s *Stage) Name() string { return s.name }

// Health is safe for concurrent use.
func (s *Stage) Health() Health { return s.vitals.get() }

// Run works until ctx ends, drains within DrainTimeout and returns nil. What
// breaks on the way is logged, shown by Health and tried again with a growing
// pause: Run does not return for it.
func (s *Stage) Run(ctx context.Context) error {
	pause := s.opts.BackoffMin
	for {
		begun := time.Now()
		s.metrics.sessions.Inc()
		err := s.session(ctx)
		if ctx.Err() != nil || errors.Is(err, errKilled) {
			s.vitals.report(down, "stopped")
			if err != nil && !errors.Is(err, errKilled) && !errors.Is(err, context.Canceled) {
				s.log.Warn("stopped without a last commit; the next start takes up from the one before", "error", err)
			}
			return nil
		}
		if time.Since(begun) > 4*s.opts.BackoffMax {
			pause = s.opts.BackoffMin
		}
		wait := pause/2 + rand.N(pause/2+1)
		s.vitals.report(down, err.Error())
		s.log.Error("stage is interrupted", "error", err, "again_in", wait)
		pause = min(2*pause, s.opts.BackoffMax)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// connect makes a plain client, checks that the brokers answer and reads what a
// session must know of its topic and the others named. The caller closes it.
func (s *Stage) connect(ctx context.Context, others ...string) (*kgo.Client, *intake, error) {
	cl, err := kgo.NewClient(append(s.opts.Kafka[:len(s.opts.Kafka):len(s.opts.Kafka)], kgo.WithLogger(s.clientLog()))...)
	if err != nil {
		return nil, nil, fmt.Errorf("kafka options: %w", err)
	}
	s.brokers = seeds(cl)
	in, err := s.look(ctx, cl, others)
	if err != nil {
		cl.Close()
		return nil, nil, err
	}
	return cl, in, nil
}

const askTimeout = 5 * time.Second

func (s *Stage) look(ctx context.Context, cl *kgo.Client, others []string) (*intake, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	names := []string{s.topic}
	for _, n := range others {
		names = append(names, s.opts.Topic(n))
	}
	topics, err := kadm.NewClient(cl).ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("kafka at %s does not answer: is it running, and is the address right? %w", s.brokers, err)
	}
	for _, n := range names {
		if t, ok := topics[n]; !ok || t.Err != nil || len(t.Partitions) == 0 {
			return nil, fmt.Errorf("topic %s is not there: create the topics first: %w", n, errors.Join(errMissing, t.Err))
		}
	}
	t := topics[s.topic]
	return &intake{
		topicID: t.ID, partitions: int32(len(t.Partitions)),
		sources:  int32(len(topics[s.opts.Topic(schemas.TopicEvents)].Partitions)),
		partials: int32(len(topics[s.opts.Topic(schemas.TopicPartials)].Partitions)),
	}, nil
}

func seeds(cl *kgo.Client) string {
	v, _ := cl.OptValue(kgo.SeedBrokers).([]string)
	return strings.Join(v, ",")
}

// clientLog passes on what the client has to say, at warnings and above: its
// info is a line a request.
func (s *Stage) clientLog() kgo.Logger { return clientLogger{s.log} }

type clientLogger struct{ log *slog.Logger }

func (clientLogger) Level() kgo.LogLevel { return kgo.LogLevelWarn }

func (c clientLogger) Log(level kgo.LogLevel, msg string, args ...any) {
	if level <= kgo.LogLevelWarn {
		c.log.Debug("kafka client: "+msg, args...)
	}
}
