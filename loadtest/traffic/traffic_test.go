package traffic_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/event"
)

func TestSameSeedSameTraffic(t *testing.T) {
	o := traffic.Options{Seed: 5, Events: 3000, Start: time.Unix(1_760_000_000, 0), Span: 10 * time.Minute}
	one, two := traffic.Generate(o), traffic.Generate(o)
	o.Seed++
	other := traffic.Generate(o)
	kinds := map[traffic.Kind]int{}
	differs := false
	for i := range one {
		a, b := event.Encode(nil, one[i].Event), event.Encode(nil, two[i].Event)
		if !bytes.Equal(a, b) {
			t.Fatalf("event %d differs between two runs of one seed", i)
		}
		differs = differs || !bytes.Equal(a, event.Encode(nil, other[i].Event))
		kinds[one[i].Kind]++
		if one[i].Actor.Principal() != one[i].Event.Principal() && one[i].Event.Authenticated() {
			t.Fatalf("event %d: principal %s, actor says %s", i, one[i].Event.Principal(), one[i].Actor.Principal())
		}
	}
	if !differs {
		t.Error("another seed gave the same traffic")
	}
	for _, k := range []traffic.Kind{traffic.Injection, traffic.Stuffing, traffic.Enumeration, traffic.Scan} {
		if kinds[k] != 2*60 {
			t.Errorf("%s: %d transactions, want 2 attackers of 60 each", k, kinds[k])
		}
	}
}
