package seclang_test

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/seclang"
)

// TestPrintedRulesReadTheSame prints the whole set, own rules included, and reads it
// again. The files of operators stand where they stood.
func TestPrintedRulesReadTheSame(t *testing.T) {
	p := whole(t, own)
	var text strings.Builder
	for _, it := range p.Items {
		if it.Rule == nil {
			text.WriteString("SecMarker \"" + it.Marker + "\"\n")
			continue
		}
		text.WriteString(strings.ReplaceAll(it.Rule.String(), "@pmFromFile ", "@pmFromFile @owasp_crs/") + "\n")
	}
	rereads(t, p, text.String())
}

// rereads compares a program with what it was printed as.
func rereads(t *testing.T, p *seclang.Program, text string) {
	t.Helper()
	again, err := seclang.Parse(seclang.Source{Name: "printed", Text: text})
	if err != nil {
		t.Fatalf("%v\nprinted as\n%s", err, text)
	}
	if len(again.Items) != len(p.Items) {
		t.Fatalf("%d rules and markers became %d", len(p.Items), len(again.Items))
	}
	for i := range p.Items {
		got, want := comparable(again.Items[i]), comparable(p.Items[i])
		if got != want {
			t.Errorf("printed as\n%s\nand read as\n%s\nfrom\n%s", p.Items[i].Rule, got, want)
		}
	}
}

// comparable is describe without what printing leaves out or the test changes.
func comparable(it seclang.Item) string {
	for r := it.Rule; r != nil; r = r.Chain {
		r.File = ""
		if r.Phase == 0 { // whether it is logged is the first rule's to say
			r.Log, r.AuditLog = false, false
		}
		if r.Op != nil {
			r.Op.Argument = strings.TrimPrefix(r.Op.Argument, "@owasp_crs/")
		}
	}
	return describe(it)
}

func TestPrintedRule(t *testing.T) {
	p, err := seclang.Parse(seclang.Source{Text: `SecRule ARGS|!ARGS:/^A"/|ARGS:B "a\"b" "id:1,t:none,t:normalizePath,msg:'it\'s',setvar:tx.A=+%{tx.B},chain"
SecRule &TX:x "!@eq 1" "ctl:ruleRemoveTargetById=3-4;ARGS:/q/"`})
	if err != nil {
		t.Fatal(err)
	}
	const want = `SecRule ARGS|!ARGS:/^A"/|ARGS:B "@rx a\"b" "id:'1',phase:'2',pass,t:normalisePath,msg:'it\'s',setvar:'tx.a=+%{tx.B}',log,auditlog,chain"
SecRule &TX:x "!@eq 1" "ctl:'ruleRemoveTargetById=3-4;ARGS:/q/'"`
	if got := p.Items[0].Rule.String(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}
