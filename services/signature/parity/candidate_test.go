package parity_test

import (
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/coraza"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// pair compiles both sides for a setup; Coraza takes most of a second and some 50 MB,
// so tests share what they can.
func pair(tb testing.TB, s parity.Setup) (oracle *coraza.Engine, candidate parity.Engine) {
	tb.Helper()
	oracle, err := parity.Coraza(s)
	if err != nil {
		tb.Fatal(err)
	}
	if candidate, err = parity.Candidate(s); err != nil {
		tb.Fatal(err)
	}
	return oracle, candidate
}

// suite reads the regression tests once.
var suite = sync.OnceValues(readSuite)

// faulty is an engine with a planted fault.
type faulty struct {
	parity.Engine
	fault func(rules []int, scores map[string]int) ([]int, map[string]int)
}

func (f faulty) Observe(e *event.Event) ([]int, map[string]int, error) {
	rules, scores, err := f.Engine.Observe(e)
	rules, scores = f.fault(slices.Clone(rules), maps.Clone(scores))
	return rules, scores, err
}
