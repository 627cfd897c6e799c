package discovery

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// errMalformed is wrapped by every error of decodeOperations.
var errMalformed = wire.ErrMalformed

// formatVersion starts every payload and snapshot. A reader knows one.
const formatVersion = 2

// fieldsOfOperation is the length of an operation's array.
const fieldsOfOperation = 21

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
	b = wire.AppendCounts(b, op.statuses[:])
	b = wire.AppendCounts(b, op.auth[:])
	b = wire.AppendCounts(b, op.protocols[:])
	b = msgp.AppendArrayHeader(b, uint32(len(op.services)))
	for _, s := range op.services {
		b = msgp.AppendString(b, s)
	}
	b = msgp.AppendUint64(b, op.successes)
	b = msgp.AppendInt64(b, op.witness.time)
	b = msgp.AppendBytes(b, append(op.witness.id[:len(op.witness.id):len(op.witness.id)], byte(op.witness.status>>8), byte(op.witness.status)))
	b = op.params.Append(b)
	return op.usage.append(b)
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

// with lets another package take its values off.
func (r *reader) with(f func(*wire.Reader)) {
	w := wire.Reader{B: r.b, Err: r.err}
	f(&w)
	r.b, r.err = w.B, w.Err
}

func (r *reader) counts(to []uint64) { r.with(func(w *wire.Reader) { w.Counts(to) }) }

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
	r.with(func(w *wire.Reader) {
		op.params.Decode(w, c.limits())
		op.usage.decode(w)
	})
	if r.err == nil && (op.id == "" || op.method == "" || op.template == "" || op.hits == 0) {
		r.fail("an operation without id, method, template or hits")
	}
	return op
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
