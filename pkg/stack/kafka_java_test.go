//go:build realkafka

package stack

import (
	"path/filepath"
	"testing"
)

// These run in `make test-kafka`. Without Java and Maven they fail; they do not skip.

func TestJavaKafka(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kafka")
	k := startBroker(t, KafkaOptions{Kind: TookJava, Dir: dir})
	if k.Took != TookJava || !alive(k.Pid()) {
		t.Fatalf("took %s, process %d", k.Took, k.Pid())
	}
	exercise(t, k)
	t.Logf("%d MiB resident after work", rss(k.Pid()))
	pid := k.Pid()
	if err := k.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Fatal("the broker is still there")
	}
	// Another owner of the same folder, on other ports.
	again := startBroker(t, KafkaOptions{Kind: TookJava, Dir: dir, JavaArgs: []string{"-XX:TieredStopAtLevel=1"}})
	expectOnce(t, committed(t, again, "orders", 310), map[string]int{"first": 200, "second": 100, "third": 10})
}

func TestJavaKafkaDiesWithItsParent(t *testing.T) {
	parent, child := startParent(t, "kafka", filepath.Join(t.TempDir(), "kafka"))
	if !alive(child) {
		t.Fatal("no child")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	waitGone(t, child)
}
