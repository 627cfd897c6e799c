package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// The traffic of the bank, ordinary people and attackers, is seen by the engine as
// Coraza sees it.
func TestBankIsSeenAsCorazaSeesIt(t *testing.T) {
	var cases []parity.Case
	for i, x := range traffic.Generate(traffic.Options{Seed: 3, Events: 2000, Start: time.Unix(1_760_000_000, 0), Span: time.Minute}) {
		cases = append(cases, parity.Case{Name: fmt.Sprintf("bank %d %s", i, x.Kind), Event: x.Event})
	}
	for level := 1; level <= 2; level++ {
		s := parity.Service(level)
		oracle, err := parity.Coraza(s)
		if err != nil {
			t.Fatal(err)
		}
		e, err := candidate(s)
		if err != nil {
			t.Fatal(err)
		}
		r := parity.Compare(parity.Sample(cases, 300, uint64(level)), oracle, e)
		fmt.Printf("parity: bank, level %d: %d events compared, %d rules fired (%d different), %d differ\n", level, r.Compared, r.Fired, r.Rules, len(r.Differences))
		if r.Compared != 300 || r.Rules < 40 {
			t.Errorf("%d events and %d rules compared", r.Compared, r.Rules)
		}
		if len(r.Differences) > 0 {
			t.Errorf("%d events differ:\n%s\n%s", len(r.Differences), r.ByRule(), r.Differences[0].String())
		}
	}
}
