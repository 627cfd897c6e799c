package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
)

// ErrMalformed is wrapped by every error of DecodeEndpoint, DecodeField and of
// the Validate methods.
var ErrMalformed = errors.New("catalog: malformed record")

// Sources of an endpoint.
const (
	Learned       = "learned"
	Specification = "specification"
)

// Key is the record key of e: tenant|id.
func (e *Endpoint) Key() []byte { return event.RecordKey(e.Tenant, e.ID) }

// SplitKey takes a record key tenant|id apart: that of a tombstone is all there is.
func SplitKey(key []byte) (tenant, id string, ok bool) {
	t, i, ok := bytes.Cut(key, []byte{'|'})
	return string(t), string(i), ok
}

// Label is "METHOD host/template", as Match.Label.
func (e *Endpoint) Label() string { return e.Method + " " + e.Host + e.Template }

// Validate reports everything that keeps e from being a record.
func (e *Endpoint) Validate() error {
	var bad []string
	need := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	need(e.ID != "", "id is empty")
	need(validTenant(e.Tenant), "tenant is empty or holds '|'")
	need(e.Host != "", "host is empty")
	need(e.Method != "", "method is empty")
	need(strings.HasPrefix(e.Template, "/"), "template does not start with '/'")
	need(e.Source == Learned || e.Source == Specification, "source is neither learned nor specification")
	need(e.Version >= 1, "version is below 1")
	need(!e.LastSeen.Before(e.FirstSeen), "last_seen is before first_seen")
	for i := range e.Params {
		need(e.Params[i].In != "" && e.Params[i].Name != "", fmt.Sprintf("params[%d] lacks in or name", i))
	}
	return malformed("endpoint", e.ID, bad)
}

// EncodeEndpoint is the record value of e.
func EncodeEndpoint(e *Endpoint) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("endpoint %s: encode: %w", e.ID, err)
	}
	return b, nil
}

// DecodeEndpoint reads and validates the record value b.
func DecodeEndpoint(b []byte) (Endpoint, error) {
	var e Endpoint
	if err := json.Unmarshal(b, &e); err != nil {
		return Endpoint{}, fmt.Errorf("%w: endpoint: %w", ErrMalformed, err)
	}
	if err := e.Validate(); err != nil {
		return Endpoint{}, err
	}
	return e, nil
}

// Key is the record key of f: tenant|id.
func (f *Field) Key() []byte { return event.RecordKey(f.Tenant, f.ID) }

// Validate reports everything that keeps f from being a record.
func (f *Field) Validate() error {
	var bad []string
	need := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	need(f.ID != "", "id is empty")
	need(validTenant(f.Tenant), "tenant is empty or holds '|'")
	need(f.EndpointID != "", "endpoint_id is empty")
	need(f.Direction == "request" || f.Direction == "response", "direction is neither request nor response")
	need(f.Location != "", "location is empty")
	need(f.Type != "", "type is empty")
	need(f.Confidence >= 0 && f.Confidence <= 1, "confidence is not between 0 and 1")
	need(f.Matched <= f.Seen, "matched is more than seen")
	need(!f.LastSeen.Before(f.FirstSeen), "last_seen is before first_seen")
	return malformed("field", f.ID, bad)
}

// EncodeField is the record value of f.
func EncodeField(f *Field) ([]byte, error) {
	b, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("field %s: encode: %w", f.ID, err)
	}
	return b, nil
}

// DecodeField reads and validates the record value b.
func DecodeField(b []byte) (Field, error) {
	var f Field
	if err := json.Unmarshal(b, &f); err != nil {
		return Field{}, fmt.Errorf("%w: field: %w", ErrMalformed, err)
	}
	if err := f.Validate(); err != nil {
		return Field{}, err
	}
	return f, nil
}

func validTenant(t string) bool { return t != "" && !strings.Contains(t, "|") }

func malformed(kind, id string, bad []string) error {
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s %s: %s", ErrMalformed, kind, id, strings.Join(bad, "; "))
}
