package signature

import (
	"fmt"

	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	findings                  *prometheus.CounterVec
	errors, clipped, skipped  prometheus.Counter
	updates, scans, forgotten prometheus.Counter
	usual, placesForgotten    prometheus.Counter
	unseen                    prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: name, Help: help})
	}
	m := &metrics{
		findings:        prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: "rule_findings_total", Help: "Findings put out for the first time, by rule."}, []string{"rule"}),
		errors:          counter("engine_errors_total", "Transactions that the engine could not inspect to the end."),
		clipped:         counter("bodies_clipped_total", "Transactions whose body was longer than the engine inspects."),
		updates:         counter("updates_total", "Findings put out again because more events belong to them."),
		scans:           counter("scans_total", "Principals whose findings reached signature.scan_endpoints endpoints."),
		forgotten:       counter("windows_forgotten_total", "Open groups and callers that were ended early for want of room (signature.max_windows)."),
		usual:           counter("usual_total", "Requests that would be attacks if many callers did not send the like to the same field."),
		unseen:          counter("unseen_total", "Requests whose body was looked at again, for the core rule set has no variables for what it holds."),
		placesForgotten: counter("places_forgotten_total", "Fields and endpoints whose callers were forgotten for want of room (signature.max_places)."),
		skipped:         counter("enforced_skipped_total", "Transactions that the edge refused for Mirador, which are not judged again."),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.findings, m.errors, m.clipped, m.skipped, m.updates, m.scans, m.forgotten, m.usual, m.placesForgotten, m.unseen} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("signature: register metrics: %w", err)
		}
	}
	return m, nil
}

// automata is what has lazy automata: engine and second stage have, a test's need not.
type automata interface{ Automata() *dfa.Counts }

// countAutomata shows what the automata of a stage do.
func countAutomata(reg prometheus.Registerer, stage string, of any) error {
	a, ok := of.(automata)
	if !ok || reg == nil {
		return nil
	}
	counter := func(name, help string, value func() uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "mirador", Subsystem: Name, Name: name, Help: help,
			ConstLabels: prometheus.Labels{"stage": stage}}, func() float64 { return float64(value()) })
	}
	for _, c := range []prometheus.Collector{
		counter("automata_full_total", "Texts that a slower matcher was asked about because the states of an automaton were used up.", a.Automata().Asked.Load),
		counter("automata_restarts_total", "Automata whose states were thrown away to begin anew.", a.Automata().Restarts.Load),
	} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("signature: register metrics: %w", err)
		}
	}
	return nil
}
