package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Lag is how far one consumer group is behind in one topic.
type Lag struct {
	Group, Topic string
	Partitions   int
	// Records that were not committed yet, those that mark transactions included.
	Records int64
	// Behind is the age of the oldest record not yet committed in the worst
	// partition; 0 if there is none. It is only of account where Known is set: in a
	// backlogged partition whose next record could not be read in time it is not.
	Behind time.Duration
	Known  bool
	// Members of the group; 0 means that the stage does not run.
	Members int
}

// LagSource says how far the stages are behind. It must be safe for concurrent use
// and keep to ctx.
type LagSource interface {
	Lag(ctx context.Context) ([]Lag, error)
}

// KafkaLag reads lag from committed offsets and from the time of the record that
// stands there. Answers are kept for a moment: every open page asks. Safe for
// concurrent use.
type KafkaLag struct {
	admin  *kgo.Client
	opts   []kgo.Opt
	prefix string
	keep   time.Duration

	mu    sync.Mutex // held during a look-up: one at a time
	taken time.Time
	last  []Lag
	err   error
}

// NewKafkaLag asks for the groups whose names start with prefix; empty is
// "mirador.". opts hold brokers, TLS and SASL.
func NewKafkaLag(prefix string, opts ...kgo.Opt) (*KafkaLag, error) {
	if prefix == "" {
		prefix = defaultPrefix
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("console: Kafka client for lag: %w", err)
	}
	return &KafkaLag{admin: client, opts: opts, prefix: prefix, keep: 2 * time.Second}, nil
}

// Close ends the client.
func (k *KafkaLag) Close() { k.admin.Close() }

// place is one partition of a topic.
type place struct {
	topic     string
	partition int32
}

// Lag implements LagSource.
func (k *KafkaLag) Lag(ctx context.Context) ([]Lag, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.taken) < k.keep {
		return slices.Clone(k.last), k.err
	}
	k.last, k.err = k.lookUp(ctx)
	if k.err != nil {
		k.err = fmt.Errorf("lag from Kafka at %v: %w", k.admin.OptValue(kgo.SeedBrokers), k.err)
	}
	k.taken = time.Now() // a failure is kept too: else every page waits for it
	return slices.Clone(k.last), k.err
}

func (k *KafkaLag) lookUp(ctx context.Context) ([]Lag, error) {
	adm := kadm.NewClient(k.admin)
	listed, err := adm.ListGroups(ctx)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	var groups []string
	for _, g := range listed.Sorted() {
		if strings.HasPrefix(g.Group, k.prefix) {
			groups = append(groups, g.Group)
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	lags, err := adm.Lag(ctx, groups...)
	if err != nil {
		return nil, fmt.Errorf("offsets of groups: %w", err)
	}
	var out []Lag
	var errs []error
	for _, g := range lags.Sorted() {
		if err := g.Error(); err != nil {
			errs = append(errs, fmt.Errorf("group %s: %w", g.Group, err))
			continue
		}
		one, err := k.group(ctx, g)
		out, errs = append(out, one...), append(errs, err)
	}
	// Part of an answer is better than none, while there is some.
	if err := errors.Join(errs...); err != nil && len(out) == 0 {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Lag) int { return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Topic, b.Topic)) })
	return out, nil
}

func (k *KafkaLag) group(ctx context.Context, g kadm.DescribedGroupLag) ([]Lag, error) {
	next := map[place]backlog{}
	for _, l := range g.Lag.Sorted() {
		if l.Err == nil && l.Lag > 0 && l.Commit.At >= 0 {
			next[place{l.Topic, l.Partition}] = backlog{l.Commit.At, l.End.Offset}
		}
	}
	oldest, err := k.oldest(ctx, next)
	var out []Lag
	index := map[string]int{}
	for _, l := range g.Lag.Sorted() {
		if l.Err != nil {
			err = errors.Join(err, fmt.Errorf("group %s, %s/%d: %w", g.Group, l.Topic, l.Partition, l.Err))
			continue
		}
		i, ok := index[l.Topic]
		if !ok {
			i = len(out)
			index[l.Topic] = i
			out = append(out, Lag{Group: g.Group, Topic: l.Topic, Known: true, Members: len(g.Members)})
		}
		o := &out[i]
		o.Partitions++
		o.Records += max(l.Lag, 0)
		if l.Lag <= 0 {
			continue
		}
		age, ok := oldest[place{l.Topic, l.Partition}]
		o.Known = o.Known && ok
		o.Behind = max(o.Behind, age)
	}
	return out, err
}

// backlog is a partition from the first offset not committed to the end.
type backlog struct{ from, end int64 }

// oldest reads one record of each place, at its committed offset, for the time that
// it carries. What is missing in the answer could not be read within ctx or a second.
// A place that holds nothing but ends of transactions there has age 0: a reader of a
// transactional topic never commits past those before it has more to read.
func (k *KafkaLag) oldest(ctx context.Context, places map[place]backlog) (map[place]time.Duration, error) {
	out := make(map[place]time.Duration, len(places))
	if len(places) == 0 {
		return out, nil
	}
	from := map[string]map[int32]kgo.Offset{}
	for p, s := range places {
		if from[p.topic] == nil {
			from[p.topic] = map[int32]kgo.Offset{}
		}
		from[p.topic][p.partition] = kgo.NewOffset().At(s.from)
	}
	client, err := kgo.NewClient(append(k.opts[:len(k.opts):len(k.opts)], kgo.ConsumePartitions(from), kgo.KeepControlRecords(),
		kgo.FetchMaxPartitionBytes(4<<10), kgo.FetchMaxBytes(1<<20), kgo.FetchMaxWait(100*time.Millisecond))...)
	if err != nil {
		return out, fmt.Errorf("read ages: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	now := time.Now()
	for len(out) < len(places) && ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			p := place{r.Topic, r.Partition}
			if _, done := out[p]; done {
				return
			}
			switch {
			case !r.Attrs.IsControl():
				out[p] = max(now.Sub(r.Timestamp), time.Millisecond)
			case r.Offset+1 >= places[p].end:
				out[p] = 0
			}
		})
	}
	return out, nil
}
