package behavior_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/behavior"
)

// gathered runs es through both stages and gives what the second found by rule, and how
// many of its updates may be acted on.
func gathered(t *testing.T, cfg behavior.Config, es []*event.Event, rule string) (fs []finding.Finding, acts int) {
	t.Helper()
	factory, mergers := newStage(t, cfg)
	d, m := factory(0), mergers(0)
	var first, second detect.Out
	take := func() {
		for i := range second.Findings {
			if second.Findings[i].Rule == rule {
				fs = append(fs, second.Findings[i])
				if second.Acts(i) {
					acts++
				}
			}
		}
		second.Reset()
	}
	flush := func(to time.Time) {
		d.(detect.Flusher).Flush(&first)
		for i := range first.Partials {
			m.Merge(&first.Partials[i], &second)
		}
		first.Reset()
		m.(detect.Advancer).Advance(to, &second)
		take()
	}
	for i, e := range es {
		detectOne(d, e, &first)
		if i%20 == 19 {
			flush(e.Time())
		}
	}
	flush(es[len(es)-1].Time().Add(time.Hour))
	if len(fs) == 0 {
		t.Fatalf("the second stage found nothing by %s", rule)
	}
	return fs, acts
}

// since are es after one more event like the last, so long before all of them.
func since(es []*event.Event, known time.Duration) []*event.Event {
	first := *es[len(es)-1]
	first.RequestTime = es[0].RequestTime - int64(known)
	return append([]*event.Event{&first}, es...)
}

// What rests on what is usual of an endpoint alerts alone while the endpoint is new.
func TestSecondStageHeedsTheColdStart(t *testing.T) {
	for rule, file := range map[string]string{"CRED-01": "CRED-01/positive-many-sources", "SLOW-01": "SLOW-01/positive-guessed", "SPAM-01": "SPAM-01/positive-many-accounts"} {
		_, es := scenario(t, "testdata/"+file+".jsonl")
		cfg := defaults()
		fs, acts := gathered(t, cfg, es, rule)
		if acts > 0 || !strings.Contains(fs[0].Held, "48 hours") {
			t.Errorf("%s: %d of %d act on the first day of the endpoint (%q)", rule, acts, len(fs), fs[0].Held)
		}
		if fs, acts := gathered(t, cfg, since(es, 60*time.Hour), rule); acts != len(fs) {
			t.Errorf("%s: %d of %d act, though the endpoint is known (%q)", rule, acts, len(fs), fs[0].Held)
		}
		cfg.ColdStart = 0
		if fs, acts := gathered(t, cfg, es, rule); acts != len(fs) {
			t.Errorf("%s: %d of %d act where there is no cold start", rule, acts, len(fs))
		}
	}
}

