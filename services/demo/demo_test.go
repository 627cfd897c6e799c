package demo

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/segmentio/encoding/json"
)

func TestMain(m *testing.M) {
	stack.MaybeRunChild()
	os.Exit(m.Run())
}

// watcher is the screen; it may call once something stands on it.
type watcher struct {
	mu   sync.Mutex
	text bytes.Buffer
	upon string
	call func()
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if w.upon != "" && strings.Contains(w.text.String(), w.upon) {
		w.upon = ""
		w.call()
	}
	return len(p), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func options(t *testing.T, out *watcher) Options {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	return Options{Seed: 1, Out: out, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Config: onehost.Defaults()}
}

// leftNothing looks into the folder that options set.
func leftNothing(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		t.Errorf("left behind: %s", f.Name())
	}
}

func TestOnceEveryAttackIsEnforcedAndNobodyElse(t *testing.T) {
	out := &watcher{}
	o := options(t, out)
	o.Once = true
	res, err := Run(t.Context(), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(res.Problems) > 0 || res.LegitimateBlocked > 0 || res.LegitimateRequests == 0 || res.Enforced == 0 {
		t.Errorf("%+v\n%s", res, out)
	}
	text, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"events", "endpoints", "sensitive_fields", "findings", "actions", "enforced", "time_to_enforce_ms", "legitimate_requests", "legitimate_blocked"} {
		if fields[name] == nil {
			t.Errorf("no %s in %s", name, text)
		}
	}
	for _, rule := range []string{"SIG-SQLI", "CRED-01", "RECON-01", "DATA-01"} {
		if findings, _ := fields["findings"].(map[string]any); findings[rule] == nil {
			t.Errorf("no finding of %s in %s", rule, text)
		}
	}
	if ms, _ := fields["time_to_enforce_ms"].(map[string]any); ms["p50"] == nil || ms["max"] == nil {
		t.Errorf("time to enforce: %s", text)
	}
	leftNothing(t)
}

// Ctrl-C may come at any time, also while an attack waits for an answer.
func TestInterruptedInAnAttackEndsAll(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &watcher{upon: "begins, from", call: interrupt}
	if _, err := Run(ctx, options(t, out)); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	leftNothing(t)
}
