package main

import (
	"io"
	"testing"

	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/verdict"
)

// Of an attack only its worst place is taught; what ordinary requests have as well
// gets no weight, and the same input gives the same weights.
func TestFit(t *testing.T) {
	place := func(names ...string) (p []signature.Term) {
		for _, n := range names {
			p = append(p, signature.Term{Name: n, Value: 1})
		}
		return p
	}
	var examples []example
	for range 60 {
		examples = append(examples,
			example{attack: true, weight: 1, places: [][]signature.Term{place("pack.sure@token", "rule.a"), place("field.text", "rule.b")}},
			example{weight: 1, places: [][]signature.Term{place("field.text", "rule.b"), place("pack.strong@markup")}})
	}
	a, b := &verdict.Model{Hand: map[string]float64{"field.text": -1}}, &verdict.Model{Hand: map[string]float64{"field.text": -1}}
	fit(a, examples, io.Discard)
	fit(b, examples, io.Discard)
	if _, ok := a.Fitted["field.text"]; ok {
		t.Error("a weight set by hand was fitted")
	}
	if a.Bias >= 0 || a.Fitted["pack.sure@token"] < -a.Bias || a.Fitted["rule.b"] > 0.1 {
		t.Errorf("bias %v, %v", a.Bias, a.Fitted)
	}
	if a.Bias != b.Bias || len(a.Fitted) != len(b.Fitted) {
		t.Fatalf("%v and %v", a, b)
	}
	for n, w := range a.Fitted {
		if b.Fitted[n] != w {
			t.Errorf("%s: %v and %v", n, w, b.Fitted[n])
		}
	}
}
