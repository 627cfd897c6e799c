package detect

import (
	"github.com/miradorhq/mirador/pkg/finding"
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

// Finding puts out f.
func (o *Out) Finding(f finding.Finding) { o.Findings = append(o.Findings, f) }

// Partial puts out a difference for dimension of kind.
func (o *Out) Partial(kind, tenant, dimension string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Dimension: dimension, Payload: payload})
}

// Grouped puts out a difference for dimension, which the second stage of group takes.
func (o *Out) Grouped(kind, tenant, group, dimension string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Group: group, Dimension: dimension, Payload: payload})
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
