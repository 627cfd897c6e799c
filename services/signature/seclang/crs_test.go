package seclang_test

import (
	"testing"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

func whole(t testing.TB, extra string) *seclang.Program {
	p, err := seclang.Parse(seclang.Source{Name: "@coraza.conf-recommended"}, seclang.Source{Name: "@crs-setup.conf.example"},
		seclang.Source{Name: "own", Text: extra + "\n"}, seclang.Source{Name: "@owasp_crs/*.conf"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCoreRuleSetIsReadWhole(t *testing.T) {
	p := whole(t, "")
	var rules, links, markers int
	for _, it := range p.Items {
		if it.Rule == nil {
			markers++
			continue
		}
		rules++
		for r := it.Rule.Chain; r != nil; r = r.Chain {
			links++
		}
	}
	if rules != 631 || links != 72 || markers != 30 {
		t.Errorf("%d rules, %d that follow in chains, %d markers", rules, links, markers)
	}
	if p.Version != "OWASP_CRS/4.25.0" {
		t.Errorf("version %q", p.Version)
	}
}
