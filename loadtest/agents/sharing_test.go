package agents_test

import (
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
)

// What makes ordinary traffic hard: addresses with many people behind, people with
// many addresses, and objects that are two people's.
func TestSharing(t *testing.T) {
	behind, homes, readers := map[string]map[string]bool{}, map[string]map[string]bool{}, map[string]map[string]bool{}
	put := func(m map[string]map[string]bool, k, v string) {
		if m[k] == nil {
			m[k] = map[string]bool{}
		}
		m[k][v] = true
	}
	o := agents.Defaults()
	for _, x := range day(t, o, nil) {
		who, address := x.Event.Principal(), string(x.Event.Client.Address)
		if x.Cohort != agents.Phone || !x.Event.Authenticated() {
			continue
		}
		put(behind, address, who)
		put(homes, who, address)
		if x.Template == "/v1/accounts/{int}" {
			put(readers, x.Object, who)
		}
	}
	most := func(m map[string]map[string]bool) (n int) {
		for _, of := range m {
			n = max(n, len(of))
		}
		return n
	}
	if n := most(behind); n < 20 {
		t.Errorf("at most %d people behind one address", n)
	}
	if n := most(homes); n < 3 {
		t.Errorf("at most %d addresses of one person", n)
	}
	if n := most(readers); n != 2 {
		t.Errorf("at most %d customers read one account, want the two of a family", n)
	}
}

// A week has its days: the bank rests when the shop does not.
func TestSeasons(t *testing.T) {
	o := agents.Defaults()
	o.Customers, o.Days, o.Sales, o.Deploys, o.Holidays = 300, 7, nil, nil, []int{3}
	w := world(t, o)
	count := func(n int) (bank, shop int) {
		if err := w.Day(n, nil, func(x *agents.Transaction) error {
			switch x.Cohort {
			case agents.Phone, agents.Desk:
				bank++
			case agents.Shopper, agents.Visitor:
				shop++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return bank, shop
	}
	bank, shop := count(0)
	for name, n := range map[string]int{"Saturday": 5, "the holiday": 3} {
		if b, s := count(n); 4*b > 3*bank || 8*s < 9*shop {
			t.Errorf("%s: bank %d, shop %d; on Monday %d and %d", name, b, s, bank, shop)
		}
	}
}
