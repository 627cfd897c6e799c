package stack

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const session = 2 * time.Second

// member is a static member of a group that counts the partitions it has.
type member struct {
	*kgo.Client
	owned atomic.Int32
}

func join(t *testing.T, k *Kafka, name string) *member {
	m := new(member)
	count := func(n int32) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			m.owned.Add(n * int32(len(parts["shared"])))
		}
	}
	m.Client = client(t, k, kgo.ConsumerGroup("pair"), kgo.InstanceID(name), kgo.ConsumeTopics("shared"), kgo.DisableAutoCommit(),
		kgo.SessionTimeout(session), kgo.RebalanceTimeout(3*time.Second), kgo.HeartbeatInterval(100*time.Millisecond), kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.OnPartitionsAssigned(count(1)), kgo.OnPartitionsRevoked(count(-1)), kgo.OnPartitionsLost(count(-1)))
	return m
}

// outliveMember: a member of a group dies, and its session runs out while the
// broker is away. The other must get what it had.
func outliveMember(t *testing.T, k *Kafka) {
	t.Helper()
	await := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("not within 20 s: %s", what)
			}
		}
	}
	createTopic(t, k, "shared")
	lives, dies := join(t, k, "lives"), join(t, k, "dies")
	await("the two share three partitions", func() bool {
		a, b := lives.owned.Load(), dies.owned.Load()
		return a > 0 && b > 0 && a+b == 3
	})
	dies.Close() // a static member does not leave
	time.Sleep(session - 300*time.Millisecond)
	if err := k.part.stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // the session of the other goes on
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await("one has all three", func() bool { return lives.owned.Load() == 3 })
}
