package risk

import (
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/encoding/json"
)

// Level is what a risk calls for.
type Level string

const (
	Calm      Level = "calm" // nothing
	Throttle  Level = "throttle"
	Challenge Level = "challenge"
	Block     Level = "block"
)

// Principal is the record of one principal: its newest replaces the one before.
type Principal struct {
	Tenant    string `json:"tenant"`
	Principal string `json:"principal"`
	// Risk is as of Updated, 0 to 100: Parts say how it decays.
	Risk  float64 `json:"risk"`
	Level Level   `json:"level"`
	// Held says what keeps the level below what the risk alone would make it.
	Held    string    `json:"held,omitempty"`
	Updated time.Time `json:"ts"`
	// FirstSeen and LastSeen are of the findings, Findings counts them.
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Findings  uint64    `json:"findings"`
	// Addresses are the newest first.
	Addresses []string `json:"addresses,omitempty"`
	Parts     []Part   `json:"parts"`
	// Summary is one sentence that an analyst can check.
	Summary string `json:"summary"`
}

// Key is the record key: tenant|principal.
func (p *Principal) Key() []byte { return []byte(p.Tenant + "|" + p.Principal) }

// RiskAt is the risk at t.
func (p *Principal) RiskAt(t time.Time) float64 { return Score(p.Parts, t) }

// ErrMalformed is wrapped by every error of the Decode functions.
var ErrMalformed = errors.New("risk: malformed record")

// EncodePrincipal is the record value of p.
func EncodePrincipal(p *Principal) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("risk: principal %s: encode: %w", p.Principal, err)
	}
	return b, nil
}

// DecodePrincipal reads the record value b.
func DecodePrincipal(b []byte) (Principal, error) {
	var p Principal
	if err := json.Unmarshal(b, &p); err != nil {
		return Principal{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if p.Tenant == "" || p.Principal == "" {
		return Principal{}, fmt.Errorf("%w: tenant and principal are required", ErrMalformed)
	}
	return p, nil
}
