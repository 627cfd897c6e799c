package signature

import (
	"testing"

	"github.com/miradorhq/mirador/services/signature/dfa"
	"github.com/prometheus/client_golang/prometheus"
)

// lazy is an engine with automata.
type lazy struct {
	silent
	counts dfa.Counts
}

func (l *lazy) Automata() *dfa.Counts { return &l.counts }

// How often automata ran full can be seen from outside.
func TestAutomataAreCounted(t *testing.T) {
	reg, l := prometheus.NewRegistry(), &lazy{}
	if _, err := Factory(Defaults(), l, nil, reg); err != nil {
		t.Fatal(err)
	}
	l.counts.Asked.Add(7)
	l.counts.Restarts.Add(2)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if l := m.GetLabel(); len(l) == 1 && l[0].GetValue() == "rules" {
				got[f.GetName()] = m.GetCounter().GetValue()
			}
		}
	}
	if len(got) != 2 || got["mirador_signature_automata_full_total"] != 7 || got["mirador_signature_automata_restarts_total"] != 2 {
		t.Errorf("%v", got)
	}
}
