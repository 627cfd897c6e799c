package runner

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/detect"
)

// partialMachine is the machine of a merge stage. Its watermark is the minimum
// over all sources: the partitions of mirador.events.
type partialMachine struct {
	m       detect.Merger
	kind    string
	sources []int64
}

func newPartialMachine(m detect.Merger, kind string, sources int) *partialMachine {
	return &partialMachine{m: m, kind: kind, sources: make([]int64, sources)}
}

func (m *partialMachine) detector() any { return m.m }

// idles: no. The sources' watermarks go on by themselves, and the clock here
// knows nothing that they do not.
func (m *partialMachine) idles() bool { return false }

// stamps: no. What a merger tells another may come before differences that the other
// has yet to see, of any source; so it says nothing of how far event time has come.
func (m *partialMachine) stamps() bool { return false }

func (m *partialMachine) prepare(it *item) {
	if it.skip = it.kind != "" && it.kind != m.kind; it.skip {
		return
	}
	if !it.given {
		it.partial, it.err = detect.DecodePartial(it.value)
	}
	if it.err == nil && (it.partial.Source < 0 || int(it.partial.Source) >= len(m.sources)) {
		it.err = fmt.Errorf("%w: source partition %d of %d", detect.ErrMalformedPartial, it.partial.Source, len(m.sources))
	}
	it.skip = it.partial.Kind != m.kind && it.err == nil
}

func (m *partialMachine) apply(p *partition, it *item) {
	if it.skip {
		return
	}
	q := &it.partial
	if q.Dimension != "" || len(q.Payload) > 0 {
		m.m.Merge(q, &p.out)
	}
	// Behind the merge: a partial belongs before the watermark that came with it.
	if s := &m.sources[q.Source]; q.Watermark > *s {
		*s = q.Watermark
		p.moveTo(m.minimum())
	}
}

// minimum is 0, which moves nothing, until every source was heard.
func (m *partialMachine) minimum() int64 {
	low := int64(math.MaxInt64)
	for _, w := range m.sources {
		low = min(low, w)
	}
	return low
}

func (m *partialMachine) save(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(m.sources)))
	for _, w := range m.sources {
		b = binary.AppendVarint(b, w)
	}
	return b
}

func (m *partialMachine) load(r *reader) error {
	if n := r.uvarint(); r.err == nil && n != uint64(len(m.sources)) {
		return fmt.Errorf("%w: it was taken with %d source partitions, there are %d", errState, n, len(m.sources))
	}
	for i := range m.sources {
		m.sources[i] = r.varint()
	}
	return r.err
}

func (m *partialMachine) describe(it *item) (string, string, *detect.Tx) {
	return it.partial.Tenant, fmt.Sprintf("%s/%s/%d/%d", m.kind, it.partial.Dimension, it.p.id, it.offset), nil
}
