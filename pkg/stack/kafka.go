package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// KafkaOptions says which broker is wanted. The zero value takes the first way that
// this machine offers, on a free port, with nothing kept.
type KafkaOptions struct {
	// Kind is TookGiven, TookDocker, TookJava or TookKFake. Empty takes given brokers, else
	// Docker, else Java, else kfake, and says why it came to that.
	Kind    Took
	Brokers []string  // seeds of a cluster that somebody runs; empty: EnvKafkaBrokers
	Client  []kgo.Opt // TLS, SASL of a given cluster, for the ready check
	// Dir is the data folder, one broker at a time. Empty: a temporary one, removed by
	// Close; for kfake memory, and then Restart forgets and so is refused.
	Dir        string
	CacheDir   string        // fetched parts; empty: EnvCacheDir, else mirador in the user's cache folder
	Port       int           // 0: a free one
	Partitions int           // of topics created without a number; 0: 4
	HeapMB     int           // of the Java broker, MiB; 0: 512
	JavaArgs   []string      // more arguments of the JVM; -XX:TieredStopAtLevel=1 halves the CPU of a start
	Ready      time.Duration // longest wait for the first answer of a run; 0: 60 s
	Logger     *slog.Logger  // nil: silent
	Progress   func(string)  // told about slow steps, from the calling goroutine; may be nil
}

// Kafka is a running broker or a given cluster. Its methods may be called from
// several goroutines.
type Kafka struct {
	// Took says which way was taken. It does not change.
	Took Took

	brokers []string
	client  []kgo.Opt
	dir     string
	temp    bool
	ready   time.Duration

	mu     sync.Mutex // held during Close, Kill and Restart: one at a time
	part   part       // nil for TookGiven
	closed bool
}

