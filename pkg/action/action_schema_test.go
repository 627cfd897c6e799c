package action_test

import (
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/contract"
	"github.com/segmentio/encoding/json"
)

func TestSchema(t *testing.T) {
	at := time.Date(2026, 3, 14, 9, 26, 53, 589793000, time.UTC)
	target := action.Target{Type: action.Credential, Value: "c0ffee", KeyID: "k1"}
	full := action.Action{
		ID: "a", Tenant: "acme", Op: action.Block, Target: target, Scope: "*", Issuer: "behavior/BOLA-01/0", Mode: action.Enforce,
		NotBefore: at, NotAfter: at.Add(time.Hour), Revision: 7, Reason: "why", Rule: "BOLA-01", Findings: []string{"f"}, Evidence: "e",
		Guards: []action.Guard{{Name: "active_blocks", Value: 1, Limit: 100}}, EventTime: at,
	}
	b, err := action.Encode(&full)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("action", b); err != nil {
		t.Error(err)
	}
	if err := contract.Compare[action.Action]("action", "json"); err != nil {
		t.Error(err)
	}
	b, err = json.Marshal(action.Status{
		Tenant: "acme", ActionID: "a", Key: string(full.Key()), Enforcer: "enf", Edge: "http:edge-1", State: action.Enforced, Op: action.Block,
		Target: target, Revision: 7, Rule: "BOLA-01", Time: at, SinceEvent: 42.5, Error: "e",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Validate("status", b); err != nil {
		t.Error(err)
	}
	if err := contract.Compare[action.Status]("status", "json"); err != nil {
		t.Error(err)
	}
}
