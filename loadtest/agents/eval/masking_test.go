package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/services/shipper"
)

// With personal data masked at the shipper the same attackers are found for the same
// reasons. Ids walked in order are not: pseudonyms have none. Counts may differ by a
// few, as the filter of ids served errs for other ids; so small findings are left out,
// and severities, which go by counts, may differ by a step.
func TestMaskingKeepsFindings(t *testing.T) {
	raw, seen, _ := findingsOf(t, string(capture.ModeRaw))
	masked, _, hidden := findingsOf(t, string(capture.ModeMask))
	if len(raw) < 6 || !slices.Equal(raw, masked) {
		t.Errorf("raw    %q\nmasked %q", raw, masked)
	}
	t.Logf("%d findings; identifiers masked in %d of %d events", len(raw), hidden, seen)
	if hidden < seen/3 {
		t.Errorf("of %d events only %d hold a masked identifier", seen, hidden)
	}
}

// findingsOf ships a day with attacks and gives what BOLA-01, CRED-01 and RECON-01
// said last of everybody, and in how many events an identifier was masked.
func findingsOf(t *testing.T, mode string) (said []string, events, masked int) {
	t.Helper()
	settings := shipper.Defaults()
	settings.Masking.Mode = mode
	key, err := capture.NewKey("k1", []byte("traffic of our own names nobody"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := settings.Capture(key, "default")
	if err != nil {
		t.Fatal(err)
	}
	builder, err := capture.NewBuilder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]string{}
	s, err := newStages(nil, nil, func(f finding.Finding) {
		if f.Rule != "ENUM-01" && f.Count >= 50 {
			last[f.ID] = fmt.Sprintf("%s %s %s", f.Rule, f.Subject.Principal, f.Subject.Endpoint)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	o := agents.Defaults()
	o.Customers, o.Days = 1000, 1
	w, err := agents.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var attacks []agents.Attack
	for _, k := range agents.Kinds() {
		switch k.Name {
		case "stuffing", "stuffing-spread", "scan", "objects":
			attacks = append(attacks, agents.Attack{Kind: k, Intensity: 3}, agents.Attack{Kind: k, Intensity: 4, Instance: 1})
		}
	}
	if err := w.Day(0, attacks, func(x *agents.Transaction) error {
		line, err := x.AppendLine(nil)
		if err != nil {
			return err
		}
		r, _, err := transcript.ParseLine(line)
		if err != nil {
			return err
		}
		e := builder.Build(r)
		events++
		if slices.ContainsFunc(e.Masked, func(m []byte) bool { return strings.HasSuffix(string(m), ":"+capture.ClassID) }) {
			masked++
		}
		s.feed(e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.end(true)
	for _, line := range last {
		said = append(said, line)
	}
	slices.Sort(said)
	return said, events, masked
}
