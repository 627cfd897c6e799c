package main

import (
	"fmt"
	"strings"

	"github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// kind is a set of events that is timed as one.
type kind struct {
	name  string
	cases []parity.Case
}

// attacks is how many of the rule set's attack tests are drawn.
const attacks = 600

func (o *options) kinds() ([]kind, error) {
	four := parity.Kinds()
	all := make([]kind, 0, 8)
	for i := range four {
		all = append(all, kind{four[i].Name, four[i : i+1]})
	}
	regression, _, err := parity.Regression(tests.FS)
	if err != nil {
		return nil, err
	}
	var hits []parity.Case
	for _, c := range regression {
		if len(c.Expect) > 0 {
			hits = append(hits, c)
		}
	}
	all = append(all,
		kind{"e mixed, 5 % attacks", parity.Mixed()},
		kind{"f attack tests of CRS", parity.Sample(hits, attacks, 1)},
		kind{"g URL-rich JSON 0.5-4 KB", parity.Links(40, 1)},
		kind{"h hostile", parity.Hostile()})
	if o.only == "" {
		return all, nil
	}
	var chosen []kind
	for _, k := range all {
		if strings.Contains(o.only, k.name[:1]) {
			chosen = append(chosen, k)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no kind of events among %q: there are a to h", o.only)
	}
	return chosen, nil
}