// What people said of a finding that names many holds for those whom it names.
func TestSecondStageHeedsVerdicts(t *testing.T) {
	_, es := scenario(t, "testdata/CRED-01/positive-many-sources.jsonl")
	cfg := defaults()
	cfg.ColdStart = 0
	fs, _ := gathered(t, cfg, es, "CRED-01")
	last := fs[len(fs)-1]
	said := func(a risk.Answer, change func(v *risk.Verdict)) risk.Verdict {
		v := risk.Verdict{Tenant: "default", Finding: "an earlier one", Detector: behavior.Name, Rule: "CRED-01", Verdict: a, Person: "ann", At: last.Time,
			Addresses: last.Subject.Addresses, EndpointID: last.Subject.EndpointID}
		if change != nil {
			change(&v)
		}
		return v
	}
	none := func(v *risk.Verdict) { v.Addresses = nil }
	half := len(last.Subject.Addresses) / 2
	for name, c := range map[string]struct {
		v    risk.Verdict
		acts bool
	}{
		"false":               {said(risk.False, nil), false},
		"benign":              {said(risk.BenignTrue, nil), false},
		"true":                {said(risk.True, nil), true},
		"unknown":             {said(risk.Unknown, nil), true},
		"most of them":        {said(risk.False, func(v *risk.Verdict) { v.Addresses = v.Addresses[:half+1] }), false},
		"half of them":        {said(risk.False, func(v *risk.Verdict) { v.Addresses = v.Addresses[:half] }), true},
		"other addresses":     {said(risk.False, func(v *risk.Verdict) { v.Addresses = []string{"10.0.0.1"} }), true},
		"the endpoint alone":  {said(risk.False, none), true},
		"another rule":        {said(risk.False, func(v *risk.Verdict) { v.Rule = "SLOW-01" }), true},
		"long ago":            {said(risk.False, func(v *risk.Verdict) { v.At = v.At.Add(-31 * 24 * time.Hour) }), true},
		"of this very one":    {said(risk.BenignTrue, func(v *risk.Verdict) { v.Finding = last.ID; none(v) }), false},
		"this one, long ago":  {said(risk.BenignTrue, func(v *risk.Verdict) { v.Finding = last.ID; none(v); v.At = v.At.Add(-31 * 24 * time.Hour) }), true},
		"of one who is among": {said(risk.False, func(v *risk.Verdict) { v.Principal = "ip:" + v.Addresses[0] }), true},
	} {
		cfg.Verdicts = behavior.NewVerdicts(cfg.HashKey, 10)
		if !cfg.Verdicts.Apply(c.v) {
			t.Fatal(name)
		}
		fs, acts := gathered(t, cfg, es, "CRED-01")
		held := slices.ContainsFunc(fs, func(f finding.Finding) bool { return f.Held != "" })
		if (acts == len(fs)) != c.acts || held == c.acts {
			t.Errorf("%s: %d of %d act, want all: %v", name, acts, len(fs), c.acts)
		}
		cfg.Verdicts.Remove("default", c.v.Finding)
		if fs, acts := gathered(t, cfg, es, "CRED-01"); acts != len(fs) {
			t.Errorf("%s, taken back: %d of %d act", name, acts, len(fs))
		}
	}
}

// An endpoint that is open on purpose is so for whoever calls it next.
func TestVerdictOnAnEndpoint(t *testing.T) {
	_, es := scenario(t, "testdata/AUTH-01/positive-sensitive.jsonl")
	cfg := defaults()
	fs, acts := gathered(t, cfg, es, "AUTH-01")
	if acts == 0 {
		t.Fatal("nothing acts")
	}
	cfg.Verdicts = behavior.NewVerdicts(cfg.HashKey, 10)
	cfg.Verdicts.Apply(risk.Verdict{Tenant: "default", Finding: "another", Rule: "AUTH-01", Verdict: risk.BenignTrue, Person: "ann", At: fs[0].Time,
		Addresses: []string{"10.0.0.1"}, EndpointID: fs[0].Subject.EndpointID})
	if fs, acts := gathered(t, cfg, es, "AUTH-01"); acts > 0 || fs[0].Held == "" {
		t.Errorf("%d of %d act on an endpoint that may be open", acts, len(fs))
	}
}

// Nobody acts on a slow campaign: its sources look like people who mistyped.
func TestSlowStuffingAlertsAlone(t *testing.T) {
	_, es := scenario(t, "testdata/CRED-01/positive-slow-many-sources.jsonl")
	cfg := defaults()
	cfg.ColdStart = 0
	fs, acts := gathered(t, cfg, es, "CRED-01")
	if acts > 0 {
		t.Errorf("%d of %d act", acts, len(fs))
	}
	leaked := map[string]bool{}
	for _, e := range es {
		leaked[e.IDString()] = strings.Contains(string(e.RequestBody.Data), "leaked")
	}
	mine := 0
	for _, id := range fs[0].Events {
		if leaked[id] {
			mine++
		}
	}
	if 10*mine < 9*len(fs[0].Events) {
		t.Errorf("%d of the %d events that it names are the attack's", mine, len(fs[0].Events))
	}
}
