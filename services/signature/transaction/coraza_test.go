package transaction

import (
	"fmt"
	"testing"
)

// same compares the requests under ample and under narrow limits, and asserts that
// something was compared.
func same(t *testing.T, name string, rs []request, floor int) {
	t.Helper()
	values, failed, read := 0, 0, make(map[string]int)
	for _, cfg := range [...]Config{ample, narrow} {
		o := newOracle(t, cfg)
		o.processors = read
		for i := range rs {
			differences, n := o.compare(rs[i].event())
			values += n
			if len(differences) > 0 {
				if failed++; failed < 10 {
					t.Errorf("%s %d: %s %q %q\n%q", name, i, rs[i].Method, rs[i].URI, rs[i].Headers, rs[i].Body)
					for _, d := range differences {
						t.Error(d)
					}
				}
			}
		}
	}
	fmt.Printf("transaction: %-32s %6d events, %8d values compared with Coraza, %d events differ; bodies %v\n", name, 2*len(rs), values, failed, read)
	if failed > 0 || len(rs) < floor {
		t.Errorf("%s: %d events differ; %d requests, at least %d are expected", name, failed, len(rs), floor)
	}
}

func TestRegressionAsCoraza(t *testing.T) {
	files, rs := regression(t)
	if files < 300 {
		t.Errorf("%d files of tests", files)
	}
	same(t, "rule set's own tests", rs, 4000)
}

func TestCorporaAsCoraza(t *testing.T) {
	for _, c := range []struct {
		name        string
		step, floor int
	}{
		{"crs_regression.jsonl.gz", 1, 4000},
		{"csic2010_normal_train.jsonl.gz", 5, 1500},
		{"httpparams_train.jsonl.gz", 10, 1500},
		{"libinjection.jsonl.gz", 10, 1500},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, c.name, corpus(t, c.name, c.step), c.floor) })
	}
}

func TestTrafficAsCoraza(t *testing.T) { same(t, "seeded traffic", traffic(t), 7) }
