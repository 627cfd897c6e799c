package risk_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

var at = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

func part(family, id string, c, s float64, age time.Duration) risk.Part {
	return risk.Part{Family: family, Rule: "R-01", Finding: id, Precision: c, Weight: s, HalfLife: 3600, At: at.Add(-age)}
}

func TestScore(t *testing.T) {
	for name, c := range map[string]struct {
		parts []risk.Part
		want  float64
	}{
		"nothing":                      {nil, 0},
		"one":                          {[]risk.Part{part("a", "1", .9, .8, 0)}, 72},
		"half of it after a half-life": {[]risk.Part{part("a", "1", .9, .8, time.Hour)}, 36},
		"two of a family are one":      {[]risk.Part{part("a", "1", .9, .8, 0), part("a", "2", .5, .8, 0)}, 72},
		"two families add up":          {[]risk.Part{part("a", "1", .9, .8, 0), part("b", "2", .5, .8, 0)}, 100 * (1 - .28*.6)},
		"the older may be stronger":    {[]risk.Part{part("a", "1", .9, .8, time.Hour), part("a", "2", .1, .8, 0)}, 36},
		"an event from the future":     {[]risk.Part{part("a", "1", .9, .8, -time.Hour)}, 72},
		"no half-life is nothing":      {[]risk.Part{{Family: "a", Precision: 1, Weight: 1, At: at}}, 0},
	} {
		if got := risk.Score(c.parts, at); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	fs := risk.Families([]risk.Part{part("b", "9", .5, .5, 0), part("a", "2", .5, .5, 0), part("a", "1", .5, .5, 0), part("c", "3", .9, .9, 0)}, at)
	if len(fs) != 3 || fs[0].Name != "c" || fs[1].Name != "a" || fs[1].Part.Finding != "1" || fs[2].Name != "b" {
		t.Errorf("order %+v", fs)
	}
}

func TestPrecision(t *testing.T) {
	prior := risk.DefaultPrior()
	for name, c := range map[string]struct {
		confidence float64
		tally      risk.Tally
		want       float64
	}{
		"nobody looked":                     {.9, risk.Tally{}, .9},
		"ten say no":                        {.9, risk.Tally{False: 10}, .45},
		"ten say yes":                       {.5, risk.Tally{True: 10}, .75},
		"benign is half a no":               {1, risk.Tally{Benign: 10}, .75},
		"a confidence out of bounds is cut": {7, risk.Tally{}, 1},
	} {
		if got := prior.Posterior(c.confidence, c.tally).Mean(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	var tally risk.Tally
	tally.Add(risk.True, 1)
	tally.Add(risk.BenignTrue, 1)
	tally.Add(risk.Unknown, 1)
	tally.Add(risk.True, -1)
	tally.Add(risk.False, -1)
	if tally != (risk.Tally{Benign: 1}) {
		t.Errorf("%+v", tally)
	}
}

// TestInterval compares with quantiles that have a closed form: Beta(1,1) is uniform,
// the q-th of Beta(a,1) is q^(1/a), and Beta(a,a) is symmetric.
func TestInterval(t *testing.T) {
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 1e-8 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	low, high := risk.Beta{A: 1, B: 1}.Interval(.9)
	near("uniform, low", low, .05)
	near("uniform, high", high, .95)
	low, high = risk.Beta{A: 7, B: 1}.Interval(.9)
	near("Beta(7,1), low", low, math.Pow(.05, 1./7))
	near("Beta(7,1), high", high, math.Pow(.95, 1./7))
	low, high = risk.Beta{A: 400, B: 400}.Interval(.9)
	near("symmetric", low+high, 1)
	if high-low > .06 || high-low < .05 { // 2·1.645·sqrt(.25/801)
		t.Errorf("width %v", high-low)
	}
	if low, high = (risk.Beta{A: 3}).Interval(.9); low != 1 || high != 1 {
		t.Errorf("certainty is from %v to %v", low, high)
	}
}

func TestRecords(t *testing.T) {
	if err := errors.Join(contract.Compare[risk.Principal]("principal", "json"), contract.Compare[risk.Verdict]("verdict", "json")); err != nil {
		t.Error(err)
	}
	p := risk.Principal{Tenant: "acme", Principal: "sub:1", Risk: 72, Level: risk.Challenge, Held: "one family", Updated: at, FirstSeen: at, LastSeen: at,
		Findings: 1, Addresses: []string{"192.0.2.1"}, Summary: "s", Parts: []risk.Part{{Family: "a", Rule: "R-01", Finding: "1", Title: "t",
			Severity: finding.High, Precision: .9, Weight: .8, HalfLife: 3600, At: at, Count: 3, Deterministic: true, Verdict: risk.True}}}
	b, err := risk.EncodePrincipal(&p)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("principal", b); err != nil {
		t.Error(err)
	}
	back, err := risk.DecodePrincipal(b)
	if err != nil || back.RiskAt(at) != p.RiskAt(at) || string(back.Key()) != "acme|sub:1" || back.Parts[0] != p.Parts[0] {
		t.Errorf("%+v (%v)", back, err)
	}
	v := risk.Verdict{Tenant: "acme", Finding: "1", Detector: "behavior", Rule: "BOLA-01", Principal: "sub:1", Verdict: risk.BenignTrue, Person: "ann", At: at, Note: "a test"}
	if b, err = risk.EncodeVerdict(&v); err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("verdict", b); err != nil {
		t.Error(err)
	}
	many := v
	many.Principal, many.Addresses, many.EndpointID, many.Service = "", []string{"192.0.2.1", "192.0.2.2"}, "e1", "bank"
	if b, err := risk.EncodeVerdict(&many); err != nil || contract.Validate("verdict", b) != nil {
		t.Errorf("%s: %v, %v", b, err, contract.Validate("verdict", b))
	} else if got, err := risk.DecodeVerdict(b); err != nil || !reflect.DeepEqual(got, many) {
		t.Errorf("%+v (%v)", got, err)
	}
	if got, err := risk.DecodeVerdict(b); err != nil || !reflect.DeepEqual(got, v) || string(got.Key()) != "acme|1" {
		t.Errorf("%+v (%v)", got, err)
	}
	for name, change := range map[string]func(*risk.Verdict){
		"no person": func(v *risk.Verdict) { v.Person = "" }, "another answer": func(v *risk.Verdict) { v.Verdict = "maybe" },
		"a long note": func(v *risk.Verdict) { v.Note = strings.Repeat("x", risk.MaxNote+1) }, "no time": func(v *risk.Verdict) { v.At = time.Time{} },
		"too many addresses":        func(v *risk.Verdict) { v.Addresses = make([]string, risk.MaxAddresses+1) },
		"a separator in the tenant": func(v *risk.Verdict) { v.Tenant = "a|b" },
	} {
		bad := v
		change(&bad)
		b, err := risk.EncodeVerdict(&bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := risk.DecodeVerdict(b); !errors.Is(err, risk.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, b := range []string{"", "{", "[]", `{"tenant":"a"}`} {
		if _, err := risk.DecodePrincipal([]byte(b)); !errors.Is(err, risk.ErrMalformed) {
			t.Errorf("%q: %v", b, err)
		}
	}
}
