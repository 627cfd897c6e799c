//go:build soak

package crash

import (
	"testing"
	"time"
)

// TestBrokerKilled kills the only broker with SIGKILL, again and again. Apache
// Kafka promises atomic transactions through that; 4.3 alone on one machine does
// not quite keep it (see pkg/runner/hung.go), and of some twenty such runs, before
// pkg/runner/reconnect.go was there, one ended with a finding missing. It is a
// measurement, in no other target than make soak-broker.
func TestBrokerKilled(t *testing.T) {
	run(t, plan{events: 10_000, faults: 5, rate: 400, outage: 6 * time.Second, kinds: []Kind{KillBroker, KillService, KillBroker, KillClickHouse}})
}

// TestBrokerRestarted stops the only broker in order and starts it again, which left
// outputs of a transaction out before members looked for hung ones at a reconnect (see
// pkg/runner/reconnect.go).
func TestBrokerRestarted(t *testing.T) {
	run(t, plan{events: 10_000, faults: 8, rate: 400, outage: 6 * time.Second, kinds: []Kind{RestartBroker}})
}
