package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/segmentio/encoding/json"
)

// small runs the command on a world of 200 customers and two days.
func small(t *testing.T, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	args = append([]string{"-customers", "200", "-days", "2", "-instances", "2", "-regimes", "drift", "-crowd", "0"}, args...)
	if err := run(args, &out, &complaints); err != nil {
		t.Fatalf("%v: %v %s", args, err, &complaints)
	}
	return out.String()
}

// measured is the first regime of the results.
func measured(t *testing.T, args ...string) report {
	t.Helper()
	var r results
	if err := json.Unmarshal([]byte(small(t, append(args, "-json")...)), &r); err != nil {
		t.Fatal(err)
	}
	return *r.Regimes[0]
}

// A loud attack of each detection there is must be found, and one that is too quiet for
// it must not be said to be.
func TestLoudAttacksAreFound(t *testing.T) {
	r := measured(t, "-attacks", "stuffing,stuffing-spread,scan,walk")
	// Among few customers, staff and jobs have seen every account: only in a larger
	// world are there any that can be told to be somebody's.
	r.Rows = append(r.Rows, measured(t, "-attacks", "objects,export,polling", "-customers", "1000").Rows...)
	if len(r.Rows) != 7*agents.Intensities {
		t.Fatalf("%d rows", len(r.Rows))
	}
	found := 0
	for _, x := range r.Rows {
		if len(x.Baselines) != 4 {
			t.Errorf("%s/%d: baselines %+v", x.Attack, x.Intensity, x.Baselines)
		}
		if x.Detected.Recall > 0 {
			found++
			if x.Detected.Events < 1 || x.Detected.Events > x.Events || x.Detected.Seconds < 0 {
				t.Errorf("%s/%d: %+v", x.Attack, x.Intensity, x.Detected)
			}
		}
		switch {
		case !x.Built && x.Detected.Recall > 0:
			t.Errorf("%s is found by a detection that is not there", x.Attack)
		case x.Built && x.Intensity == agents.Intensities && x.Detected.Recall != 1:
			t.Errorf("%s at %.0f an hour: recall %.2f", x.Attack, x.Rate, x.Detected.Recall)
		case x.Intensity == 1 && x.Attack == "walk" && x.Detected.Recall > 0:
			t.Errorf("%s at %.0f an hour: recall %.2f of what is within the settings", x.Attack, x.Rate, x.Detected.Recall)
		}
	}
	if found != 28 {
		t.Errorf("%d rows in which something is found, want 28", found)
	}
	for _, f := range r.FalseActors[:len(behavior.Rules())] {
		if f.Over {
			t.Errorf("%s alerts on %d who did nothing", f.By, f.Actors)
		}
	}
}

// One customer in a hundred who reads accounts of others on every day that is learned
// from must blind nobody to the next, nor have the innocent alerted on.
func TestPoisonBlindsNobody(t *testing.T) {
	r := measured(t, "-attacks", "objects", "-customers", "1000", "-days", "4", "-regimes", "poison")
	for _, x := range r.Rows {
		if x.Rate >= 12 && x.Detected.Recall != 1 {
			t.Errorf("%s at %.0f an hour: recall %.2f", x.Attack, x.Rate, x.Detected.Recall)
		}
	}
}

func TestResultsRepeat(t *testing.T) {
	one := measured(t, "-attacks", "objects,gift-cards", "-workers", "1")
	two := measured(t, "-attacks", "objects,gift-cards", "-workers", "3")
	if !reflect.DeepEqual(one, two) {
		t.Errorf("%+v\n%+v", one, two)
	}
	if one.Events == 0 || one.Actors < 300 || len(one.FalseActors) != len(behavior.Rules())+3+len(plain) {
		t.Errorf("%d events, %d actors, %d counts of false positives", one.Events, one.Actors, len(one.FalseActors))
	}
}

// Whoever attacked while it was learned is part of what is normal: the limits rise.
func TestPoisonIsLearned(t *testing.T) {
	s := settings{world: agents.Defaults(), budget: 0, instances: 1, workers: 1, poison: 0.02}
	s.world.Customers, s.world.Days, s.world.Sales, s.world.Deploys, s.world.Holidays = 200, 2, nil, nil, nil
	w, err := agents.New(s.world)
	if err != nil {
		t.Fatal(err)
	}
	kind, err := kindsOf("scan")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := openLists()
	if err != nil {
		t.Fatal(err)
	}
	poison := s.poisoners(kind[0])
	clean, err := learn(lists, w, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := learn(lists, w, poison, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range plain {
		if f.name == "missing paths in 1 h" && bad.limits.features[i] <= clean.limits.features[i] || bad.limits.features[i] < clean.limits.features[i] {
			t.Errorf("%s: limit %v, with poison %v", f.name, clean.limits.features[i], bad.limits.features[i])
		}
	}
	if len(poison) != 4 || bytes.Equal(clean.first, bad.first) {
		t.Errorf("%d poisoners taught the detectors nothing", len(poison))
	}
}

func TestAtBudget(t *testing.T) {
	xs := []float64{5, 1, 9, 7, 3, 7}
	for _, c := range []struct{ allowed, limit float64 }{{0, 9}, {1, 7}, {2, 7}, {3, 5}, {5, 1}, {6, 0}} {
		if got := atBudget(xs, c.allowed); got != c.limit {
			t.Errorf("limit %v where %v may be above, want %v", got, c.allowed, c.limit)
		}
	}
}

func TestTextAndLines(t *testing.T) {
	text := small(t, "-attacks", "scan")
	for _, want := range []string{"ATTACK", "RECON-01", "BEST COUNT", "False-positive actors", "of our own making"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	lines := small(t, "-attacks", "scan", "-write", "-")
	if n := strings.Count(lines, `"attack":"scan/5/1"`); n != 600 {
		t.Errorf("%d lines of the loudest scan, want 600", n)
	}
	file := filepath.Join(t.TempDir(), "results.md")
	small(t, "-attacks", "scan", "-markdown", file)
	document, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"make eval-behavior ARGS=", "| scan | RECON-01 | 600 |", "## False-positive actors", "of our own making"} {
		if !strings.Contains(string(document), want) {
			t.Errorf("no %q in\n%s", want, document)
		}
	}
	if strings.Contains(string(document), "cut off") {
		t.Error("a whole document says that it is not")
	}
	list := small(t, "-list")
	if n := strings.Count(list, "\n"); n != len(agents.Kinds()) {
		t.Errorf("%d kinds listed", n)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"-days", "1"}, {"-budget", "-1"}, {"-instances", "0"}, {"-workers", "0"}, {"-customers", "1"}, {"-attacks", "flood"}, {"-poison", "0.9"}, {"-regimes", "storm"}, {"-crowd", "7"}, {"now"}} {
		if err := run(args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	var help bytes.Buffer
	if err := run([]string{"-help"}, &bytes.Buffer{}, &help); err == nil || !strings.Contains(help.String(), "1 % of the customers") || strings.Contains(help.String(), "%!") {
		t.Errorf("help: %v\n%s", err, &help)
	}
}
