package risk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// Answer is what a person says of a finding.
type Answer string

const (
	True       Answer = "true"        // so it was, and it meant harm
	BenignTrue Answer = "benign_true" // so it was, and somebody may: a test, a job, a partner
	False      Answer = "false"       // it was not so
	Unknown    Answer = "unknown"     // looked at, and it cannot be told; takes an earlier answer back
)

// Answers are all of them.
func Answers() []Answer { return []Answer{True, BenignTrue, False, Unknown} }

// Verdict is the record of mirador.verdicts: the newest of a finding replaces the one
// before.
type Verdict struct {
	Tenant    string `json:"tenant"`
	Finding   string `json:"finding"` // id
	Detector  string `json:"detector"`
	Rule      string `json:"rule"`
	Principal string `json:"principal,omitempty"` // of the finding
	// Addresses, EndpointID and Service are of a finding that names no principal: one of
	// many sources, or of an endpoint or a service, whoever calls it.
	Addresses  []string  `json:"addresses,omitempty"`
	EndpointID string    `json:"endpoint_id,omitempty"`
	Service    string    `json:"service,omitempty"`
	Verdict    Answer    `json:"verdict"`
	Person     string    `json:"person"`
	At         time.Time `json:"ts"`
	Note       string    `json:"note,omitempty"`
}

// MaxNote bounds a note, in bytes, MaxAddresses the addresses of a verdict: as many as a
// finding lists.
const (
	MaxNote      = 1000
	MaxAddresses = 100
)

// Key is the record key: tenant|finding.
func (v *Verdict) Key() []byte { return []byte(v.Tenant + "|" + v.Finding) }

// Validate reports all that is wrong.
func (v *Verdict) Validate() error {
	var errs []error
	if v.Tenant == "" || strings.Contains(v.Tenant, "|") || v.Finding == "" || v.Rule == "" || v.Person == "" {
		errs = append(errs, errors.New("tenant, finding, rule and person are required"))
	}
	if !slices.Contains(Answers(), v.Verdict) {
		errs = append(errs, fmt.Errorf("verdict %q: must be one of %v", v.Verdict, Answers()))
	}
	if len(v.Addresses) > MaxAddresses {
		errs = append(errs, fmt.Errorf("%d addresses: at most %d", len(v.Addresses), MaxAddresses))
	}
	if len(v.Note) > MaxNote {
		errs = append(errs, fmt.Errorf("note of %d bytes: at most %d", len(v.Note), MaxNote))
	}
	if v.At.IsZero() {
		errs = append(errs, errors.New("ts is required"))
	}
	return errors.Join(errs...)
}

// EncodeVerdict is the record value of v.
func EncodeVerdict(v *Verdict) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("risk: verdict on %s: encode: %w", v.Finding, err)
	}
	return b, nil
}

// DecodeVerdict reads the record value b. What it gives is valid.
func DecodeVerdict(b []byte) (Verdict, error) {
	var v Verdict
	if err := json.Unmarshal(b, &v); err != nil {
		return Verdict{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := v.Validate(); err != nil {
		return Verdict{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return v, nil
}
