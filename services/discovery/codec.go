package discovery

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/tinylib/msgp/msgp"
)

// errMalformed is wrapped by every error of decodeOperations.
var errMalformed = errors.New("discovery: malformed difference")

// formatVersion starts every payload and snapshot. A reader knows one.
const formatVersion = 1

// fieldsOfOperation is the length of an operation's array.
const fieldsOfOperation = 14

// appendOperation appends the MessagePack form of op: an array, with the
// parameters in order, so that equal operations have equal bytes.
func appendOperation(b []byte, op *operation) []byte {
	b = msgp.AppendArrayHeader(b, fieldsOfOperation)
	b = msgp.AppendString(b, op.id)
	b = msgp.AppendString(b, op.method)
	b = msgp.AppendString(b, op.template)
	b = msgp.AppendUint64(b, op.hits)
	b = msgp.AppendInt64(b, op.first)
	b = msgp.AppendInt64(b, op.last)
	b = appendCounts(b, op.statuses[:])
	b = appendCounts(b, op.auth[:])
	b = appendCounts(b, op.protocols[:])
	b = msgp.AppendArrayHeader(b, uint32(len(op.services)))
	for _, s := range op.services {
		b = msgp.AppendString(b, s)
	}
	b = msgp.AppendUint64(b, op.successes)
	b = msgp.AppendInt64(b, op.witness.time)
	b = msgp.AppendBytes(b, append(op.witness.id[:len(op.witness.id):len(op.witness.id)], byte(op.witness.status>>8), byte(op.witness.status)))
	list := op.params.sorted()
	b = msgp.AppendArrayHeader(b, uint32(len(list)))
	for i := range list {
		p := &list[i]
		b = msgp.AppendArrayHeader(b, 4)
		b = msgp.AppendUint8(b, uint8(p.key.in))
		b = msgp.AppendString(b, p.key.name)
		b = msgp.AppendUint64(b, p.count)
		b = appendCounts(b, p.types[:])
	}
	return b
}

// appendCounts writes the counts that are not zero, as pairs of index and count:
// most are zero.
func appendCounts(b []byte, counts []uint64) []byte {
	n := uint32(0)
	for _, c := range counts {
		if c > 0 {
			n += 2
		}
	}
	b = msgp.AppendArrayHeader(b, n)
	for i, c := range counts {
		if c > 0 {
			b = msgp.AppendUint8(b, uint8(i))
			b = msgp.AppendUint64(b, c)
		}
	}
	return b
}

// reader takes values off a buffer and keeps the first error.
type reader struct {
	b   []byte
	err error
}

func read[T any](r *reader, f func([]byte) (T, []byte, error)) (v T) {
	if r.err != nil {
		return v
	}
	v, rest, err := f(r.b)
	if err != nil {
		r.err = fmt.Errorf("%w: %w", errMalformed, err)
		var zero T
		return zero
	}
	r.b = rest
	return v
}

// length reads the head of an array. Every element has a byte at least, so what
// is longer than the buffer is refused before anything is made for it.
func (r *reader) length() int {
	n := int(read(r, msgp.ReadArrayHeaderBytes))
	if r.err == nil && n > len(r.b) {
		r.fail("an array of %d in %d bytes", n, len(r.b))
		return 0
	}
	return n
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{errMalformed}, args...)...)
	}
}

func (r *reader) counts(to []uint64) {
	n := r.length()
	if n%2 != 0 || n > 2*len(to) {
		r.fail("%d counts", n)
	}
	for range n / 2 {
		i := int(read(r, msgp.ReadUint8Bytes))
		c := read(r, msgp.ReadUint64Bytes)
		if r.err != nil {
			return
		}
		if i >= len(to) {
			r.fail("count %d of %d", i, len(to))
			return
		}
		to[i] += c
	}
}

// operation reads one operation. What it holds is its own.
func (r *reader) operation(c *Config) *operation {
	if n := r.length(); r.err == nil && n != fieldsOfOperation {
		r.fail("an operation of %d fields", n)
	}
	op := &operation{
		id: read(r, msgp.ReadStringBytes), method: read(r, msgp.ReadStringBytes), template: read(r, msgp.ReadStringBytes),
		hits: read(r, msgp.ReadUint64Bytes), first: read(r, msgp.ReadInt64Bytes), last: read(r, msgp.ReadInt64Bytes),
	}
	r.counts(op.statuses[:])
	r.counts(op.auth[:])
	r.counts(op.protocols[:])
	for range r.length() {
		if r.err == nil {
			op.service(read(r, msgp.ReadStringBytes), c.MaxServices)
		}
	}
	op.successes = read(r, msgp.ReadUint64Bytes)
	op.witness.time = read(r, msgp.ReadInt64Bytes)
	w := read(r, msgp.ReadBytesZC)
	if r.err == nil && len(w) != len(op.witness.id)+2 {
		r.fail("a witness of %d bytes", len(w))
	}
	if r.err == nil {
		n := copy(op.witness.id[:], w)
		op.witness.status = uint16(w[n])<<8 | uint16(w[n+1])
	}
	for range r.length() {
		if r.err != nil {
			break
		}
		r.param(op, c)
	}
	if r.err == nil && (op.id == "" || op.method == "" || op.template == "" || op.hits == 0) {
		r.fail("an operation without id, method, template or hits")
	}
	return op
}

func (r *reader) param(op *operation, c *Config) {
	if n := r.length(); r.err == nil && n != 4 {
		r.fail("a parameter of %d fields", n)
	}
	key := paramKey{place(read(r, msgp.ReadUint8Bytes)), read(r, msgp.ReadStringBytes)}
	count := read(r, msgp.ReadUint64Bytes)
	var counts [types]uint64
	r.counts(counts[:])
	if r.err == nil && (key.in >= places || key.name == "") {
		r.fail("a parameter in place %d called %q", key.in, key.name)
	}
	if r.err != nil {
		return
	}
	if p := op.params.at(key, c.MaxParams); p != nil {
		p.count += count
		for i, n := range counts {
			p.types[i] += n
		}
	}
}

// appendPayload starts a payload of n operations.
func appendPayload(b []byte, n int) []byte {
	b = msgp.AppendUint8(b, formatVersion)
	return msgp.AppendArrayHeader(b, uint32(n))
}

// decodePayload reads the payload of a partial: a version and operations of
// tenant and host, whose ids must be theirs.
func decodePayload(b []byte, tenant, host string, c *Config) ([]*operation, error) {
	r := &reader{b: b}
	if v := read(r, msgp.ReadUint8Bytes); r.err == nil && v != formatVersion {
		r.fail("version %d, known is %d: upgrade mergers before detectors", v, formatVersion)
	}
	n := r.length()
	var out []*operation
	for range n {
		op := r.operation(c)
		if r.err == nil && op.id != catalog.ID(tenant, host, op.method, op.template) {
			r.fail("id %s is not that of %s %s%s", op.id, op.method, host, op.template)
		}
		if r.err != nil {
			return nil, r.err
		}
		out = append(out, op)
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes behind it", len(r.b))
	}
	return out, r.err
}
