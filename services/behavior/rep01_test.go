package behavior_test

import (
	"slices"
	"testing"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior/reputation"
)

// A source on a list makes what other rules say of it surer, of both stages, and
// nothing else of it changes.
func TestListedSourcesRaise(t *testing.T) {
	for _, c := range []struct {
		file, rule string
		stage      int
		listed     reputation.Source
	}{
		{"testdata/RECON-01/positive-fast.jsonl", "RECON-01", 0, reputation.Source{File: "testdata/reputation/everybody.txt"}},
		{"testdata/CRED-01/positive-many-sources.jsonl", "CRED-01", 1, reputation.Source{File: "testdata/reputation/everybody.txt"}},
	} {
		_, es := scenario(t, c.file)
		last := func(with bool) finding.Finding {
			cfg := defaults()
			if with {
				cfg.Reputation.Lists = append(cfg.Reputation.Lists, reputation.List{Name: "everybody", Source: c.listed})
			}
			r := whole
			r.cfg = &cfg
			var stages [2][]finding.Finding
			stages[0], stages[1] = r.events(t, es)
			for _, f := range slices.Backward(stages[c.stage]) {
				if f.Rule == c.rule {
					return f
				}
			}
			t.Fatalf("%s: no %s", c.file, c.rule)
			return finding.Finding{}
		}
		without, with := last(false), last(true)
		n := with.Features[len(with.Features)-1]
		if with.Confidence <= without.Confidence || with.Confidence >= 1 || n.Name != "known_bad_sources" || n.Value < 1 || with.ID != without.ID || with.Severity != without.Severity || with.Summary != without.Summary {
			t.Errorf("%s: %+v\n%+v", c.file, with, without)
		}
	}
}
