package platform

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestReleasesAreFollowed: what stands on the topic is known before detection begins, and
// what comes, and is taken back, from then on.
func TestReleasesAreFollowed(t *testing.T) {
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	check(t, err)
	t.Cleanup(func() { check(t, k.Close(context.Background())) })
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...))
	check(t, err)
	defer cl.Close()
	_, err = kadm.NewClient(cl).CreateTopic(t.Context(), 1, 1, nil, schemas.TopicDeploys)
	check(t, err)
	now := time.Now().UTC()
	put := func(key string, value []byte) {
		t.Helper()
		check(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: schemas.TopicDeploys, Key: []byte(key), Value: value}).FirstErr())
	}
	tell := func(id, service string) {
		t.Helper()
		m := deploy.Marker{Tenant: "default", ID: id, Service: service, At: now, Person: "ann"}
		b, err := deploy.Encode(&m)
		check(t, err)
		put(string(m.Key()), b)
	}
	tell("r1", "accounts")
	put("default|r0", []byte("no release"))
	p := &Process{Config: Defaults(), Log: slog.New(slog.DiscardHandler)}
	p.kafka = []kgo.Opt{kgo.SeedBrokers(k.Brokers()...)}
	log := deploy.NewLog(10)
	r := p.releases(log)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- r.follow(ctx) }()
	known := func(service string) bool {
		_, ok := log.Within("default", service, now.Add(time.Minute), time.Hour)
		return ok
	}
	began := make(chan bool, 1)
	go func() { ended <- r.after(func(context.Context) error { began <- known("accounts"); return nil })(ctx) }()
	if !<-began {
		t.Error("detection began before the releases were read")
	}
	tell("r2", "cards")
	put("default|r1", nil)
	for deadline := time.Now().Add(20 * time.Second); !known("cards") || known("accounts"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("cards %v, accounts %v", known("cards"), known("accounts"))
		}
	}
	stop()
	check(t, <-ended)
	check(t, <-ended)
}
