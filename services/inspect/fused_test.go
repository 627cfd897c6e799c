package inspect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/inspect"
	"github.com/segmentio/encoding/json"
)

// TestFindingsAreFused: one address injects and tries passwords. Each detector acts by
// itself, and the responder by what they say together.
func TestFindingsAreFused(t *testing.T) {
	var b strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&b, `{"ts":"2026-01-05T10:00:%02dZ","client_ip":"203.0.113.9","method":"POST","uri":"https://api.shop.example/v1/login","headers":{"content-type":"application/json"},"body":"{\"username\":\"u%d\",\"password\":\"p\"}","status":401}`+"\n", i, i)
	}
	for i := 1; i <= 5; i++ {
		fmt.Fprintf(&b, `{"ts":"2026-01-05T10:01:%02dZ",%s}`+"\n", i, attack)
	}
	for i := 1; i <= 5; i++ {
		fmt.Fprintf(&b, `{"ts":"2026-01-05T10:02:%02dZ","client_ip":"198.51.100.1",%s}`+"\n", i, clean)
	}
	path := write(t, "a.jsonl", b.String())

	o := inspect.Options{Files: []string{path}, Out: inspect.Risk, JSON: true}
	lines, complaints, sum, err := run(t, o)
	if err != nil || len(complaints) > 0 || len(lines) != 1 || sum.Principals != 1 {
		t.Fatalf("%v %v: %q", err, complaints, lines)
	}
	var p risk.Principal
	if err := json.Unmarshal([]byte(lines[0]), &p); err != nil {
		t.Fatal(err)
	}
	if p.Principal != "ip:203.0.113.9" || p.Level != risk.Block || p.Risk < 80 || len(risk.Families(p.Parts, p.Updated)) < 2 {
		t.Errorf("%+v", p)
	}

	o.Out = inspect.Actions
	lines, _, sum, err = run(t, o)
	if err != nil || sum.Actions != len(lines) {
		t.Fatal(err, sum)
	}
	issuers := map[string]action.Op{}
	for _, l := range lines {
		a, err := action.Decode([]byte(l))
		if err != nil {
			t.Fatal(err)
		}
		if a.Target.Value != "203.0.113.9" || a.Mode != action.DryRun {
			t.Errorf("%s of %+v", a.Mode, a.Target)
		}
		issuers[a.Issuer] = a.Op
	}
	for _, want := range []string{"behavior/CRED-01/0", "signature/SIG-SQLI/0", "responder-merge/RISK-01/0"} {
		if issuers[want] != action.Block {
			t.Errorf("no block by %s: %v", want, issuers)
		}
	}
	again, _, _, _ := run(t, o)
	if !slices.Equal(lines, again) {
		t.Errorf("two runs differ:\n%s\n%s", strings.Join(lines, "\n"), strings.Join(again, "\n"))
	}

	o.Out, o.JSON, o.Detectors = inspect.Findings, false, []string{inspect.All}
	lines, _, _, _ = run(t, o)
	if text := strings.Join(lines, "\n"); !strings.Contains(text, "RISK-01") || !strings.Contains(text, "CRED-01") {
		t.Errorf("no RISK-01 among\n%s", text)
	}
	o.Detectors = []string{"signature", inspect.Responder}
	lines, _, _, _ = run(t, o)
	if text := strings.Join(lines, "\n"); strings.Contains(text, "CRED-01") || !strings.Contains(text, "SIG-SQLI") {
		t.Errorf("other detectors ran than were asked for:\n%s", text)
	}
	o.Out, o.Detectors = inspect.Risk, nil
	if lines, _, _, _ = run(t, o); len(lines) != 2 || !strings.Contains(lines[0], "block") || !strings.Contains(lines[1], "login") {
		t.Errorf("%q", lines)
	}
}
