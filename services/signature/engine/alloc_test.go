//go:build !race

package engine_test

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/engine"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// Under the race detector pools give things up at random, so this counts without.
func TestOrdinaryEventsHardlyAllocate(t *testing.T) {
	e := newEngine(t, func(*engine.Config) {})
	for _, c := range parity.Kinds() {
		if strings.HasPrefix(c.Name, "d") { // an attack
			continue
		}
		if n := testing.AllocsPerRun(20, func() {
			if _, err := e.Match(c.Event); err != nil {
				t.Fatal(err)
			}
		}); n > 50 {
			t.Errorf("%s: %v allocations", c.Name, n)
		}
	}
}
