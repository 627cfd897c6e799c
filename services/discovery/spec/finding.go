package spec

import (
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
)

// Rule is INV-01: what is reachable and what is documented are not the same.
var rule = finding.Rule{
	ID: "INV-01", Title: "API differs from its specification", Detector: "discovery", Severity: finding.Medium,
	OWASP: []string{"API9"}, CWE: []string{"CWE-1059"},
	Remediation: "Document the endpoint or take it away: what is in no inventory is not reviewed, tested or retired.",
}

// leaked is DATA-10: an answer holds more about somebody than its schema says.
var leaked = finding.Rule{
	ID: "DATA-10", Title: "Sensitive data beyond the schema of an answer", Detector: "discovery", Severity: finding.High,
	OWASP: []string{"API3"}, CWE: []string{"CWE-213", "CWE-200"}, ATTACK: []string{"T1213"},
	Remediation: "Answer with the fields that the schema names, chosen one by one and not by turning a whole record into JSON. Where callers need the field, document it, with who may see it.",
}

// Rules are the rules of comparisons, for those who map them to requirements.
func Rules() []*finding.Rule { return []*finding.Rule{&rule, &leaked} }

// version of the detection, for findings.
const version = "1"

// statements are what the kinds are called, what to do, and how sure they are.
var statements = map[Kind]struct {
	title, remedy string
	confidence    float64
}{
	Shadow: {"Shadow endpoint: observed, in no specification", rule.Remediation, 0.9},
	Zombie: {"Zombie endpoint: deprecated and still in use", "Move its callers, then switch it off.", 1},
	Orphan: {"Orphan operation: specified, not seen", "Take it out of the specification and the service if nobody needs it.", 0.8},
	Drift:  {"Drift: API differs from its specification", "Correct the service or the specification, whichever is wrong.", 0.9},
	Leak:   {"Leak: sensitive data beyond the schema of an answer", leaked.Remediation, 0.95},
}

// Finding is d as a finding. Its id holds as long as subject, kind and place do:
// lines may move in the document, and an update has newer counts.
func Finding(tenant string, d Difference, at time.Time) finding.Finding {
	r := &rule
	if d.Kind == Leak {
		r = &leaked
	}
	f := finding.From(r, tenant)
	s := statements[d.Kind]
	f.ID = finding.ID(tenant, r.Detector, r.ID, string(d.Kind), d.Aspect, d.Name, d.subject(), d.Where.File, d.Where.Pointer)
	f.Title, f.Remediation, f.Severity, f.Confidence = s.title, s.remedy, d.Severity, s.confidence
	if d.Kind != Orphan && d.Kind != Leak && d.Callers == 0 {
		f.Confidence -= 0.1 // it may be one client alone
	}
	f.Count = max(d.Count, 1)
	f.Time, f.FirstSeen, f.LastSeen = at, d.FirstSeen, d.LastSeen
	if f.LastSeen.IsZero() {
		f.FirstSeen, f.LastSeen = at, at
	}
	f.Subject = finding.Subject{Endpoint: d.Endpoint, EndpointID: d.EndpointID}
	f.Events = []string{}
	f.Evidence = []finding.Evidence{{Location: "specification", Path: d.Where.Pointer, Note: d.Where.String()}}
	if d.Name != "" {
		f.Evidence = append(f.Evidence, finding.Evidence{Location: "endpoint", Path: d.Name, Note: d.Aspect})
	}
	f.Features = []finding.Number{{Name: "count", Value: float64(d.Count)}, {Name: "of", Value: float64(d.Of)}, {Name: "callers", Value: float64(d.Callers)}}
	f.Summary = d.Summary
	f.Versions = finding.Versions{Detector: version, Catalog: d.Digest}
	return f
}

// subject is what d is about: the endpoint, and for an orphan the operation, which
// must not become another finding when it is seen.
func (d *Difference) subject() string {
	if d.Kind == Orphan {
		return d.Operation
	}
	return d.EndpointID
}
