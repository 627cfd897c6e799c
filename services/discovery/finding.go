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

// discovered is the finding of an endpoint. All of it comes from the witness,
// the earliest success: so it is the same in whatever order partitions report.
func discovered(e *entry) finding.Finding {
	f := finding.From(&newEndpoint, e.tenant)
	at := time.Unix(0, e.witness.time).UTC()
	f.ID = finding.ID(e.tenant, newEndpoint.Detector, newEndpoint.ID, e.id)
	f.Confidence, f.Count = 1, 1
	f.Time, f.FirstSeen, f.LastSeen = at, at, at
	label := e.method + " " + e.host + e.template
	f.Subject = finding.Subject{Endpoint: label, EndpointID: e.id}
	f.Events = []string{uuid.UUID(e.witness.id).String()}
	answer := "was seen without its response"
	if e.witness.status > 0 {
		answer = fmt.Sprintf("first answered %d", e.witness.status)
	}
	f.Summary = fmt.Sprintf("%s %s at %s and was not in the catalog before.", label, answer, at.Format(time.RFC3339Nano))
	f.Versions.Detector = version
	return f
}
