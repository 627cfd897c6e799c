package runner

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/stack"
)

// TestMain starts a real broker where MIRADOR_TEST_KAFKA=real asks for one, and
// fails where it cannot be had: a run on kfake must not pass for one on Kafka.
func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	if os.Getenv("MIRADOR_TEST_KAFKA") != "real" || os.Getenv(stack.EnvKafkaBrokers) != "" {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	k, err := stack.StartKafka(ctx, stack.KafkaOptions{Kind: stack.TookJava, Progress: func(s string) { fmt.Fprintln(os.Stderr, s) }})
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "a real Kafka is wanted and cannot be had:", err)
		os.Exit(1)
	}
	code := 1
	func() {
		defer func() { _ = k.Close(context.Background()) }()
		if err := os.Setenv(stack.EnvKafkaBrokers, strings.Join(k.Brokers(), ",")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		code = m.Run()
	}()
	os.Exit(code)
}
