package detect

import (
	"slices"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/finding"
)

// Out takes what a detector says. It belongs to the caller and is valid until
// the call returns; what is put in must not be changed afterwards.
type Out struct {
	Findings []finding.Finding
	Partials []Partial
	Records  []Record

	updates []int // indexes of the Findings that Update put out, ascending
	limits  []limit
}

// limit is the strongest op that a finding bears.
type limit struct {
	finding int
	most    action.Op
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

// Update puts out f for the record alone: its count or its end is news, but all that
// it rests on was put out before, when somebody could still act on it. Who acts on
// findings passes it over.
func (o *Out) Update(f finding.Finding) {
	o.updates = append(o.updates, len(o.Findings))
	o.Finding(f)
}

// Hold has who acts on findings pass over the i-th of Findings, as if Update had put it out:
// it is to be seen, and there is a reason not to act.
func (o *Out) Hold(i int) {
	if at, held := slices.BinarySearch(o.updates, i); !held {
		o.updates = slices.Insert(o.updates, at, i)
	}
}

// Acts says whether the i-th of Findings may be acted on: it was not put out by Update.
func (o *Out) Acts(i int) bool {
	_, update := slices.BinarySearch(o.updates, i)
	return !update
}

// Within puts out f, which bears nothing stronger than most: who acts on it does that or
// what the rule allows, whichever is weaker.
func (o *Out) Within(f finding.Finding, most action.Op) {
	o.limits = append(o.limits, limit{len(o.Findings), most})
	o.Finding(f)
}

// Most is the strongest op that the i-th of Findings bears; empty is no limit.
func (o *Out) Most(i int) action.Op {
	n, ok := slices.BinarySearchFunc(o.limits, i, func(l limit, i int) int { return l.finding - i })
	if !ok {
		return ""
	}
	return o.limits[n].most
}

// Partial puts out a difference for dimension of kind.
func (o *Out) Partial(kind, tenant, dimension string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Dimension: dimension, Payload: payload})
}

// Grouped puts out a difference for dimension, which the second stage of group takes.
func (o *Out) Grouped(kind, tenant, group, dimension string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Group: group, Dimension: dimension, Payload: payload})
}

// Everywhere puts out something that every partition of the second stage must know, as
// what a person says of a rule. It belongs to no dimension.
func (o *Out) Everywhere(kind, tenant string, payload []byte) {
	o.Partials = append(o.Partials, Partial{Kind: kind, Tenant: tenant, Payload: payload, Everywhere: true})
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
	o.Findings, o.Partials, o.Records, o.updates = o.Findings[:0], o.Partials[:0], o.Records[:0], o.updates[:0]
	o.limits = o.limits[:0]
}
