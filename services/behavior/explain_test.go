package behavior_test

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior"
)

// TestExplainTellsWhatIsWrong: golden_test.go has every finding explain itself; this is
// about those that cannot.
func TestExplainTellsWhatIsWrong(t *testing.T) {
	right := func() finding.Finding {
		return finding.Finding{Rule: "ENUM-01", Confidence: 0.6 + 0.2*30/96, Versions: finding.Versions{Detector: behavior.Version},
			Features: []finding.Number{{Name: "ids", Value: 30}, {Name: "denied_share", Value: 0}, {Name: "stride", Value: 1}, {Name: "density", Value: 1}},
			Baseline: []finding.Number{{Name: "ids", Value: 24}, {Name: "stride", Value: 100}, {Name: "density", Value: 0.5}}}
	}
	f := right()
	if lines, err := behavior.Explain(&f); err != nil || !strings.Contains(strings.Join(lines, "\n"), "30 is at or above 24") {
		t.Errorf("%v, %v", lines, err)
	}
	for want, change := range map[string]func(*finding.Finding){
		"version 0 found it": func(f *finding.Finding) { f.Versions.Detector = "0" },
		"does not alert":     func(f *finding.Finding) { f.Features[0].Value = 23 },
		"stored is 0.9900":   func(f *finding.Finding) { f.Confidence = 0.99 },
	} {
		f := right()
		change(&f)
		if _, err := behavior.Explain(&f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	f = right()
	f.Baseline = f.Baseline[:2]
	if lines, err := behavior.Explain(&f); err != nil || !strings.Contains(strings.Join(lines, "\n"), "as they were") {
		t.Errorf("numbers that do not suffice: %v, %v", lines, err)
	}
	f = right()
	f.Rule = "X-99"
	if lines, err := behavior.Explain(&f); err != nil || !strings.Contains(strings.Join(lines, "\n"), "30, normal 24") {
		t.Errorf("a rule without a formula: %v, %v", lines, err)
	}
}
