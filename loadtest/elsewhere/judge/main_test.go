package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/loadtest/elsewhere"
)

// wanted is the rule that is meant to find an attack. The rest of a name is how fast.
func wanted(s elsewhere.Style, attack string) string {
	kind, _, _ := strings.Cut(attack, "-")
	switch {
	case kind == "objects" && (s.Name == "refusing" || s.Name == "hiding"):
		return "ENUM-01"
	case s.Name == "dark" && kind == "transfers": // whom it pays stands in bodies, of which there are none
		return ""
	}
	return map[string]string{"objects": "BOLA-01", "stuffing": "CRED-01", "replay": "TOK-01", "transfers": "TXN-01", "export": "EXFIL-01", "scraping": "SCRAPE-01", "unpaid": "SEQ-01"}[kind]
}

// What mirador inspect finds in APIs that no rule was made with, after one day of
// learning or two; and how few it wrongs.
func TestAttacksElsewhereAreFound(t *testing.T) {
	attacks, wrong := 0, 0
	for _, s := range elsewhere.Styles() {
		o := elsewhere.Options{Seed: 1, People: 500, Days: 2}
		if s.Name == "store" { // one day has too few orders to learn their steps from
			o.People, o.Days = 1000, 3
		}
		v, err := judge(s, o, t.TempDir())
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		for _, attack := range s.Attacks() {
			attacks++
			rule := wanted(s, attack)
			if rule == "" && len(v.found[attack]) > 0 {
				t.Errorf("%s: %s is found by %v: say so here", s.Name, attack, v.found[attack])
			}
			if rule != "" && !slices.Contains(v.found[attack], rule) {
				t.Errorf("%s: %s is not found by %s but by %v", s.Name, attack, rule, v.found[attack])
			}
		}
		for _, f := range v.wrong {
			wrong++
			t.Logf("%s: %s %s: %s", s.Name, f.Rule, f.Subject.Principal, f.Summary)
		}
		if v.lines < 1000 {
			t.Errorf("%s: %d transactions", s.Name, v.lines)
		}
	}
	if attacks != 73 || wrong > 2 {
		t.Errorf("%d attacks, %d findings about nothing", attacks, wrong)
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-styles", "partners", "-v"}, &out, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"objects-48-a-day", "BOLA-01", "(innocent)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if err := run([]string{"-people", "many"}, &out, &bytes.Buffer{}); err == nil {
		t.Error("no error for a flag that is no number")
	}
}
