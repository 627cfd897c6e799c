package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func startBroker(t *testing.T, o KafkaOptions) *Kafka {
	t.Helper()
	o.Logger = testLog(t)
	began := time.Now()
	k, err := StartKafka(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("up in %s, %d MiB resident", time.Since(began).Round(time.Millisecond), rss(k.Pid()))
	t.Cleanup(func() {
		began := time.Now()
		if err := k.Close(context.Background()); err != nil {
			t.Error(err)
		}
		t.Logf("closed in %s", time.Since(began).Round(time.Millisecond))
	})
	return k
}

func client(t *testing.T, k *Kafka, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(k.Brokers()...), kgo.MetadataMinAge(50 * time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.CloseAllowingRebalance)
	return cl
}

func createTopic(t *testing.T, k *Kafka, topic string) {
	t.Helper()
	adm := kadm.NewClient(client(t, k))
	if _, err := adm.CreateTopic(t.Context(), 3, 1, nil, topic); err != nil {
		t.Fatalf("create %s: %v", topic, err)
	}
}

// transact produces n records in one transaction and ends it.
func transact(t *testing.T, k *Kafka, id, topic, prefix string, n int, end kgo.TransactionEndTry) {
	t.Helper()
	cl := client(t, k, kgo.TransactionalID(id), kgo.TransactionTimeout(5*time.Second))
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		key := fmt.Appendf(nil, "%s-%d", prefix, i)
		cl.Produce(t.Context(), &kgo.Record{Topic: topic, Key: key, Value: key}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Errorf("produce: %v", err)
			}
		})
	}
	if err := cl.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), end); err != nil {
		t.Fatal(err)
	}
}

// committed reads a topic from its start until want records came, and a moment longer.
func committed(t *testing.T, k *Kafka, topic string, want int) map[string]int {
	t.Helper()
	cl := client(t, k, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	defer cl.Close()
	seen := map[string]int{}
	got := 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		fetches.EachRecord(func(r *kgo.Record) {
			seen[string(r.Key)]++
			got++
		})
		if got >= want {
			var more context.CancelFunc
			ctx, more = context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer more()
			want = 1 << 30
		}
	}
	return seen
}

func expectOnce(t *testing.T, seen map[string]int, prefixes map[string]int) {
	t.Helper()
	total := 0
	for prefix, n := range prefixes {
		total += n
		for i := range n {
			if key := fmt.Sprintf("%s-%d", prefix, i); seen[key] != 1 {
				t.Fatalf("%s came %d times", key, seen[key])
			}
		}
	}
	if len(seen) != total {
		t.Fatalf("%d different records came, want %d", len(seen), total)
	}
}

// readGroup takes exactly want records as the one member of a group and commits them.
func readGroup(t *testing.T, k *Kafka, want int) {
	t.Helper()
	cl := client(t, k, kgo.ConsumerGroup("readers"), kgo.ConsumeTopics("orders"), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.SessionTimeout(1500*time.Millisecond), kgo.HeartbeatInterval(100*time.Millisecond))
	defer cl.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got := 0
	for got < want {
		f := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("the group got %d records of %d: %v", got, want, f.Err())
		}
		got += f.NumRecords()
	}
	if got != want {
		t.Fatalf("the group got %d records, want %d", got, want)
	}
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
}

// exercise is what every broker of this package must do: transactions, groups with short
// sessions, and memory of both over Restart and Kill.
func exercise(t *testing.T, k *Kafka) {
	t.Helper()
	createTopic(t, k, "orders")
	transact(t, k, "writer", "orders", "first", 200, kgo.TryCommit)
	transact(t, k, "writer", "orders", "undone", 50, kgo.TryAbort)
	expectOnce(t, committed(t, k, "orders", 200), map[string]int{"first": 200})

	readGroup(t, k, 200)

	seeds, began := k.Brokers()[0], time.Now()
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("restarted in %s", time.Since(began).Round(time.Millisecond))
	transact(t, k, "writer", "orders", "second", 100, kgo.TryCommit)
	readGroup(t, k, 100) // the committed offset was remembered

	if err := k.Kill(); err != nil {
		t.Fatal(err)
	}
	if c, err := net.DialTimeout("tcp", seeds, time.Second); err == nil {
		c.Close()
		t.Fatal("somebody listens after Kill")
	}
	began = time.Now()
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("up again after Kill in %s", time.Since(began).Round(time.Millisecond))
	if k.Brokers()[0] != seeds {
		t.Fatalf("address changed from %s to %s", seeds, k.Brokers()[0])
	}
	transact(t, k, "writer", "orders", "third", 10, kgo.TryCommit)
	readGroup(t, k, 10)
	expectOnce(t, committed(t, k, "orders", 310), map[string]int{"first": 200, "second": 100, "third": 10})
	outliveMember(t, k)
}

func TestKFake(t *testing.T) {
	dir := t.TempDir()
	k := startBroker(t, KafkaOptions{Kind: TookKFake, Dir: dir})
	if k.Took != TookKFake || k.Pid() != 0 {
		t.Fatalf("took %s", k.Took)
	}
	exercise(t, k)
	if err := k.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Another owner of the same folder, on another port.
	again := startBroker(t, KafkaOptions{Kind: TookKFake, Dir: dir})
	expectOnce(t, committed(t, again, "orders", 310), map[string]int{"first": 200, "second": 100, "third": 10})
}

