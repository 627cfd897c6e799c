package finding_test

import (
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/miradorhq/mirador/pkg/finding"
)

func TestSchema(t *testing.T) {
	if err := contract.Compare[finding.Finding]("finding", "json"); err != nil {
		t.Error(err)
	}
	at := time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)
	full := finding.Finding{
		ID: finding.ID("acme", "behavior", "BOLA-01", "e"), Tenant: "acme", Detector: "behavior", Rule: "BOLA-01", Title: "Objects of others read",
		Severity: finding.High, Confidence: 0.9, Count: 10, Time: at, FirstSeen: at, LastSeen: at,
		Subject: finding.Subject{Principal: "sub:1", Addresses: []string{"192.0.2.1"}, Credential: "c", Session: "s", KeyID: "k",
			Endpoint: "GET h/a", EndpointID: "e1", Service: "accounts", JA4: "t13d"},
		Events:   []string{"a"},
		Evidence: []finding.Evidence{{Location: "request.path", Path: "1", Masked: "{int}", Note: "n"}},
		Features: []finding.Number{{Name: "n", Value: 10}}, Baseline: []finding.Number{{Name: "n", Value: 2}},
		Summary: "s", Counterfactual: "c", OWASP: []string{"API1"}, CWE: []string{"CWE-639"}, ATTACK: []string{"T1110"}, Remediation: "r",
		Versions: finding.Versions{Detector: "1", Rules: "2", Catalog: "3"},
		Source:   &finding.Source{Topic: "mirador.events", TopicID: "00", Partition: 1, Offset: 2, Replayed: true, Refused: true, Unproven: true},
	}
	// The least that Decode takes and a detector fills in, too.
	rule := finding.Rule{ID: "R", Severity: finding.Low}
	least := finding.From(&rule, "acme")
	least.ID = "x"
	for name, f := range map[string]finding.Finding{"full": full, "least": least} {
		b, err := finding.Encode(&f)
		if err != nil {
			t.Fatal(err)
		}
		if err := contract.Validate("finding", b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	full.Severity = "fatal"
	b, err := finding.Encode(&full)
	if err != nil {
		t.Fatal(err)
	}
	if contract.Validate("finding", b) == nil {
		t.Error("an unknown severity passes")
	}
}
