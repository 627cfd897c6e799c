package scan

import (
	"encoding/json"
	"testing"

	"github.com/miradorhq/mirador/pkg/corpora"
)

// Numbers of the evaluation corpus, as values without a name: right when the true class
// is the best or ties.
func TestNumbersOfTheCorpus(t *testing.T) {
	s := scanner(t)
	have := map[string]bool{}
	for _, name := range s.Classes() {
		have[name] = true
	}
	tp, fp, fn := 0, 0, 0
	corpora.Each(t, "classification", "stdnum_dev.jsonl.gz", func(line []byte) {
		var r struct {
			Type, Value string
			Valid       bool
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if !have[r.Type] {
			return // postal codes, algorithms by themselves
		}
		switch is := best(s, r.Value, "", r.Type); {
		case r.Valid && is:
			tp++
		case r.Valid:
			fn++
		case is:
			fp++
		}
	})
	atLeast(t, tp, fp, fn, 0.99, 0.99)
}

func TestSecretsOfTheCorpus(t *testing.T) {
	s := scanner(t)
	tp, fp, fn := 0, 0, 0
	corpora.Each(t, "classification", "gitleaks_cases.jsonl.gz", func(line []byte) {
		var r struct {
			Text     string
			Positive bool
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		is := false
		for _, m := range s.Text([]byte(r.Text), nil) {
			is = is || s.Secret(m.Class)
		}
		switch {
		case r.Positive && is:
			tp++
		case r.Positive:
			fn++
		case is:
			fp++
		}
	})
	atLeast(t, tp, fp, fn, 0.99, 0.995)
}

func atLeast(t *testing.T, tp, fp, fn int, precision, recall float64) {
	t.Helper()
	if tp+fn == 0 {
		return // the corpus is absent, and corpora said so
	}
	p, r := float64(tp)/float64(tp+fp), float64(tp)/float64(tp+fn)
	t.Logf("precision %.4f, recall %.4f: %d right, %d wrong, %d missed", p, r, tp, fp, fn)
	if p < precision || r < recall {
		t.Errorf("precision %.4f, recall %.4f; want %.3f and %.3f at least", p, r, precision, recall)
	}
}
