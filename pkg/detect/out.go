package detect

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/vmihailenco/msgpack/v5"
)

// Out takes what a detector says. It belongs to the caller and is valid until
// the call returns; what is put in must not be changed afterwards.
type Out struct {
	Findings []finding.Finding
	Partials []Partial
	Records  []Record
}

// Record is an output for a topic of the detector's own, keyed by the caller.
type Record struct {
	Topic string
	Key   []byte
	Value []byte // nil is a tombstone
	// Headers travel with the record, as the signature of an action.
	Headers []Header
	// Urgent asks for a commit at once: set for actions, which an edge waits for.
	Urgent bool
}

// Header is a record header.
type Header struct {
	Key   string
	Value []byte
}

// Partial is what one partition of events adds to a dimension that is not its
// key: a difference, never a total. The runner fills in Source and Watermark.
type Partial struct {
	_msgpack struct{} `msgpack:",as_array"`
	// Kind names the second stage that reads it, as "discovery".
	Kind      string
	Tenant    string
	Dimension string
	// Payload is the kind's own.
	Payload []byte
	// Source is the partition of mirador.events that it comes from, Watermark (ns)
	// that partition's event time up to here.
	Source    int32
	Watermark int64
}

// Finding puts out f.
func (o *Out) Finding(f finding.Finding) { o.Findings = append(o.Findings, f) }

// Partial puts out a difference for dimension of kind.
func (o *Out) Partial(kind, tenant, dimension string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Dimension: dimension, Payload: payload})
}

// Record puts out a record for topic.
func (o *Out) Record(topic string, key, value []byte) {
	o.Records = append(o.Records, Record{Topic: topic, Key: key, Value: value})
}

// Reset empties o and keeps its memory.
func (o *Out) Reset() {
	clear(o.Findings)
	clear(o.Partials)
	clear(o.Records)
	o.Findings, o.Partials, o.Records = o.Findings[:0], o.Partials[:0], o.Records[:0]
}

// Key is the record key of p: tenant|dimension.
func (p *Partial) Key() []byte { return event.RecordKey(p.Tenant, p.Dimension) }

// WatermarkTime is the watermark as a time.
func (p *Partial) WatermarkTime() time.Time { return time.Unix(0, p.Watermark).UTC() }

// ErrMalformedPartial is wrapped by every error of DecodePartial.
var ErrMalformedPartial = errors.New("detect: malformed partial")

// EncodePartial is the record value of p.
func EncodePartial(p *Partial) ([]byte, error) {
	b, err := msgpack.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("partial %s %s: encode: %w", p.Kind, p.Dimension, err)
	}
	return b, nil
}

// DecodePartial reads the record value b. The decoder is not pooled: the
// library's pool keeps what hostile lengths made it grow to.
func DecodePartial(b []byte) (Partial, error) {
	var p Partial
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&p); err != nil {
		return Partial{}, fmt.Errorf("%w: %w", ErrMalformedPartial, err)
	}
	if p.Kind == "" {
		return Partial{}, fmt.Errorf("%w: no kind", ErrMalformedPartial)
	}
	return p, nil
}
