package main

import (
	"context"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/schemas"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func brokers(t *testing.T) string {
	t.Helper()
	k, err := stack.StartKafka(t.Context(), stack.KafkaOptions{Kind: stack.TookKFake})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close(context.Background()) })
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.Brokers()...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	o := runner.DefaultOptions()
	if err := runner.EnsureTopics(t.Context(), kadm.NewClient(cl), schemas.Topics, &o, runner.TopicPlan{Partitions: 1, Replication: 1}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(k.Brokers(), ",")
}

func TestSpecPublishListWithdraw(t *testing.T) {
	at := brokers(t)
	document := file(t, "shop.yaml", shopSpec)
	run := func(args ...string) (string, error) {
		t.Helper()
		return execute(t, append([]string{"spec", args[0], "--brokers", at}, args[1:]...)...)
	}
	good := func(args ...string) string {
		t.Helper()
		out, err := run(args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	if out := good("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("before anything was published:\n%s", out)
	}
	broken := file(t, "broken.yaml", "openapi: 3.0.0\npaths: [\n")
	for want, args := range map[string][]string{
		broken + ":2":      {"publish", document, broken},
		"--name is for":    {"publish", document, document, "--name", "x.yaml"},
		"must not hold":    {"publish", document, "--name", "a|b.yaml"},
		"under the name":   {"publish", document, "--name", "shop.pb"},
		"missing.yaml":     {"publish", "/missing.yaml"},
		"max_bytes allows": {"publish", document, "--specifications.max_bytes", "1024", file(t, "large.yaml", shopSpec+strings.Repeat("#", 2048))},
		`"never.yaml"`:     {"withdraw", "never.yaml"},
	} {
		if _, err := run(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
	if out := good("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("after errors alone:\n%s", out)
	}
	if out := good("publish", document, "--person", "ann"); out != "published shop.yaml\n" {
		t.Errorf("publish: %q", out)
	}
	good("publish", document, "--name", "other.yaml", "--tenant", "acme")
	good("publish", document, "--name", "again.yaml")
	out := good("list")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[1], "again.yaml ") || strings.Join(strings.Fields(lines[2])[:6], " ") != "shop.yaml Shop 2 openapi 3.1.0 3" || !strings.HasSuffix(lines[2], " ann") {
		t.Errorf("list:\n%s", out)
	}
	if out := good("withdraw", "again.yaml", "shop.yaml"); out != "withdrew again.yaml\nwithdrew shop.yaml\n" {
		t.Errorf("withdraw: %q", out)
	}
	if out := good("list"); strings.Count(out, "\n") != 1 {
		t.Errorf("after all were withdrawn:\n%s", out)
	}
	if out := good("list", "--tenant", "acme"); !strings.Contains(out, "other.yaml") {
		t.Errorf("of another tenant:\n%s", out)
	}
}
