package main

import (
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
)

// Attacks on who somebody is are found at every intensity from the middle on, and
// nobody else is alerted on.
func TestIdentityAttacksAreFound(t *testing.T) {
	r := measured(t, "-attacks", "brute,replay,takeover,privilege,unguarded", "-customers", "1000", "-days", "4", "-instances", "1")
	for _, x := range r.Rows {
		if !x.Built || x.Intensity > agents.Intensities/2 && x.Detected.Recall < 1 {
			t.Errorf("%s at %.0f an hour: recall %.2f", x.Attack, x.Rate, x.Detected.Recall)
		}
	}
	if len(r.Rows) != 5*agents.Intensities {
		t.Errorf("%d rows", len(r.Rows))
	}
	for _, f := range r.FalseActors {
		switch f.By {
		case "CRED-02", "TOK-01", "JWT-01", "ATO-01", "BFLA-01", "AUTH-01":
			if f.Actors > 0 {
				t.Errorf("%s alerts on %d who did nothing", f.By, f.Actors)
			}
		}
	}
}
