package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// envParent makes this test binary a program that starts a part and then waits to be killed.
const envParent = "MIRADOR_STACK_TEST_PARENT"

func TestMain(m *testing.M) {
	MaybeRunChild()
	if addr := os.Getenv(envClient); addr != "" {
		actAsClient(addr)
	}
	if kind := os.Getenv(envParent); kind != "" {
		actAsParent(kind)
	}
	os.Exit(m.Run())
}

func actAsParent(kind string) {
	ctx := context.Background()
	dir := os.Getenv(envParent + "_DIR")
	var pid int
	var err error
	switch kind {
	case "clickhouse":
		var ch *ClickHouse
		if ch, err = StartClickHouse(ctx, ClickHouseOptions{Kind: TookEmbedded, Dir: dir}); err == nil {
			pid = ch.Pid()
		}
	case "kfake":
		var k *Kafka
		if k, err = StartKafka(ctx, KafkaOptions{Kind: TookKFake, Dir: dir}); err == nil {
			pid = os.Getpid()
			err = os.WriteFile(filepath.Join(dir, "port"), []byte(k.Brokers()[0]), 0o644)
		}
	case "kafka":
		var k *Kafka
		if k, err = StartKafka(ctx, KafkaOptions{Kind: TookJava, Dir: dir}); err == nil {
			pid = k.Pid()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("PID %d\n", pid)
	select {}
}

// startParent runs the copy of this binary and returns it and its child's process id.
func startParent(t *testing.T, kind, dir string) (parent *exec.Cmd, child int) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), envParent+"="+kind, envParent+"_DIR="+dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = parent.Process.Kill()
		_ = parent.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "PID %d", &child); n == 1 && child > 0 {
			return parent, child
		}
	}
	t.Fatalf("the parent of %s did not start it", kind)
	return nil, 0
}

func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	// A zombie that init has not reaped yet holds nothing any more.
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); alive(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// rss is the resident memory of a process, MiB, for the log of a test.
func rss(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
