package platform

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/flow"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What sessions of several partitions do comes out as one record of their host.
func TestFlowsTravel(t *testing.T) {
	cfg := onKFake(t, 3)
	cfg.Stages.IdleAdvance = 300 * time.Millisecond
	defer serve(t, cfg, "behavior")()

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	cl := follow(t, cfg, schemas.TopicFlows)
	start := time.Now().Add(-3 * time.Hour)
	send := func(who int, at time.Time, method, path string) {
		e := event.Event{ID: uuid.New(), Tenant: []byte("default"), Sensor: []byte("s"), Boot: uint64(1 + who), Sequence: uint64(at.UnixNano()), RequestTime: at.UnixNano(),
			Method: []byte(method), Authority: []byte("shop.example"), Path: []byte(path), Status: 200}
		e.Identity.Scheme, e.Identity.Subject = []byte("jwt"), fmt.Append(nil, "customer", who)
		check(t, cl.ProduceSync(ctx, &kgo.Record{Topic: schemas.TopicEvents, Key: e.Key(), Value: event.Encode(nil, &e)}).FirstErr())
	}
	for who := range 9 {
		send(who, start.Add(time.Duration(who)*time.Second), "GET", "/products")
		send(who, start.Add(time.Duration(20+who)*time.Second), "POST", "/cart")
	}
	want := map[string]uint64{"GET shop.example/products": 9, "POST shop.example/cart": 9}
	// Time goes on in each partition: a minute is told with the next, and a host once a
	// minute. Who comes again is no further session.
	for minute := 2; ; minute++ {
		for who := range 9 {
			send(who, start.Add(time.Duration(minute)*time.Minute+time.Duration(who)*time.Second), "GET", "/products")
		}
		second, next := context.WithTimeout(ctx, time.Second)
		fetches := cl.PollFetches(second)
		next()
		if ctx.Err() != nil {
			t.Fatal("no record has all sessions")
		}
		for _, r := range fetches.Records() {
			g, err := flow.Decode(r.Value)
			check(t, err)
			if g.Host != "shop.example" || string(r.Key) != "default|shop.example" {
				t.Fatalf("flows of %s under %s", g.Host, r.Key)
			}
			got := map[string]uint64{}
			for _, o := range g.Operations {
				got[o.Endpoint] = o.Sessions
			}
			if fmt.Sprint(got) == fmt.Sprint(want) && len(g.Moves) == 2 {
				return
			}
		}
	}
}
