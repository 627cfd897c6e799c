package parity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// A comparison that can't fail proves nothing: faults are planted and must be seen,
// and nothing else.
func TestPlantedFaultsAreSeen(t *testing.T) {
	oracle, err := parity.Coraza(parity.Service(1))
	if err != nil {
		t.Fatal(err)
	}
	cases := slices.Delete(parity.Kinds(), 2, 3) // without the longest
	if r := parity.Compare(cases, oracle, oracle); len(r.Differences) != 0 || r.Compared != 3 || r.Fired == 0 {
		t.Fatalf("Coraza is held against itself: %+v", r)
	}
	const sqli = 942190
	for _, c := range []struct {
		name  string
		fault func([]int, map[string]int) ([]int, map[string]int)
		want  string // of the first difference
		count int
	}{
		{"a rule that never fires", func(r []int, s map[string]int) ([]int, map[string]int) {
			return slices.DeleteFunc(r, func(id int) bool { return id == sqli }), s
		}, "d SQLi in JSON: missing [942190]\n", 1},
		{"a rule that always fires", func(r []int, s map[string]int) ([]int, map[string]int) {
			return append(r, 999999), s
		}, "a JSON 1 KB: extra [999999]\n", 3},
		{"a score", func(r []int, s map[string]int) ([]int, map[string]int) {
			if s["sql_injection_score"] > 0 {
				s["sql_injection_score"]++
			}
			return r, s
		}, "scores sql_injection_score: ", 1},
		{"a score that the oracle has not", func(r []int, s map[string]int) ([]int, map[string]int) {
			s["made_up_score"] = 1
			return r, s
		}, "scores made_up_score: 0, 1\n", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := parity.Compare(cases, oracle, faulty{oracle, c.fault})
			if len(r.Differences) != c.count {
				t.Fatalf("%d differences, want %d: %v", len(r.Differences), c.count, r.Differences)
			}
			if s := r.Differences[0].String(); !strings.Contains(s, c.want) {
				t.Errorf("%q does not say %q", s, c.want)
			}
		})
	}
}

// refusing is an engine that can inspect nothing.
type refusing struct{}

func (refusing) Observe(*event.Event) ([]int, map[string]int, error) {
	return nil, nil, errors.New("refused")
}

func TestAnErrorOfOneSideIsADifference(t *testing.T) {
	oracle, err := parity.Coraza(parity.Service(1))
	if err != nil {
		t.Fatal(err)
	}
	cases := parity.Kinds()[1:2]
	if r := parity.Compare(cases, oracle, refusing{}); len(r.Differences) != 1 || !strings.Contains(r.Differences[0].String(), "the oracle does not say: refused") {
		t.Errorf("%v", r.Differences)
	}
	if r := parity.Compare(cases, refusing{}, oracle); len(r.Differences) != 1 || !strings.Contains(r.Differences[0].String(), "the oracle alone says: refused") {
		t.Errorf("%v", r.Differences)
	}
	if r := parity.Compare(cases, refusing{}, refusing{}); len(r.Differences) != 0 {
		t.Errorf("%v", r.Differences)
	}
}

func TestRulesThatSayNothingAreTold(t *testing.T) {
	oracle, err := parity.Coraza(parity.Service(1))
	if err != nil {
		t.Fatal(err)
	}
	rules, scores, err := oracle.Observe(parity.Kinds()[3].Event)
	if err != nil {
		t.Fatal(err)
	}
	says, silent := 0, 0
	for _, id := range rules {
		if oracle.Says(id) {
			says++
		} else {
			silent++
		}
	}
	if says == 0 || silent == 0 || !slices.IsSorted(rules) {
		t.Errorf("%d rules with a message, %d without: %v", says, silent, rules)
	}
	for _, name := range []string{"detection_inbound_anomaly_score", "blocking_inbound_anomaly_score", "inbound_anomaly_score_pl1", "inbound_anomaly_score_pl4", "outbound_anomaly_score_pl1", "sql_injection_score"} {
		if _, ok := scores[name]; !ok {
			t.Errorf("no score %s among %v", name, scores)
		}
	}
}

func TestTrafficIsTheSameEachTime(t *testing.T) {
	a, b := parity.Links(20, 3), parity.Links(20, 3)
	other := parity.Links(20, 4)
	same := 0
	for i := range a {
		body := string(a[i].Event.RequestBody.Data)
		if body != string(b[i].Event.RequestBody.Data) {
			t.Errorf("document %d is another the second time", i)
		}
		if body == string(other[i].Event.RequestBody.Data) {
			same++
		}
		if n := len(body); n < 512 || n > 4096 {
			t.Errorf("document %d has %d bytes", i, n)
		}
		if !strings.Contains(body, "https://") {
			t.Errorf("document %d has no address: %s", i, body)
		}
	}
	if same == len(a) {
		t.Error("the seed changes nothing")
	}
	if n := len(parity.Kinds()[0].Event.RequestBody.Data); n < 1000 || n > 1200 {
		t.Errorf("the 1 KB order has %d bytes", n)
	}
}
