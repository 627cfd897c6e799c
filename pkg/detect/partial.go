package detect

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

//go:generate go run github.com/tinylib/msgp@v1.6.5 -file partial.go -o partial_gen.go -tests=false -io=false

//msgp:vartuple Partial

// Partial is what one partition of events adds to a dimension that is not its
// key: a difference, never a total. The runner fills in Source and Watermark.
type Partial struct {
	// Kind names the second stage that reads it, as "discovery".
	Kind      string `msg:"kind"`
	Tenant    string `msg:"tenant"`
	Dimension string `msg:"dimension"`
	// Payload is the kind's own.
	Payload []byte `msg:"payload"`
	// Source is the partition of mirador.events that it comes from, Watermark (ns)
	// that partition's event time up to here.
	Source    int32 `msg:"source"`
	Watermark int64 `msg:"watermark"`
	// Group, where it is set, takes the place of Dimension in the key: dimensions of
	// one group have one second stage. Every writer of a kind must name the same one.
	Group string `msg:"-"`
	// Everywhere sends it to every partition of the second stage, not to its key's.
	Everywhere bool `msg:"-"`
}

// KindHeader is the record header that holds the kind, so that a merge stage need not
// decode what is not its own.
const KindHeader = "kind"

// Key is the record key of p: tenant|dimension, or tenant|group.
func (p *Partial) Key() []byte { return event.RecordKey(p.Tenant, cmp.Or(p.Group, p.Dimension)) }

// WatermarkTime is the watermark as a time.
func (p *Partial) WatermarkTime() time.Time { return time.Unix(0, p.Watermark).UTC() }

// ErrMalformedPartial is wrapped by every error of DecodePartial.
var ErrMalformedPartial = errors.New("detect: malformed partial")

// EncodePartial is the record value of p.
func EncodePartial(p *Partial) ([]byte, error) {
	b, err := p.MarshalMsg(nil)
	if err != nil {
		return nil, fmt.Errorf("partial %s %s: encode: %w", p.Kind, p.Dimension, err)
	}
	return b, nil
}

// DecodePartial reads the record value b. Lengths that b claims are held against
// b itself, so hostile bytes allocate no more than they are.
func DecodePartial(b []byte) (Partial, error) {
	var p Partial
	rest, err := p.UnmarshalMsg(b)
	if err != nil {
		return Partial{}, fmt.Errorf("%w: %w", ErrMalformedPartial, err)
	}
	if len(rest) > 0 || p.Kind == "" {
		return Partial{}, fmt.Errorf("%w: %d bytes after it, kind %q", ErrMalformedPartial, len(rest), p.Kind)
	}
	return p, nil
}
