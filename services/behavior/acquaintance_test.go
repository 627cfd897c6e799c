package behavior_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/behavior"
)

// acting runs es and gives the findings of rule, and how many of its updates may be acted
// on.
func acting(t *testing.T, cfg behavior.Config, es []*event.Event, rule string) (fs []finding.Finding, acts int) {
	t.Helper()
	factory, _ := newStage(t, cfg)
	d := factory(0)
	for i, e := range es {
		var out detect.Out
		detectOne(d, e, &out)
		for j := range out.Findings {
			if out.Findings[j].Rule == rule {
				fs = append(fs, out.Findings[j])
				if out.Acts(j) {
					acts++
				}
			}
		}
		if i == len(es)/2 { // what is known of whom outlives a restart
			var b bytes.Buffer
			if err := d.(detect.Stateful).Snapshot(&b); err != nil {
				t.Fatal(err)
			}
			d = factory(0)
			if err := d.(detect.Stateful).Restore(&b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(fs) == 0 {
		t.Fatalf("no finding of %s", rule)
	}
	return fs, acts
}

// flood is the case of a client that asks four times a second, which it knew of for so long
// before.
func flood(t *testing.T, known time.Duration) []*event.Event {
	_, es := scenario(t, "testdata/RATE-01/positive-flood.jsonl")
	first := *es[len(es)-1]
	first.RequestTime = es[len(es)-1].RequestTime - int64(known)
	return append([]*event.Event{&first}, es...)
}

// Who is new alerts alone, and so does what a new endpoint is asked.
func TestColdStartAlertsAlone(t *testing.T) {
	cfg := defaults()
	// The case has three days, but its customer is seen within them.
	if fs, acts := acting(t, cfg, flood(t, 54*time.Hour), "RATE-01"); acts == 0 {
		t.Errorf("none of %d acts, though all are known for two days", len(fs))
	}
	cfg.ColdStart = 7 * 24 * time.Hour
	fs, acts := acting(t, cfg, flood(t, 54*time.Hour), "RATE-01")
	if acts > 0 {
		t.Errorf("%d of %d act in the cold start", acts, len(fs))
	}
	if n := fs[0].Features[len(fs[0].Features)-1]; n.Name != "cold_start_hours" || n.Value != 168 {
		t.Errorf("the finding does not say why nothing is done: %+v", fs[0].Features)
	}
	if lines, err := behavior.Explain(&fs[0]); err != nil || !strings.HasPrefix(lines[len(lines)-1], "no action") {
		t.Errorf("%v, %v", lines, err)
	}
	cfg.ColdStart = 0
	if fs, acts := acting(t, cfg, flood(t, 54*time.Hour), "RATE-01"); acts != len(fs) {
		t.Errorf("%d of %d act where there is no cold start", acts, len(fs))
	}
}

// What people say of a finding holds for its rule and principal, until they say otherwise
// or it is long ago.
func TestVerdictsAreHeeded(t *testing.T) {
	es := flood(t, 54*time.Hour)
	cfg := defaults()
	fs, _ := acting(t, cfg, es, "RATE-01")
	at := es[len(es)-1].Time()
	said := func(id string, a risk.Answer, after time.Duration) risk.Verdict {
		return risk.Verdict{Tenant: "default", Finding: id, Detector: behavior.Name, Rule: "RATE-01", Principal: fs[0].Subject.Principal, Verdict: a, Person: "ann", At: at.Add(after)}
	}
	for name, c := range map[string]struct {
		say  func(v *behavior.Verdicts)
		acts bool
	}{
		"nothing":         {func(*behavior.Verdicts) {}, true},
		"false":           {func(v *behavior.Verdicts) { v.Apply(said("a", risk.False, 0)) }, false},
		"benign":          {func(v *behavior.Verdicts) { v.Apply(said("a", risk.BenignTrue, 0)) }, false},
		"true":            {func(v *behavior.Verdicts) { v.Apply(said("a", risk.True, 0)) }, true},
		"false, long ago": {func(v *behavior.Verdicts) { v.Apply(said("a", risk.False, -31*24*time.Hour)) }, true},
		"false, then unknown": {func(v *behavior.Verdicts) {
			v.Apply(said("a", risk.False, 0))
			v.Apply(said("a", risk.Unknown, time.Minute))
		}, true},
		"unknown, then false": {func(v *behavior.Verdicts) {
			v.Apply(said("a", risk.Unknown, 0))
			v.Apply(said("a", risk.False, time.Minute))
		}, false},
		"an older one is late": {func(v *behavior.Verdicts) {
			v.Apply(said("a", risk.True, time.Minute))
			v.Apply(said("a", risk.False, 0))
		}, true},
		"of two the newest": {func(v *behavior.Verdicts) {
			v.Apply(said("a", risk.False, time.Minute))
			v.Apply(said("b", risk.True, 0))
		}, false},
		"taken back": {func(v *behavior.Verdicts) { v.Apply(said("a", risk.False, 0)); v.Remove("default", "a") }, true},
		"of another rule": {func(v *behavior.Verdicts) {
			w := said("a", risk.False, 0)
			w.Rule = "BOLA-01"
			v.Apply(w)
		}, true},
		"of another principal": {func(v *behavior.Verdicts) {
			w := said("a", risk.False, 0)
			w.Principal = "sub:other"
			v.Apply(w)
		}, true},
	} {
		cfg.Verdicts = behavior.NewVerdicts(cfg.HashKey, 10)
		c.say(cfg.Verdicts)
		if _, acts := acting(t, cfg, es, "RATE-01"); (acts > 0) != c.acts {
			t.Errorf("%s: %d updates act, want any: %v", name, acts, c.acts)
		}
	}
	v := behavior.NewVerdicts(cfg.HashKey, 1)
	if !v.Apply(said("a", risk.False, 0)) || v.Apply(said("b", risk.False, 0)) || !v.Apply(said("a", risk.True, time.Hour)) {
		t.Error("there is room for one finding")
	}
}
