//go:build !race

package gate

import (
	"testing"

	"github.com/miradorhq/mirador/services/signature/dfa"
)

// The race detector allocates of its own, so this counts without.
func TestPlainTextsHardlyAllocate(t *testing.T) {
	s, err := NewSet(expressions, dfa.NewBudget(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	s.Match("plain words only, and no more", nil) // makes the states
	if allocs := testing.AllocsPerRun(10, func() { s.Match("plain words only, and no more", nil) }); allocs > 1 {
		t.Errorf("%v allocations", allocs)
	}
}
