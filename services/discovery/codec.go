package discovery

import (
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// formatVersion starts every payload and snapshot. A reader knows one.
const formatVersion = 4

// fieldsOfOperation is the length of an operation's array.
const fieldsOfOperation = 24

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
	b = msgp.AppendUint64(b, op.slashed)
	b = msgp.AppendInt64(b, op.witness.time)
	b = msgp.AppendBytes(b, append(op.witness.id[:len(op.witness.id):len(op.witness.id)], byte(op.witness.status>>8), byte(op.witness.status)))
	b = op.params.Append(b)
	return op.prefix.Append(op.usage.append(b))
}

// reader reads operations.
type reader struct{ wire.Reader }

// operation reads one operation. What it holds is its own.
func (r *reader) operation(c *Config) *operation {
	if n := r.Length(); r.Err == nil && n != fieldsOfOperation {
		r.Fail("an operation of %d fields", n)
	}
	op := &operation{
		id: wire.Take(&r.Reader, msgp.ReadStringBytes), method: wire.Take(&r.Reader, msgp.ReadStringBytes), template: wire.Take(&r.Reader, msgp.ReadStringBytes),
		hits: wire.Take(&r.Reader, msgp.ReadUint64Bytes), first: wire.Take(&r.Reader, msgp.ReadInt64Bytes), last: wire.Take(&r.Reader, msgp.ReadInt64Bytes),
	}
	r.Counts(op.statuses[:])
	r.Counts(op.auth[:])
	r.Counts(op.protocols[:])
	for range r.Length() {
		if r.Err == nil {
			op.service(wire.Take(&r.Reader, msgp.ReadStringBytes), c.MaxServices)
		}
	}
	op.successes = wire.Take(&r.Reader, msgp.ReadUint64Bytes)
	op.slashed = wire.Take(&r.Reader, msgp.ReadUint64Bytes)
	op.witness.time = wire.Take(&r.Reader, msgp.ReadInt64Bytes)
	w := wire.Take(&r.Reader, msgp.ReadBytesZC)
	if r.Err == nil && len(w) != len(op.witness.id)+2 {
		r.Fail("a witness of %d bytes", len(w))
	}
	if r.Err == nil {
		n := copy(op.witness.id[:], w)
		op.witness.status = uint16(w[n])<<8 | uint16(w[n+1])
	}
	op.params.Decode(&r.Reader, c.limits())
	op.usage.decode(&r.Reader)
	op.prefix.Decode(&r.Reader)
	if r.Err == nil && (op.id == "" || op.method == "" || op.template == "" || op.hits == 0) {
		r.Fail("an operation without id, method, template or hits")
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
	r := &reader{Reader: wire.Reader{B: b}}
	if v := wire.Take(&r.Reader, msgp.ReadUint8Bytes); r.Err == nil && v != formatVersion {
		r.Fail("version %d, known is %d: upgrade mergers before detectors", v, formatVersion)
	}
	n := r.Length()
	var out []*operation
	for range n {
		op := r.operation(c)
		if r.Err == nil && op.id != catalog.ID(tenant, host, op.method, op.template) {
			r.Fail("id %s is not that of %s %s%s", op.id, op.method, host, op.template)
		}
		if r.Err != nil {
			return nil, r.Err
		}
		out = append(out, op)
	}
	if r.Err == nil && len(r.B) > 0 {
		r.Fail("%d bytes behind it", len(r.B))
	}
	return out, r.Err
}