// kfake lives in the process that uses it, so the crash that matters is that process's.
func TestKFakeKeepsAcknowledgedRecordsOverKill(t *testing.T) {
	dir := t.TempDir()
	parent, _ := startParent(t, "kfake", dir)
	port, err := os.ReadFile(filepath.Join(dir, "port"))
	if err != nil {
		t.Fatal(err)
	}
	k := startBroker(t, KafkaOptions{Brokers: []string{string(port)}})
	createTopic(t, k, "orders")
	transact(t, k, "writer", "orders", "first", 200, kgo.TryCommit)
	transact(t, k, "writer", "orders", "undone", 20, kgo.TryAbort)
	readGroup(t, k, 200)
	transact(t, k, "writer", "orders", "second", 30, kgo.TryCommit)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	again := startBroker(t, KafkaOptions{Kind: TookKFake, Dir: dir})
	transact(t, again, "writer", "orders", "third", 10, kgo.TryCommit)
	readGroup(t, again, 40)
	expectOnce(t, committed(t, again, "orders", 240), map[string]int{"first": 200, "second": 30, "third": 10})
}

func TestKFakeInMemory(t *testing.T) {
	k := startBroker(t, KafkaOptions{Kind: TookKFake})
	createTopic(t, k, "a")
	transact(t, k, "w", "a", "x", 5, kgo.TryCommit)
	expectOnce(t, committed(t, k, "a", 5), map[string]int{"x": 5})
	if err := k.Restart(t.Context()); err == nil || !strings.Contains(err.Error(), "Dir") {
		t.Fatalf("Restart of a broker without memory: %v", err)
	}
}

func TestKafkaGiven(t *testing.T) {
	own := startBroker(t, KafkaOptions{Kind: TookKFake})
	t.Setenv(EnvKafkaBrokers, " "+own.Brokers()[0]+" , ")
	k := startBroker(t, KafkaOptions{})
	if k.Took != TookGiven || len(k.Brokers()) != 1 {
		t.Fatalf("took %s %v", k.Took, k.Brokers())
	}
	if err := k.Kill(); !errors.Is(err, ErrNotOurs) {
		t.Errorf("Kill: %v", err)
	}
	if err := k.Restart(t.Context()); !errors.Is(err, ErrNotOurs) {
		t.Errorf("Restart: %v", err)
	}
}

func TestKafkaFailuresNameTheThing(t *testing.T) {
	fails := func(t *testing.T, o KafkaOptions, words ...string) {
		t.Helper()
		k, err := StartKafka(t.Context(), o)
		if err == nil {
			k.Close(t.Context())
			t.Fatal("it started")
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q is not in: %v", w, err)
			}
		}
	}
	ports, err := freePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("unreachable", func(t *testing.T) {
		fails(t, KafkaOptions{Brokers: []string{loopback(ports[0])}, Ready: time.Second}, loopback(ports[0]), EnvKafkaBrokers, "does not answer")
	})
	t.Run("nothing given", func(t *testing.T) {
		fails(t, KafkaOptions{Kind: TookGiven}, EnvKafkaBrokers)
	})
	t.Run("unknown way", func(t *testing.T) {
		fails(t, KafkaOptions{Kind: "rabbit"}, "rabbit", string(TookJava))
	})
	t.Run("port in use", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		fails(t, KafkaOptions{Kind: TookKFake, Port: port}, fmt.Sprint(port), "not free")
	})
	t.Run("no java", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		t.Setenv("JAVA_HOME", "")
		fails(t, KafkaOptions{Kind: TookJava}, "java is missing", EnvKafkaBrokers, "kfake")
	})
	// A java that is there: only what its first lines say is looked at.
	program := func(t *testing.T, name, script string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
		t.Setenv("JAVA_HOME", "")
	}
	t.Run("old java", func(t *testing.T) {
		program(t, "java", `echo 'openjdk version "11.0.2" 2019-01-15' >&2`)
		fails(t, KafkaOptions{Kind: TookJava}, "Java 11", "17")
	})
	t.Run("no mvn", func(t *testing.T) {
		program(t, "java", `echo 'openjdk version "17.0.2" 2019-01-15' >&2`)
		fails(t, KafkaOptions{Kind: TookJava, CacheDir: t.TempDir()}, "mvn", "is missing", EnvKafkaBrokers)
	})
	t.Run("no broker at all leads to kfake, and says so", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		t.Setenv("JAVA_HOME", "")
		t.Setenv("DOCKER_HOST", "tcp://"+loopback(ports[0]))
		var said []string
		k, err := StartKafka(t.Context(), KafkaOptions{Progress: func(s string) { said = append(said, s) }})
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close(t.Context())
		all := strings.Join(said, "\n")
		if k.Took != TookKFake || !strings.Contains(all, "java is missing") || !strings.Contains(all, "for trying, not for keeping") {
			t.Fatalf("took %s and said %q", k.Took, all)
		}
	})
}
