// Package action is what an enforcer does: the contract of the compacted topic
// mirador.actions, signed, and of mirador.actions.status.
package action

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// Op is what is to be done with requests of the target.
type Op string

const (
	Block     Op = "block"
	Throttle  Op = "throttle"
	Challenge Op = "challenge"
	Allow     Op = "allow"
	Log       Op = "log"
)

// TargetType names the dimension a target is in.
type TargetType string

const (
	Address     TargetType = "address"      // one IP address, textual
	CIDR        TargetType = "cidr"         // a prefix; wider than /32 and /64 needs a person
	Credential  TargetType = "credential"   // keyed hash of a credential, as in the event
	Subject     TargetType = "subject"      // keyed hash of issuer and subject
	Session     TargetType = "session"      // keyed hash of a session cookie
	JA4Route    TargetType = "ja4+route"    // "ja4 METHOD template"
	Certificate TargetType = "certificate"  // hex SHA-256 of a client certificate
	ServiceEdge TargetType = "service-edge" // "source>destination"
)

// Mode says whether an enforcer acts or only reports what it would do.
type Mode string

const (
	DryRun  Mode = "dry_run"
	Enforce Mode = "enforce"
)

// Target is who an action is for.
type Target struct {
	Type  TargetType `json:"type"`
	Value string     `json:"value"`
	// KeyID names the key of a keyed hash; empty for other types.
	KeyID string `json:"key_id,omitempty"`
}

// Action is one order to every enforcer. It holds absolute times, so a replay
// cannot bring a block back to life.
type Action struct {
	ID     string `json:"id"`
	Tenant string `json:"tenant"`
	Op     Op     `json:"op"`
	Target Target `json:"target"`
	// Scope narrows the action to a host or a host and path prefix; "*" is all.
	Scope string `json:"scope"`
	// Issuer is service/rule/partition, or person/<name>. Each issuer owns its own
	// keys, so nobody overwrites another.
	Issuer string `json:"issuer"`
	Mode   Mode   `json:"mode"`

	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// Revision orders the records of one key: the offset of the record that caused
	// it. An enforcer ignores a lower one.
	Revision int64 `json:"revision"`

	Reason   string   `json:"reason"`
	Rule     string   `json:"rule,omitempty"`
	Findings []string `json:"findings,omitempty"`
	Evidence string   `json:"evidence,omitempty"`
	// Guards are the numbers the decision was bounded by, as "active_blocks".
	Guards []Guard `json:"guards,omitempty"`
	// EventTime is when the newest supporting event was seen by its sensor: from
	// it the time to enforce is counted.
	EventTime time.Time `json:"event_time"`
}

// Guard is one number a decision was bounded by.
type Guard struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
}

// Key is the record key: tenant|target type|value|scope|issuer.
func (a *Action) Key() []byte {
	return []byte(strings.Join([]string{a.Tenant, string(a.Target.Type), a.Target.Value, a.Scope, a.Issuer}, "|"))
}

// ByPerson says whether a person, not a detector, issued the action.
func (a *Action) ByPerson() bool { return strings.HasPrefix(a.Issuer, "person/") }

// Live says whether the action is in force at t.
func (a *Action) Live(t time.Time) bool { return !t.Before(a.NotBefore) && t.Before(a.NotAfter) }

// ErrMalformed is wrapped by every error of Decode and DecodeStatus.
var ErrMalformed = errors.New("action: malformed record")

// Encode is the record value of a: the bytes that are signed.
func Encode(a *Action) ([]byte, error) {
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("action %s: encode: %w", a.ID, err)
	}
	return b, nil
}

// Decode reads the record value b.
func Decode(b []byte) (Action, error) {
	var a Action
	if err := json.Unmarshal(b, &a); err != nil {
		return Action{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if a.Tenant == "" || a.Op == "" || a.Target.Type == "" || a.Target.Value == "" || a.Issuer == "" {
		return Action{}, fmt.Errorf("%w: tenant, op, target and issuer are required", ErrMalformed)
	}
	if a.NotAfter.IsZero() {
		return Action{}, fmt.Errorf("%w: an action without not_after would never end", ErrMalformed)
	}
	return a, nil
}

// State is what an enforcer did with an action.
type State string

const (
	Enforced State = "enforced" // the edge refuses the target
	Reported State = "dry_run"  // would have been enforced
	Refused  State = "refused"  // a guard of the enforcer said no
	Expired  State = "expired"  // not_after passed, or the issuer ended it
	Failed   State = "failed"   // the edge could not be told
)

// Status is a record of mirador.actions.status.
type Status struct {
	Tenant   string `json:"tenant"`
	ActionID string `json:"action_id"`
	Key      string `json:"key"`
	Enforcer string `json:"enforcer"`
	// Edge is the kind and place, as "http:edge-1" or "nftables:gw-2".
	Edge     string    `json:"edge"`
	State    State     `json:"state"`
	Op       Op        `json:"op"`
	Target   Target    `json:"target"`
	Revision int64     `json:"revision"`
	Rule     string    `json:"rule,omitempty"`
	Time     time.Time `json:"ts"`
	// SinceEvent is ms from the action's EventTime to Time: the time to enforce.
	SinceEvent float64 `json:"since_event_ms"`
	Error      string  `json:"error,omitempty"`
}

// DecodeStatus reads the record value b.
func DecodeStatus(b []byte) (Status, error) {
	var s Status
	if err := json.Unmarshal(b, &s); err != nil {
		return Status{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if s.Tenant == "" || s.State == "" {
		return Status{}, fmt.Errorf("%w: tenant and state are required", ErrMalformed)
	}
	return s, nil
}
