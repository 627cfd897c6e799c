// Package deploy is the contract of the topic mirador.deploys: what people and pipelines
// say of releases, so that what is new with one is not held against who uses it.
package deploy

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/segmentio/encoding/json"
)

// Marker is the record of one release.
type Marker struct {
	Tenant string `json:"tenant"`
	// ID tells releases apart; the same again is the same release.
	ID string `json:"id"`
	// Service is what was released: the name that sensors give it, or the host that it
	// answers on.
	Service string    `json:"service"`
	Version string    `json:"version,omitempty"`
	At      time.Time `json:"ts"` // when it went live
	Person  string    `json:"person"`
	Note    string    `json:"note,omitempty"`
}

// Bounds of the texts of a marker, in bytes.
const (
	MaxName = 256
	MaxNote = 1000
)

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("deploy: malformed record")

// Key is the record key: tenant|id.
func (m *Marker) Key() []byte { return []byte(m.Tenant + "|" + m.ID) }

// Validate reports all that is wrong.
func (m *Marker) Validate() error {
	var errs []error
	if m.Tenant == "" || strings.Contains(m.Tenant, "|") || m.ID == "" || m.Person == "" {
		errs = append(errs, errors.New("tenant, id and person are required"))
	}
	if m.Service == "" {
		errs = append(errs, errors.New("service: which one was released?"))
	}
	for _, t := range [...]struct{ name, text string }{{"id", m.ID}, {"service", m.Service}, {"version", m.Version}, {"person", m.Person}} {
		if len(t.text) > MaxName || strings.ContainsFunc(t.text, unicode.IsControl) {
			errs = append(errs, fmt.Errorf("%s: must be at most %d bytes and hold nothing that does not print", t.name, MaxName))
		}
	}
	if len(m.Note) > MaxNote {
		errs = append(errs, fmt.Errorf("note of %d bytes: at most %d", len(m.Note), MaxNote))
	}
	if m.At.IsZero() {
		errs = append(errs, errors.New("ts: when did it go live?"))
	}
	return errors.Join(errs...)
}

// Encode is the record value of m.
func Encode(m *Marker) ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("deploy: marker of %s: encode: %w", m.Service, err)
	}
	return b, nil
}

// Decode reads the record value b. What it gives is valid.
func Decode(b []byte) (Marker, error) {
	var m Marker
	if err := json.Unmarshal(b, &m); err != nil {
		return Marker{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err := m.Validate(); err != nil {
		return Marker{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return m, nil
}
