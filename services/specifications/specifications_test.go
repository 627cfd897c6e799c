package specifications

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/discovery/spec/audit"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const limit = 4 << 20

const shop = "openapi: 3.1.0\ninfo: {title: Shop, version: '2'}\npaths:\n  /orders: {get: {responses: {'200': {description: ok}}}}\n"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// broker is one with the topics as they are made by services.
func broker(t *testing.T, topics []byte) kgo.Opt {
	t.Helper()
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	must(t, err)
	t.Cleanup(func() { must(t, k.Close(context.Background())) })
	seeds := kgo.SeedBrokers(k.Brokers()...)
	cl, err := kgo.NewClient(seeds)
	must(t, err)
	defer cl.Close()
	o := runner.DefaultOptions()
	must(t, runner.EnsureTopics(t.Context(), kadm.NewClient(cl), topics, &o, runner.TopicPlan{Partitions: 1, Replication: 1}))
	return seeds
}

func follow(t *testing.T, set *uploaded.Set, seeds kgo.Opt) *Follower {
	t.Helper()
	f, err := NewFollower(set, []kgo.Opt{seeds}, slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() { cancel(); must(t, <-done) })
	return f
}

func ready(t *testing.T, set *uploaded.Set) {
	t.Helper()
	select {
	case <-set.Ready():
	case <-time.After(time.Minute):
		t.Fatal("the topic was not read to its end")
	}
}

func sample(name, text string) *uploaded.Document {
	return &uploaded.Document{Tenant: "acme", Name: name, Person: "ann", At: time.Now().UTC(), Media: uploaded.Media(name), Bytes: []byte(text)}
}

func TestPublishedDocumentsAreFollowed(t *testing.T) {
	seeds := broker(t, schemas.Topics)
	p, err := NewPublisher(limit, seeds)
	must(t, err)
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	// The largest that is allowed passes, in one record, and is known to who starts later.
	large := shop + strings.Repeat("#", limit-len(shop))
	_, err = p.Publish(ctx, sample("large.yaml", large))
	must(t, err)
	_, err = p.Publish(ctx, sample("shop.yaml", shop))
	must(t, err)
	set := uploaded.NewSet(limit)
	f := follow(t, set, seeds)
	ready(t, set)
	specs, err := set.Specifications("acme")
	if err != nil || len(specs) != 2 || specs[0].File != "large.yaml" || specs[1].Title != "Shop" {
		t.Fatalf("%d specifications, %v", len(specs), err)
	}

	// What comes while it follows.
	at, err := p.Publish(ctx, sample("broken.yaml", "openapi: 3.0.0\npaths: [\n"))
	must(t, err)
	must(t, set.Await(ctx, at))
	at, err = p.Withdraw(ctx, "acme", "large.yaml")
	must(t, err)
	must(t, set.Await(ctx, at))
	list := set.Documents("acme")
	if len(list) != 2 || list[0].Err == nil || list[1].Name != "shop.yaml" || list[1].Person != "ann" {
		t.Errorf("documents %+v", list)
	}
	for result, want := range map[string]float64{"taken": 2, "removed": 1, "bad": 1} {
		if got := testutil.ToFloat64(f.records.WithLabelValues(result)); got != want {
			t.Errorf("%s: %v records, want %v", result, got, want)
		}
	}
	for want, d := range map[string]*uploaded.Document{"max_bytes": sample("more.yaml", large+"#"), "must not hold": sample("a/b.yaml", shop)} {
		if _, err := p.Publish(ctx, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestTheLargestThatSettingsAllowFitsTheTopic(t *testing.T) {
	cl, err := kgo.NewClient(broker(t, schemas.Topics))
	must(t, err)
	defer cl.Close()
	configs, err := kadm.NewClient(cl).DescribeTopicConfigs(t.Context(), schemas.TopicSpecs)
	must(t, err)
	for _, c := range configs[0].Configs {
		if c.Key != "max.message.bytes" {
			continue
		}
		if n, err := strconv.Atoi(*c.Value); err != nil || n < audit.MaxUpload+headroom {
			t.Errorf("the topic takes %s bytes, and a record may have %d", *c.Value, audit.MaxUpload+headroom)
		}
		return
	}
	t.Error("the topic was made with the broker's limit")
}

func TestAnEmptyAndAMissingTopicAreRead(t *testing.T) {
	empty := uploaded.NewSet(limit)
	follow(t, empty, broker(t, schemas.Topics))
	ready(t, empty)
	missing := uploaded.NewSet(limit)
	follow(t, missing, broker(t, []byte("topics: [{name: mirador.events, about: '', partitions: events, cleanup: delete, retention: 24h}]")))
	ready(t, missing)
}

func TestPublishSaysThatNothingHappened(t *testing.T) {
	p, err := NewPublisher(limit, kgo.SeedBrokers("127.0.0.1:1"))
	must(t, err)
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Publish(ctx, sample("shop.yaml", shop)); err == nil || !strings.Contains(err.Error(), "nothing has changed") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error %v", err)
	}
}
