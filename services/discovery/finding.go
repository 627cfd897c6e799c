package discovery

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/finding"
)

// version of the detection, for findings.
const version = "1"

// newEndpoint is INV-00: an endpoint was listed for the first time. It is once
// an endpoint; an update of it only moves it to an earlier witness.
var newEndpoint = finding.Rule{
	ID: "INV-00", Title: "New endpoint discovered", Detector: Kind, Severity: finding.Info,
	OWASP:       []string{"API9"},
	Remediation: "Check that the endpoint is meant to be reachable, and document it.",
}

// discovered is the finding of the endpoint op. All of it comes from the witness,
// the earliest success: so it is the same in whatever order partitions report.
func discovered(tenant, host string, op *operation) finding.Finding {
	f := finding.From(&newEndpoint, tenant)
	at := time.Unix(0, op.witness.time).UTC()
	f.ID = finding.ID(tenant, newEndpoint.Detector, newEndpoint.ID, op.id)
	f.Confidence, f.Count = 1, 1
	f.Time, f.FirstSeen, f.LastSeen = at, at, at
	label := op.method + " " + host + op.template
	f.Subject = finding.Subject{Endpoint: label, EndpointID: op.id}
	f.Events = []string{uuid.UUID(op.witness.id).String()}
	answer := "was seen without its response"
	if op.witness.status > 0 {
		answer = fmt.Sprintf("first answered %d", op.witness.status)
	}
	f.Summary = fmt.Sprintf("%s %s at %s and was not in the catalog before.", label, answer, at.Format(time.RFC3339Nano))
	f.Versions.Detector = version
	return f
}
