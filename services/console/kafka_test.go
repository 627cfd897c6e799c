package console

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func broker(t testing.TB) kgo.Opt {
	t.Helper()
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	must(t, err)
	t.Cleanup(func() { must(t, k.Close(context.Background())) })
	return kgo.SeedBrokers(k.Brokers()...)
}

func client(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(opts...)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestUnblockOnKafka(t *testing.T) {
	seeds := broker(t)
	admin := kadm.NewClient(client(t, seeds))
	_, err := admin.CreateTopic(t.Context(), 1, 1, nil, "test.actions")
	must(t, err)
	signer, err := action.NewSigner()
	must(t, err)
	key := signer.Public()
	key.Issuers = []string{"person/"}
	verifier, err := action.NewVerifier(key)
	must(t, err)
	u, err := NewKafkaUnblocker(signer, "test.", seeds)
	must(t, err)
	defer u.Close()
	o := Order{Tenant: "default", Person: "ann", Target: action.Target{Type: action.Credential, Value: "c0ffee", KeyID: "k1"}, Scope: "api.bank.example", Reason: "a partner", Lifted: "a1", NotAfter: time.Now().Add(time.Hour)}
	must(t, u.Unblock(t.Context(), o))
	must(t, u.Withdraw(t.Context(), o))
	for name, change := range map[string]func(*Order){
		"no name": func(o *Order) { o.Person = "" }, "a separator in the name": func(o *Order) { o.Person = "a|b" }, "no target": func(o *Order) { o.Target.Value = "" },
		"an end that is over": func(o *Order) { o.NotAfter = time.Now().Add(-time.Second) },
	} {
		bad := o
		change(&bad)
		if err := u.Unblock(t.Context(), bad); err == nil {
			t.Errorf("%s: the order was taken", name)
		}
	}
	reader := client(t, seeds, kgo.ConsumeTopics("test.actions"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var opened []action.Opened
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(opened) < 2 {
		fs := reader.PollFetches(ctx)
		must(t, fs.Err0())
		fs.EachRecord(func(r *kgo.Record) {
			rec := action.Record{Key: r.Key, Value: r.Value}
			for _, h := range r.Headers {
				rec.Headers = append(rec.Headers, action.Header{Key: h.Key, Value: h.Value})
			}
			v, err := verifier.Open(rec)
			must(t, err)
			opened = append(opened, v)
		})
	}
	a, end := opened[0].Action, opened[1]
	if a.Op != action.Allow || !a.ByPerson() || a.Issuer != "person/ann" || a.Target != o.Target || a.Scope != o.Scope || a.Mode != action.Enforce || !a.Live(time.Now()) || !a.NotAfter.Equal(o.NotAfter.UTC()) || a.ID == "" || !strings.Contains(a.Evidence, "a1") {
		t.Errorf("allow %+v", a)
	}
	if !end.Tombstone || end.Key != opened[0].Key || end.Revision <= opened[0].Revision {
		t.Errorf("withdrawal %+v of %+v", end, opened[0])
	}
}

func TestUnblockWithoutBroker(t *testing.T) {
	signer, err := action.NewSigner()
	must(t, err)
	u, err := NewKafkaUnblocker(signer, "", kgo.SeedBrokers("127.0.0.1:1"))
	must(t, err)
	defer u.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = u.Unblock(ctx, Order{Tenant: "default", Person: "ann", Target: action.Target{Type: action.Address, Value: "192.0.2.1"}, Scope: "*", NotAfter: time.Now().Add(time.Hour)})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || !strings.Contains(err.Error(), schemas.TopicActions) {
		t.Errorf("%v does not name topic and broker", err)
	}
}

func TestLag(t *testing.T) {
	seeds := broker(t)
	c := client(t, seeds, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	admin := kadm.NewClient(c)
	_, err := admin.CreateTopic(t.Context(), 2, 1, nil, "mirador.events")
	must(t, err)
	old := time.Now().Add(-42 * time.Second)
	for i := range 10 {
		must(t, c.ProduceSync(t.Context(), &kgo.Record{Topic: "mirador.events", Partition: int32(i % 2), Value: []byte("x"), Timestamp: old}).FirstErr())
	}
	commit := func(group string, zero, one int64) {
		var o kadm.Offsets
		o.AddOffset("mirador.events", 0, zero, -1)
		o.AddOffset("mirador.events", 1, one, -1)
		must(t, admin.CommitAllOffsets(t.Context(), group, o))
	}
	commit("mirador.behavior", 5, 2)
	commit("mirador.signature", 5, 5)
	commit("somebody.else", 0, 0)
	l, err := NewKafkaLag("", seeds)
	must(t, err)
	defer l.Close()
	got, err := l.Lag(t.Context())
	must(t, err)
	if len(got) != 2 || got[0].Group != "mirador.behavior" || got[1].Group != "mirador.signature" {
		t.Fatalf("lag %+v", got)
	}
	if b := got[0]; b.Records != 3 || !b.Known || b.Behind < 42*time.Second || b.Behind > 3*time.Minute || b.Partitions != 2 || b.Topic != "mirador.events" {
		t.Errorf("behind: %+v", b)
	}
	if s := got[1]; s.Records != 0 || s.Behind != 0 || !s.Known {
		t.Errorf("caught up: %+v", s)
	}
	again, err := l.Lag(t.Context())
	if err != nil || len(again) != 2 {
		t.Errorf("the kept answer: %+v, %v", again, err)
	}
}

func TestLagWithoutBroker(t *testing.T) {
	l, err := NewKafkaLag("mirador.", kgo.SeedBrokers("127.0.0.1:1"))
	must(t, err)
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := l.Lag(ctx); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("%v does not name the broker", err)
	}
}

func TestRun(t *testing.T) {
	cfg := Defaults()
	cfg.Listen, cfg.Token = "127.0.0.1:0", testToken
	c, err := New(cfg, nil, nil, nil, nil, silent(), prometheus.NewRegistry())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := c.Listen(ctx)
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, ln) }()
	res, err := http.Get(c.URL() + "/login")
	must(t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("login page: %d", res.StatusCode)
	}
	// A second one on the same port says what to do.
	cfg.Listen = ln.Addr().String()
	second, err := New(cfg, nil, nil, nil, nil, silent(), prometheus.NewRegistry())
	must(t, err)
	var op *net.OpError
	if err := second.Run(ctx); !errors.As(err, &op) || !strings.Contains(err.Error(), cfg.Listen) {
		t.Errorf("second console: %v", err)
	}
	cancel()
	select {
	case err := <-done:
		must(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("Serve did not end")
	}
}
