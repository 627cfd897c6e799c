//go:build soak

package crash

import (
	"testing"
	"time"
)

// TestSoak is the long run of make soak: every kind of fault several times, and
// ClickHouse away for half a minute.
func TestSoak(t *testing.T) {
	run(t, plan{events: 100_000, faults: 28, rate: 300, outage: 30 * time.Second, kinds: Kinds()})
}
