package lookalike

import (
	"fmt"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// rule is INV-02.
var rule = finding.Rule{
	ID: "INV-02", Title: "Request that looks like a known endpoint and is not", Detector: "discovery", Severity: finding.Low,
	OWASP: []string{"API9", "API8"}, CWE: []string{"CWE-436", "CWE-1059"}, ATTACK: []string{"T1595"},
	Remediation: "Have gateway and service normalise paths in the same way, and refuse what is not in normal form. Take away versions and names that are not meant to be reachable.",
}

const version = "1"

// meanings say what a trick is, for the summary.
var meanings = map[Trick]string{
	DoubleEncoding: "encoded twice", Encoding: "with letters or separators percent-encoded", Matrix: "with matrix parameters (;)",
	Backslash: "with backslashes", DotSegments: "with dot segments", RepeatedSlashes: "with repeated slashes", TrailingSlash: "with a slash at the end",
	TrailingDot: "with a dot or blank at the end", Case: "in other case", Version: "of another version", NearName: "under nearly the same name",
	MethodOverride: "with the method overridden",
}

// window is how long requests of one principal with the same tricks at one endpoint
// are one finding.
const window = time.Hour

// Finding is a look-alike as a finding. Its id is that of the principal, of the
// endpoint, the tricks and the hour: with each further request count goes up, and first
// is the time of the first.
func Finding(tx *detect.Tx, m Match, count uint64, first time.Time) finding.Finding {
	f := tx.Finding(&rule)
	names, says := make([]string, len(m.Tricks)), make([]string, len(m.Tricks))
	for i, t := range m.Tricks {
		names[i], says[i] = string(t), meanings[t]
	}
	tricks := strings.Join(names, ",")
	f.ID = finding.ID(tx.Tenant, rule.Detector, rule.ID, tx.Principal, m.EndpointID, tricks, first.Truncate(window).UTC().Format(time.RFC3339))
	f.Severity, f.Confidence = severity(m.Tricks, tx.Event.Status), 0.8
	f.Count, f.FirstSeen = max(count, 1), first
	f.Subject.Endpoint, f.Subject.EndpointID = m.Label, m.EndpointID
	f.Evidence = []finding.Evidence{{Location: "request.path", Masked: m.Sent, Note: tricks}}
	answer := "was not answered in sight of a sensor"
	if tx.Event.Status > 0 {
		answer = fmt.Sprintf("was answered %d", tx.Event.Status)
	}
	f.Summary = fmt.Sprintf("A %s request for %s on %s at %s resembles %s, %s, and %s.", tx.Endpoint.Method, m.Sent, tx.Endpoint.Host,
		tx.Time.UTC().Format(time.RFC3339), m.Label, strings.Join(says, " and "), answer)
	if Served(tx.Event.Status) {
		f.Counterfactual = "An answer of 404 or 400 would be of lower severity."
	}
	f.Features = []finding.Number{{Name: "status", Value: float64(tx.Event.Status)}, {Name: "tricks", Value: float64(len(m.Tricks))}}
	f.Versions.Detector = version
	return f
}

// Served says whether a status is one of success. 101 is that of a WebSocket.
func Served(status uint16) bool { return status == 101 || status >= 200 && status < 300 }

// severity goes by the worst trick, and by whether it worked.
func severity(tricks []Trick, status uint16) finding.Severity {
	steps := [...]finding.Severity{finding.Info, finding.Low, finding.Medium, finding.High}
	worst := 0
	for _, t := range tricks {
		s := 1
		switch t {
		case DoubleEncoding, Encoding, Matrix, Backslash, DotSegments, MethodOverride, TrailingDot:
			s = 2 // nobody does this by accident
		case TrailingSlash:
			s = 0
		}
		worst = max(worst, s)
	}
	if Served(status) && worst > 0 {
		worst++
	}
	return steps[worst]
}
