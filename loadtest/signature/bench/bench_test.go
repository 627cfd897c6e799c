package main

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/parity"
)

// TestMain lets the command call itself, as it does outside of tests.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-side") {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestTableHasARowAKind(t *testing.T) {
	var out, problems bytes.Buffer
	if err := run([]string{"-only", "bd", "-rounds", "1", "-time", "1ms"}, &out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, &problems)
	}
	for _, want := range []string{"tuned names the same rules and scores as Coraza on all 2 events", "engine names the same", "\nb GET ", "\nd SQLi in JSON ", "\ncoraza  load ", "\nengine  load "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "\na JSON") {
		t.Errorf("a kind that was not asked for:\n%s", &out)
	}
}

func TestFlagsThatMeanNothingAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-paranoia", "5"}, {"-setup", "x"}, {"-only", "z"}, {"-only", "b", "-side", "x"}} {
		var out bytes.Buffer
		if err := run(args, &out, &out); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// clock counts what it is asked.
type clock struct{ events int }

func (c *clock) Match(*event.Event) (signature.Result, error) {
	c.events++
	return signature.Result{}, nil
}
func (c *clock) Version() string                                     { return "" }
func (c *clock) Observe(*event.Event) ([]int, map[string]int, error) { return nil, nil, nil }

func TestEveryEventIsTimed(t *testing.T) {
	c := new(clock)
	got, err := measure(c, parity.Mixed(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if c.events != 80 || len(got.Best) != 40 || slices.Contains(got.Best, 0) {
		t.Errorf("%d events, best %v", c.events, got.Best)
	}
}

func TestWorstEventIsOfTheBestRuns(t *testing.T) {
	run := func(best ...int64) measured { return measured{Kinds: []timing{{Best: best}}} }
	tab := table{runs: [][]measured{{run(100, 100), run(90, 300)}, nil, {run(10, 90), run(30, 50)}}}
	if ratio, at := tab.worst(0); ratio != 2 || at != 1 {
		t.Errorf("%v at %d, want 2 at 1", ratio, at)
	}
	if m := median(tab.runs[0], func(m *measured) int64 { return m.Kinds[0].Best[1] }); m != 300 {
		t.Errorf("median %d", m)
	}
}
