package main

import (
	"io"
	"reflect"
	"testing"

	"github.com/miradorhq/mirador/services/discovery/learn"
)

func TestFitRepeatsAndFits(t *testing.T) {
	few := []operation{
		{Provider: "a.example", Method: "GET", Template: "/users/{username}"},
		{Provider: "a.example", Method: "GET", Template: "/users/me"},
		{Provider: "a.example", Method: "GET", Template: "/status"},
		{Provider: "b.example", Method: "GET", Template: "/never/{name}"},
	}
	ops := byProvider(few)
	use := func(provider string) bool { return provider == "a.example" }
	w := fit(ops, use, io.Discard)
	if again := fit(ops, use, io.Discard); !reflect.DeepEqual(w, again) {
		t.Error("the same traffic gives other weights")
	}
	if f := learn.Fitted(); len(w.First) != len(f.First) || len(w.Second) != len(f.Second) {
		t.Errorf("%d and %d weights, the program has %d and %d: fit them again", len(w.First), len(w.Second), len(f.First), len(f.Second))
	}
	all := transactions("a.example", ops["a.example"], settings{seed: 5, perOperation: 60, zipf: 0.5, actors: 9})
	sc, err := measure(all, true, w)
	if err != nil || sc.truth != 3 || sc.right != 3 || sc.predicted != 3 {
		t.Errorf("what was fitted is not learned: %+v, %v", sc, err)
	}
}

func TestWhatIsKnownOfALiteral(t *testing.T) {
	enum := func(name string, values ...text) parameter { return parameter{Name: name, In: "path", Enum: values} }
	truth := truthOf(byProvider([]operation{
		{Provider: "x", Method: "GET", Template: "/{tenant}/shops/{kind}", Params: []parameter{enum("tenant", "acme"), enum("kind", "large", "small")}},
		{Provider: "x", Method: "GET", Template: "/status"},
		{Provider: "x", Method: "GET", Template: "/report{suffix}"},
	})["x"])
	for _, c := range []struct {
		place, text  string
		value, known bool
	}{
		{"/{}/shops", "large", true, true},
		{"", "status", false, true},
		{"", "acme", true, false},        // its only value: no lesson
		{"", "report.json", true, false}, // part of a segment
		{"/{}", "shops", false, true},
	} {
		if value, known := truth(c.place, c.text); known != c.known || value != c.value {
			t.Errorf("%s at %q: value %v, known %v", c.text, c.place, value, known)
		}
	}
}
