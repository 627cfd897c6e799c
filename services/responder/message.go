package responder

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// sign is what of a finding concerns the risk of its principal.
type sign struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Finding, Rule, Title, Severity,
	Tenant, Principal string
	Confidence float64
	Count      uint64
	// Raised is when this update of the finding was raised, At the time of its newest
	// event, First of its first, ns.
	Raised, At, First          int64
	Addresses                  keyed.List[string]
	Credential, Session, KeyID string
	Replayed, Refused          bool
}

const (
	maxText      = 512 // of any text of a sign
	maxAddresses = 8
)

// signOf is what f says of a principal; ok is false where it is about none. A
// credential that the API refused is the caller's to choose: what came with it is
// held against the address, or anybody could make another suspect.
func signOf(f *finding.Finding) (s sign, ok bool) {
	at := f.LastSeen
	if at.IsZero() {
		at = f.Time
	}
	s = sign{
		Finding: f.ID, Rule: f.Rule, Title: f.Title, Severity: string(f.Severity), Tenant: f.Tenant, Principal: f.Subject.Principal,
		Confidence: f.Confidence, Count: f.Count, Raised: f.Time.UnixNano(), At: at.UnixNano(), First: f.FirstSeen.UnixNano(),
		Addresses:  f.Subject.Addresses[:min(len(f.Subject.Addresses), maxAddresses)],
		Credential: f.Subject.Credential, Session: f.Subject.Session, KeyID: f.Subject.KeyID,
	}
	if src := f.Source; src != nil {
		s.Replayed, s.Refused = src.Replayed, src.Refused
		if src.Unproven && f.Count <= 1 {
			s.Credential, s.Session, s.KeyID, s.Principal = "", "", "", "none"
			if len(s.Addresses) > 0 {
				s.Principal = event.AddressPrincipal([]byte(s.Addresses[0]))
			}
		}
	}
	s.Replayed = s.Replayed || f.Held != "" // it counts as much, and begins nothing
	return s, s.Principal != "" && s.Principal != "none"
}

func (s *sign) valid() error {
	for _, t := range [...]string{s.Finding, s.Rule, s.Title, s.Severity, s.Tenant, s.Principal, s.Credential, s.Session, s.KeyID} {
		if len(t) > maxText {
			return fmt.Errorf("sign with a text of %d bytes", len(t))
		}
	}
	for _, a := range s.Addresses {
		if len(a) > maxText {
			return fmt.Errorf("sign with an address of %d bytes", len(a))
		}
	}
	if s.Finding == "" || s.Rule == "" || s.Tenant == "" || s.Principal == "" || len(s.Addresses) > maxAddresses || !(s.Confidence >= 0 && s.Confidence <= 1) {
		return fmt.Errorf("sign of %q about %q with a confidence of %v and %d addresses", s.Rule, s.Principal, s.Confidence, len(s.Addresses))
	}
	return nil
}

// before orders signs by event time; of one finding the update that says more comes
// later.
func (s *sign) before(o *sign) int {
	return cmp.Or(cmp.Compare(s.Raised, o.Raised), cmp.Compare(s.Finding, o.Finding), cmp.Compare(s.Count, o.Count))
}

// opinion is what of a verdict concerns the risk.
type opinion struct {
	_msgpack                                 struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Finding, Rule, Principal, Answer string
	At                                       int64 // ns
}

func opinionOf(v *risk.Verdict) opinion {
	return opinion{Tenant: v.Tenant, Finding: v.Finding, Rule: v.Rule, Principal: v.Principal, Answer: string(v.Verdict), At: v.At.UnixNano()}
}

// before orders opinions by their time; ties are broken so that there is one order.
func (o *opinion) before(p *opinion) int {
	return cmp.Or(cmp.Compare(o.At, p.At), cmp.Compare(o.Finding, p.Finding), cmp.Compare(o.Answer, p.Answer))
}

func (o *opinion) valid() error {
	for _, t := range [...]string{o.Tenant, o.Finding, o.Rule, o.Principal} {
		if len(t) > maxText {
			return fmt.Errorf("verdict with a text of %d bytes", len(t))
		}
	}
	if o.Tenant == "" || o.Finding == "" || o.Rule == "" || !slices.Contains(risk.Answers(), risk.Answer(o.Answer)) {
		return fmt.Errorf("verdict %q on %q of %q", o.Answer, o.Finding, o.Rule)
	}
	return nil
}

// message is the payload of a partial: one of the two.
type message struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Sign     *sign
	Opinion  *opinion
}

var errPayload = errors.New("responder: malformed partial")

func (m *message) encode() ([]byte, error) {
	b, err := msgpack.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("responder: encode a partial: %w", err)
	}
	return b, nil
}

// decodeMessage reads a payload. What it gives is valid.
func decodeMessage(b []byte) (m message, err error) {
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&m); err != nil {
		return message{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	switch {
	case m.Sign != nil && m.Opinion == nil:
		err = m.Sign.valid()
	case m.Opinion != nil && m.Sign == nil:
		err = m.Opinion.valid()
	default:
		err = errors.New("neither a sign nor a verdict")
	}
	if err != nil {
		return message{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	return m, nil
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
