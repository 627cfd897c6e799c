package crash

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/oracle"
	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/prometheus/client_golang/prometheus"
)

// TestActionsWithoutFaults runs the behaviour detectors in memory over many seeds
// and numbers of partitions: what the oracle expects of them must hold where
// nothing breaks, or a run with faults shows nothing.
func TestActionsWithoutFaults(t *testing.T) {
	const runs = 24
	compared := 0
	for i := range runs {
		o := traffic.Options{Seed: uint64(i + 1), Events: 8000, Start: time.Unix(1_790_000_000, 0), Span: 32 * time.Second, Attackers: 3}
		list := traffic.Generate(o)
		got := actions(t, list, 3+i%6)
		for _, a := range behaviourActions(list) {
			compared++
			if !got[a] {
				t.Errorf("seed %d, %d partitions: %s is missing", o.Seed, 3+i%6, a)
			}
		}
	}
	if compared < 6*runs {
		t.Errorf("only %d actions were compared", compared)
	}
}

// behaviourActions are those the oracle expects for behaviour over time.
func behaviourActions(list []traffic.Transaction) []string {
	var out []string
	want := oracle.Of(list)
	for a := range want.Actions {
		var op, target, kind string
		if n, _ := fmt.Sscan(a, &op, &target, &kind); n == 3 && traffic.Kind(kind) != traffic.Injection {
			out = append(out, a)
		}
	}
	return out
}

// actions are what the default policy does about the findings in list.
func actions(t *testing.T, list []traffic.Transaction, partitions int) map[string]bool {
	t.Helper()
	cfg := platform.Defaults()
	first, second, err := cfg.InspectStages([]string{"behavior"}, false)
	if err != nil {
		t.Fatal(err)
	}
	o := runner.DefaultOptions()
	o.Matcher, o.Logger, o.Registry = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	got := map[string]bool{}
	l, err := runner.NewLocal(runner.LocalOptions{Options: o, Partitions: partitions, Detect: first, Merge: second, Finding: func(_ string, f finding.Finding) {
		family, _, _ := strings.Cut(f.Rule, "-")
		r := cfg.Policy.Rules[family+"-*"]
		if r.Op != action.Block || f.Severity.Weight() < r.MinSeverity.Weight() || f.Confidence < r.MinConfidence {
			return
		}
		kind := string(kindOf(f.Rule))
		got["block credential|"+f.Subject.Credential+" "+kind] = true
		for _, a := range f.Subject.Addresses {
			got["block address|"+a+" "+kind] = true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		l.Feed(list[i].Event, time.Time{})
	}
	l.Close()
	return got
}
