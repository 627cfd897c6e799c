// Package finding is what a detector says: the contract of the topic
// mirador.findings and of the table findings.
package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/encoding/json"
)

// Severity orders findings by what they would cost.
type Severity string

const (
	Info     Severity = "info"
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Weight is the severity as a share of one, for scores; 0 for an unknown word.
func (s Severity) Weight() float64 {
	switch s {
	case Info:
		return 0.1
	case Low:
		return 0.3
	case Medium:
		return 0.5
	case High:
		return 0.8
	case Critical:
		return 1
	}
	return 0
}

// Rule is what is known of a detection before it fires. A detection declares
// its Rule in its own file; a finding copies from it.
type Rule struct {
	ID          string // "BOLA-01", "CRS-942100"
	Title       string // "Objects of others read"
	Detector    string // "behavior"
	Severity    Severity
	OWASP       []string // OWASP API Security Top 10 2023: "API1"
	CWE         []string // "CWE-639"
	ATTACK      []string // MITRE ATT&CK technique: "T1110.004"
	Remediation string
}

// Finding is one statement about a subject. The same ID again is an update of
// the same finding: the newer record replaces the older.
type Finding struct {
	ID       string `json:"id"`
	Tenant   string `json:"tenant"`
	Detector string `json:"detector"`
	Rule     string `json:"rule"`
	Title    string `json:"title"`

	Severity Severity `json:"severity"`
	// Confidence is the probability, 0 to 1, that the statement is true.
	Confidence float64 `json:"confidence"`
	// Count is how many events support the finding so far.
	Count uint64 `json:"count"`

	// Time is when the finding, or this update of it, was raised, in event time.
	Time      time.Time `json:"ts"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`

	Subject Subject `json:"subject"`
	// Events are ids of up to MaxEvents supporting events, the first ones.
	Events []string `json:"events"`
	// Evidence is masked: it never holds a secret or a raw personal value.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Features are the numbers the decision was made from, Baseline what is
	// normal for them. Both keep their order.
	Features []Number `json:"features,omitempty"`
	Baseline []Number `json:"baseline,omitempty"`

	// Summary is one sentence that an analyst can check.
	Summary string `json:"summary"`
	// Counterfactual says what would not have alerted, where that can be said.
	Counterfactual string `json:"counterfactual,omitempty"`
	// Held says why nobody acts on this update, whatever the policy says; empty where
	// nothing speaks against it.
	Held string `json:"held,omitempty"`

	OWASP       []string `json:"owasp,omitempty"`
	CWE         []string `json:"cwe,omitempty"`
	ATTACK      []string `json:"attack,omitempty"`
	Remediation string   `json:"remediation,omitempty"`

	Versions Versions `json:"versions"`
	// Source is the transaction that raised this update; nil where none did by itself, as
	// in a second stage.
	Source *Source `json:"source,omitempty"`
}

// MaxEvents and MaxEvidence bound what one finding carries.
const (
	MaxEvents   = 20
	MaxEvidence = 10
)

// Subject is who and what a finding is about. Empty fields are unknown.
type Subject struct {
	Principal string `json:"principal,omitempty"`
	// Addresses are the client addresses seen, the newest first.
	Addresses []string `json:"addresses,omitempty"`
	// Credential and Session are keyed hashes as in the event, KeyID their key.
	Credential string `json:"credential,omitempty"`
	Session    string `json:"session,omitempty"`
	KeyID      string `json:"key_id,omitempty"`
	// Endpoint is "METHOD host/template", EndpointID its id in the catalog. Where it is
	// about several of a host, Endpoint is "* host/*" and has no id.
	Endpoint   string `json:"endpoint,omitempty"`
	EndpointID string `json:"endpoint_id,omitempty"`
	Service    string `json:"service,omitempty"`
	JA4        string `json:"ja4,omitempty"`
}

// Evidence is one masked exemplar.
type Evidence struct {
	// Location is where it stands: "request.body", "response.header", ...
	Location string `json:"location"`
	Path     string `json:"path,omitempty"`
	// Masked is the value's shape with all that identifies it removed.
	Masked string `json:"masked,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Number is a named figure.
type Number struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Versions say what computed a finding.
type Versions struct {
	Detector string `json:"detector,omitempty"`
	Rules    string `json:"rules,omitempty"`
	Catalog  string `json:"catalog,omitempty"`
}

// Source is where a transaction stands and what is known of it: from it the finding can
// be computed again, and who acts later than the detector knows what the policy knew.
type Source struct {
	Topic     string `json:"topic,omitempty"`
	TopicID   string `json:"topic_id,omitempty"` // hex
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
	// Replayed: sent from a spool or a file. Refused: the edge refused it for Mirador.
	// Unproven: the API did not accept its credential.
	Replayed bool `json:"replayed,omitempty"`
	Refused  bool `json:"refused,omitempty"`
	Unproven bool `json:"unproven,omitempty"`
}

// From starts a finding of rule r: its fixed fields are filled in.
func From(r *Rule, tenant string) Finding {
	return Finding{
		Tenant: tenant, Detector: r.Detector, Rule: r.ID, Title: r.Title, Severity: r.Severity,
		OWASP: r.OWASP, CWE: r.CWE, ATTACK: r.ATTACK, Remediation: r.Remediation,
	}
}

// ID derives the id of a finding from what makes it one: tenant, detector, rule
// and either the event's id or the subject and the start of its window. The
// parts are length-prefixed, so no two lists of parts collide by joining.
func ID(tenant, detector, rule string, parts ...string) string {
	h := sha256.New()
	for _, p := range append([]string{tenant, detector, rule}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Encode is the record value of f.
func Encode(f *Finding) ([]byte, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("finding %s (%s): encode: %w", f.ID, f.Rule, err)
	}
	return b, nil
}

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("finding: malformed record")

// Decode reads the record value b.
func Decode(b []byte) (Finding, error) {
	var f Finding
	if err := json.Unmarshal(b, &f); err != nil {
		return Finding{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if f.ID == "" || f.Tenant == "" || f.Rule == "" {
		return Finding{}, fmt.Errorf("%w: id, tenant and rule are required", ErrMalformed)
	}
	return f, nil
}
