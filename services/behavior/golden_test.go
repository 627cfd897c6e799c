package behavior_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior"
)

// goldenCases is asserted so that no case is lost.
const goldenCases = 209

func files(tb testing.TB) []string {
	tb.Helper()
	fs, err := filepath.Glob("testdata/*-0[0-9]/*.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	return fs
}

func TestGolden(t *testing.T) {
	fs := files(t)
	if len(fs) != goldenCases {
		t.Fatalf("%d cases, want %d", len(fs), goldenCases)
	}
	covered, explained := make(map[string]bool), make(map[string]bool)
	for _, file := range fs {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".jsonl"), func(t *testing.T) {
			h, es := scenario(t, file)
			r, cfg := whole, h.config()
			r.cfg = &cfg
			first, second := r.events(t, es)
			slices.Sort(h.Expect)
			if got := ids(first); !slices.Equal(got, h.Expect) && len(got)+len(h.Expect) > 0 {
				t.Errorf("%s: %v, want %v", h.Case, got, h.Expect)
			}
			if got := ids(second); !slices.Equal(got, h.Stage2) && len(got)+len(h.Stage2) > 0 {
				t.Errorf("%s: second stage %v, want %v", h.Case, got, h.Stage2)
			}
			for _, f := range append(first, second...) {
				check(t, &f, len(es))
				explained[f.Rule] = explains(t, &f)
			}
			if n := len(first) + len(second); n > 0 {
				f := append(slices.Clone(first), second...)[n-1]
				t.Logf("%d updates; %s %s %.2f: %s (%s)", n, f.Rule, f.Severity, f.Confidence, f.Summary, f.Counterfactual)
			}
			for _, r := range append(h.Expect, h.Stage2...) {
				covered[r] = true
			}
		})
	}
	for _, r := range behavior.Rules() {
		if !covered[r.ID] {
			t.Errorf("%s has no positive case", r.ID)
		}
		if !explained[r.ID] {
			t.Errorf("no finding of %s can be decided again", r.ID)
		}
	}
}

// explains says whether f can be decided again from its numbers.
func explains(t *testing.T, f *finding.Finding) bool {
	t.Helper()
	lines, err := behavior.Explain(f)
	if err != nil || len(lines) == 0 || !strings.Contains(strings.Join(lines, "\n"), "as stored") {
		t.Errorf("%s does not explain itself: %s, %v", f.Rule, strings.Join(lines, "\n"), err)
		return false
	}
	return true
}

// check checks what holds for every finding.
func check(t *testing.T, f *finding.Finding, events int) {
	t.Helper()
	b, err := finding.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := finding.Decode(b); err != nil {
		t.Fatal(err)
	}
	if f.Confidence <= 0 || f.Confidence >= 1 || f.Count == 0 || f.Count > uint64(events) || f.Summary == "" || f.Counterfactual == "" ||
		len(f.Features) == 0 || len(f.Baseline) == 0 || f.LastSeen.Before(f.FirstSeen) || len(f.Events) > finding.MaxEvents {
		t.Errorf("malformed finding: %s", b)
	}
	for _, secret := range []string{"hunter", "user17", "@mail"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the finding holds %q: %s", secret, b)
		}
	}
}

// An attack that goes on must not flood: the updates grow with the logarithm of the
// count and with minutes, not with requests.
func TestUpdatesAreBounded(t *testing.T) {
	var seq uint64
	es := (&step{N: 5000, Every: 0.01, IP: "203.0.113.7", U: "/{x}/w{i}q", S: []int{404}}).events(&seq)
	walk := (&step{N: 5000, Every: 0.01, IP: "203.0.113.8", Sub: "m", U: "/accounts/{i+1000}"}).events(&seq)
	first, _ := whole.events(t, append(es, walk...))
	if len(first) > 60 {
		t.Errorf("%d findings and updates for 10,000 requests", len(first))
	}
}

// The same events must give the same findings however they are cut into batches and
// wherever the state is saved and restored, at once or beside, and however few actors
// are unpacked.
func TestSimulation(t *testing.T) {
	var all []*event.Event
	for _, file := range files(t) {
		_, es := scenario(t, file)
		all = append(all, es...)
	}
	slices.SortStableFunc(all, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	for _, partitions := range []int{1, 3} {
		never := func(int) bool { return false }
		want1, want2 := run{partitions: partitions, cut: func(i int) bool { return i%50 == 0 }, restart: never}.events(t, all)
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("partitions=%d seed=%d", partitions, seed), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				cuts, restarts := make([]bool, len(all)), make([]bool, len(all))
				for i := range cuts {
					cuts[i] = r.IntN(40) == 0
					restarts[i] = r.IntN(20) == 0
				}
				cfg := defaults()
				cfg.MaxUnpacked = 1 + int(seed)*int(seed)*10
				got1, got2 := run{partitions: partitions, cut: func(i int) bool { return cuts[i] }, restart: func(i int) bool { return restarts[i] }, beside: seed%2 == 1,
					order: r.Perm, cfg: &cfg}.events(t, all)
				same(t, "first stage", got1, want1)
				same(t, "second stage", got2, want2)
			})
		}
		if len(want1) == 0 || len(want2) == 0 {
			t.Errorf("nothing to compare: %d and %d findings", len(want1), len(want2))
		}
		for i := range want2 {
			if len(want2[i].Events) == 0 {
				t.Errorf("second stage: update %d names no events", i)
			}
		}
	}
}

// same compares as sets: the second stage judges several logins in the order they
// last came.
func same(t *testing.T, stage string, got, want []finding.Finding) {
	t.Helper()
	lines := func(fs []finding.Finding) []string {
		var ls []string
		for i := range fs {
			b, err := finding.Encode(&fs[i])
			if err != nil {
				t.Fatal(err)
			}
			ls = append(ls, string(b))
		}
		slices.Sort(ls)
		return ls
	}
	g, w := lines(got), lines(want)
	if slices.Equal(g, w) {
		return
	}
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Errorf("%s: %d findings, want %d; the first difference:\n%s\n%s", stage, len(g), len(w), at(g, i), at(w, i))
			return
		}
	}
}

func at(ls []string, i int) string {
	if i < len(ls) {
		return ls[i]
	}
	return "(none)"
}
