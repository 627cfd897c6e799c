package parity_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/miradorhq/mirador/services/signature/parity"
)

// The oracle is right about Coraza and not always about the rule set: where it departs
// from what the rule set's authors expect, testdata/departures.tsv says so and why.
// The table is complete and holds nothing that is not so.
func TestDeparturesOfCorazaAreKnown(t *testing.T) {
	oracle, err := parity.Coraza(parity.Suite(4))
	if err != nil {
		t.Fatal(err)
	}
	list, asked, err := parity.Departures(regression(t), oracle)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("parity: Coraza departs from %d of %d expectations of the rule set's tests\n", len(list), asked)
	if asked < 4600 {
		t.Errorf("%d tests expect something, want at least 4600", asked)
	}
	b, err := os.ReadFile("testdata/departures.tsv")
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := parity.Reasons(string(b))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if _, ok := reasons[d.String()]; !ok {
			t.Errorf("not in the table: %s", d)
		}
		delete(reasons, d.String())
	}
	for d := range reasons {
		t.Errorf("in the table, but not so: %s", d)
	}
}
