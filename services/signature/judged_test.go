package signature

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// silent is an engine that no rule matches in.
type silent struct{}

func (silent) Match(*event.Event) (Result, error) { return Result{}, nil }
func (silent) Version() string                    { return "silent" }

// fixed is a second stage that always says the same.
type fixed Judgement

func (f fixed) Judge(*event.Event, string, *content.Document, Result) Judgement {
	return Judgement(f)
}
func (fixed) Answer(*event.Event, Result) Judgement { return Judgement{} }
func (fixed) Version() string                       { return "fixed" }

func judgedFindings(t *testing.T, j Judgement) []finding.Finding {
	t.Helper()
	factory, err := Factory(Defaults(), silent{}, fixed(j), nil)
	if err != nil {
		t.Fatal(err)
	}
	tx := &detect.Tx{}
	e := &event.Event{Tenant: []byte("default"), Method: []byte("GET"), Path: []byte("/v1/users"), Authority: []byte("a.test"), Status: 200}
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.DefaultLimits)
	out := &detect.Out{}
	factory(0).Detect(tx, out)
	return out.Findings
}

func TestJudgedFinding(t *testing.T) {
	j := Judgement{Attack: true, Score: 0.95, Threshold: 0.5, Class: Forging, Bias: -4,
		Terms: []Term{{"pack.sure@short", 1, 5}, {"start@short", 1, 2}, {"field.text", 1, -0.05}},
		Matches: []Match{{Rule: "log-line", Title: "Line break", Class: Forging, Location: "request.body", Name: "user", Value: "maria\nINFO x", CWE: []string{"CWE-1"}, Depth: 1},
			{Rule: "crs 921110", Title: "Smuggling", Class: Protocol, Location: "request.body", Name: "user", Value: "maria"}}}
	fs := judgedFindings(t, j)
	if len(fs) != 1 {
		t.Fatalf("%d findings", len(fs))
	}
	f := fs[0]
	if f.Rule != "SIG-FORGING" || f.Severity != finding.Medium || f.Confidence != 0.95 || len(f.CWE) != 1 || f.CWE[0] != "CWE-1" || f.Versions.Rules != "silent, fixed" {
		t.Errorf("%+v", f)
	}
	if len(f.Evidence) != 2 || strings.Contains(f.Evidence[0].Masked, "maria") || f.Evidence[0].Note != "log-line Line break, decoded 1 time" {
		t.Errorf("evidence %+v", f.Evidence)
	}
	var terms, rules int
	for _, n := range f.Features {
		switch {
		case strings.HasPrefix(n.Name, FeatureTerm):
			terms++
		case n.Name == "pack_log-line" || n.Name == "crs_921110":
			rules++
		}
	}
	if terms != 4 || rules != 2 {
		t.Errorf("features %+v", f.Features)
	}
	if want := "without pack.sure@short the score would be 0.11"; f.Counterfactual != want {
		t.Errorf("counterfactual %q, want %q", f.Counterfactual, want)
	}
	// What the server answered makes it worse.
	j.Terms = append(j.Terms, Term{"answer.reflects", 1, 0.5})
	if f := judgedFindings(t, j)[0]; f.Severity != finding.High {
		t.Errorf("severity %s", f.Severity)
	}
	j.Attack = false
	if fs := judgedFindings(t, j); len(fs) != 0 {
		t.Errorf("no attack, but %+v", fs)
	}
}

func TestClassNames(t *testing.T) {
	for c := range classes {
		if got, ok := ParseClass(c.String()); !ok || got != c {
			t.Errorf("class %d is called %q, which is %d", c, c, got)
		}
	}
	if _, ok := ParseClass("unheard"); ok {
		t.Error("a class that is not there")
	}
}