// StartKafka starts a broker, or connects to a cluster, and returns when it answers.
// Fetching the Java one the first time takes as long as the network does; bound it by
// ctx. ctx does not end the broker later: Close does.
func StartKafka(ctx context.Context, o KafkaOptions) (*Kafka, error) {
	if o.Partitions == 0 {
		o.Partitions = 4
	}
	if o.HeapMB == 0 {
		o.HeapMB = 512
	}
	if o.Ready == 0 {
		o.Ready = time.Minute
	}
	say := newAnnouncer(o.Logger, o.Progress)
	if len(o.Brokers) == 0 && (o.Kind == "" || o.Kind == TookGiven) {
		o.Brokers = splitList(os.Getenv(EnvKafkaBrokers))
	}
	switch {
	case o.Kind == TookGiven, o.Kind == "" && len(o.Brokers) > 0:
		return givenKafka(ctx, o, say)
	case o.Kind != "":
		return startKafka(ctx, o.Kind, o, say)
	}
	kinds := []Took{TookJava, TookKFake}
	if dockerAnswers(ctx) {
		kinds = []Took{TookDocker, TookJava, TookKFake}
	}
	var errs []error
	for _, kind := range kinds {
		if len(errs) > 0 {
			say.say("%v; trying %s", errs[len(errs)-1], kind)
		}
		if kind == TookKFake {
			say.say("taking kfake in place of a real broker: it is for trying, not for keeping (set %s to a real one)", EnvKafkaBrokers)
		}
		k, err := startKafka(ctx, kind, o, say)
		if err == nil {
			return k, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func splitList(s string) []string {
	var out []string
	for f := range strings.SplitSeq(s, ",") {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

func givenKafka(ctx context.Context, o KafkaOptions, say announcer) (*Kafka, error) {
	if len(o.Brokers) == 0 {
		return nil, fmt.Errorf("stack: kafka: no broker is given: set %s or the option", EnvKafkaBrokers)
	}
	k := &Kafka{Took: TookGiven, brokers: o.Brokers, client: o.Client, ready: min(o.Ready, 15*time.Second)}
	if err := k.awaitReady(ctx); err != nil {
		return nil, fmt.Errorf("stack: kafka at %s (given by option or %s) does not answer: %w", strings.Join(o.Brokers, ","), EnvKafkaBrokers, err)
	}
	say.log.Info("kafka is up", "took", string(TookGiven), "brokers", k.brokers)
	return k, nil
}

func startKafka(ctx context.Context, kind Took, o KafkaOptions, say announcer) (*Kafka, error) {
	var err error
	for range 3 {
		var k *Kafka
		if k, err = ownKafka(ctx, kind, o, say); err == nil {
			say.log.Info("kafka is up", "took", string(kind), "brokers", k.brokers, "dir", k.dir)
			return k, nil
		}
		if o.Port != 0 || !portTaken(err) {
			break
		}
	}
	return nil, fmt.Errorf("stack: kafka (%s): %w", kind, err)
}

func ownKafka(ctx context.Context, kind Took, o KafkaOptions, say announcer) (_ *Kafka, err error) {
	if o.Port != 0 {
		if err := portFree(o.Port); err != nil {
			return nil, err
		}
	}
	free, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	if o.Port == 0 {
		o.Port = free[0]
	}
	k := &Kafka{Took: kind, brokers: []string{loopback(o.Port)}, ready: o.Ready}
	// kfake without a folder lives in memory, which is what fast tests want.
	if kind != TookKFake || o.Dir != "" {
		if k.dir, k.temp, err = dataDir(o.Dir, "mirador-kafka-"); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			_ = k.Close(context.WithoutCancel(ctx))
		}
	}()
	switch kind {
	case TookKFake:
		k.part = fakeKafka(k.dir, o, say)
	case TookJava:
		k.part, err = javaKafka(ctx, k.dir, free[1], o, say)
	case TookDocker:
		k.part = dockerKafka(k.dir, o)
	default:
		err = fmt.Errorf("there is no way of this name: use %s, %s, %s or %s", TookGiven, TookDocker, TookJava, TookKFake)
	}
	if err != nil {
		return nil, err
	}
	if err := k.part.start(ctx); err != nil {
		return nil, err
	}
	if err := k.awaitReady(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *Kafka) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, k.ready, fmt.Errorf("no answer within %s", k.ready))
	defer cancel()
	cl, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(k.brokers...), kgo.DialTimeout(2 * time.Second), kgo.RequestRetries(0),
		kgo.MetadataMinAge(20 * time.Millisecond), kgo.RetryTimeout(time.Second),
	}, k.client...)...)
	if err != nil {
		return fmt.Errorf("client for the ready check: %w", err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	return untilReady(ctx, k.part, func(ctx context.Context) error {
		m, err := adm.BrokerMetadata(ctx)
		if err != nil {
			return err
		}
		if len(m.Brokers) == 0 {
			return errors.New("it answers but has not registered with its controller")
		}
		return nil
	})
}

// Brokers are the seeds, host:port. The caller must not change the slice.
func (k *Kafka) Brokers() []string { return k.brokers }

// Dir is the data folder; empty for a given cluster and for kfake in memory.
func (k *Kafka) Dir() string { return k.dir }

// Pid is the broker's process id, for signals in tests; 0 when it does not run or is
// not a child of this process (given, Docker, kfake).
func (k *Kafka) Pid() int {
	if p, ok := k.part.(hasPid); ok {
		return p.pid()
	}
	return 0
}

// Exited is closed when the present run of the broker ends, for whatever reason. A
// later Restart has a channel of its own. nil (blocks for ever) where it can't be known.
func (k *Kafka) Exited() <-chan struct{} {
	if e, ok := k.part.(hasExited); ok {
		done, _ := e.exited()
		return done
	}
	return nil
}

// Kill ends the broker by SIGKILL and waits until it is gone. Data stays. kfake lives in
// this process and can not crash alone: there Kill closes it.
func (k *Kafka) Kill() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.part == nil {
		return ErrNotOurs
	}
	return k.part.kill(context.Background())
}

// Restart starts the broker again on the same folder and port, after Kill or in place
// of the present run, and returns when it answers.
func (k *Kafka) Restart(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.part == nil {
		return ErrNotOurs
	}
	if k.closed {
		return errors.New("stack: kafka was closed: start a new one on its folder")
	}
	if k.dir == "" {
		return errors.New("stack: kfake without KafkaOptions.Dir keeps nothing, so it can't be started again")
	}
	if err := k.part.stop(ctx); err != nil {
		return err
	}
	if err := k.part.start(ctx); err != nil {
		return err
	}
	if err := k.awaitReady(ctx); err != nil {
		return fmt.Errorf("stack: kafka started again: %w", err)
	}
	return nil
}

// Close ends the broker in order, by SIGKILL where that takes too long, waits until it is
// gone and removes the folder if it was a temporary one. A second call does nothing. A
// given cluster is left alone.
func (k *Kafka) Close(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	return closePart(ctx, k.part, k.dir, k.temp)
}
