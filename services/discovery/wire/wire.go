// Package wire reads the MessagePack of differences and snapshots: arrays of
// numbers and texts, which somebody else may have sent.
package wire

import (
	"errors"
	"fmt"
	"math"

	"github.com/tinylib/msgp/msgp"
)

// ErrMalformed is wrapped by every error of a Reader.
var ErrMalformed = errors.New("discovery: malformed difference")

// Reader takes values off B and keeps the first error. After one every value is
// zero and every length 0.
type Reader struct {
	B   []byte
	Err error
}

// Fail notes an error, unless there is one.
func (r *Reader) Fail(format string, args ...any) {
	if r.Err == nil {
		r.Err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
}

// Take takes what f reads: one of msgp's ReadXBytes.
func Take[T any](r *Reader, f func([]byte) (T, []byte, error)) (v T) {
	if r.Err != nil {
		return v
	}
	v, rest, err := f(r.B)
	if err != nil {
		var zero T
		r.Err = fmt.Errorf("%w: %w", ErrMalformed, err)
		return zero
	}
	r.B = rest
	return v
}

// Uint takes an unsigned integer.
func (r *Reader) Uint() uint64 { return Take(r, msgp.ReadUint64Bytes) }

// Int takes an integer.
func (r *Reader) Int() int64 { return Take(r, msgp.ReadInt64Bytes) }

// Bool takes a flag.
func (r *Reader) Bool() bool { return Take(r, msgp.ReadBoolBytes) }

// Float takes a number that JSON can hold.
func (r *Reader) Float() float64 {
	v := Take(r, msgp.ReadFloat64Bytes)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.Fail("%v is no number", v)
		return 0
	}
	return v
}

// Text takes a string of at most limit bytes. It is a copy.
func (r *Reader) Text(limit int) string {
	b := Take(r, msgp.ReadStringZC)
	if len(b) > limit {
		r.Fail("a text of %d bytes, at most %d are taken", len(b), limit)
		return ""
	}
	return string(b)
}

// Length takes the head of an array. Every element has a byte at least, so what is
// longer than the buffer is refused before anything is made for it.
func (r *Reader) Length() int {
	n := int(Take(r, msgp.ReadArrayHeaderBytes))
	if r.Err == nil && n > len(r.B) {
		r.Fail("an array of %d in %d bytes", n, len(r.B))
		return 0
	}
	return n
}

// Exactly takes the head of an array that must have n elements.
func (r *Reader) Exactly(n int, what string) {
	if got := r.Length(); r.Err == nil && got != n {
		r.Fail("%s of %d elements, not %d", what, got, n)
	}
}

// AppendCounts writes the counts that are not zero, as pairs of index and count:
// most are zero.
func AppendCounts(b []byte, counts []uint64) []byte {
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

// Counts adds what AppendCounts wrote to counts.
func (r *Reader) Counts(counts []uint64) {
	n := r.Length()
	if n%2 != 0 || n > 2*len(counts) {
		r.Fail("%d counts", n)
		return
	}
	for range n / 2 {
		i, c := r.Uint(), r.Uint()
		if r.Err != nil {
			return
		}
		if i >= uint64(len(counts)) {
			r.Fail("count %d of %d", i, len(counts))
			return
		}
		counts[i] += c
	}
}
