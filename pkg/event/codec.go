package event

import (
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by every error of Decode.
var ErrMalformed = errors.New("event: malformed record")

// Encode appends the wire form of e to b and returns the extended slice. With
// enough capacity it does not allocate.
func Encode(b []byte, e *Event) []byte {
	// MarshalMsg of this shape cannot fail: it holds no interface, no map and no
	// length that the format could not express.
	out, err := e.MarshalMsg(b)
	if err != nil {
		panic(fmt.Sprintf("event: marshal of a plain struct failed: %v", err))
	}
	return out
}

// Decode reads one record from b into e. Every byte field of e then aliases b.
// e may be reused: its slices are, so a loop over one Event does not allocate.
// The record must fill b exactly; anything else is an error that wraps
// ErrMalformed, and e is then not to be read.
func Decode(b []byte, e *Event) error {
	headers, responses, masked, claims := e.RequestHeaders[:0], e.ResponseHeaders[:0], e.Masked[:0], e.Identity.Claims[:0]
	// An older record is shorter than this struct: what it lacks must read as
	// zero and not as what the last record left behind.
	*e = Event{RequestHeaders: headers, ResponseHeaders: responses, Masked: masked}
	e.Identity.Claims = claims
	clearPairs(e)
	rest, err := e.UnmarshalMsg(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(rest) != 0 {
		return fmt.Errorf("%w: %d bytes after the record", ErrMalformed, len(rest))
	}
	if len(e.Tenant) == 0 {
		return fmt.Errorf("%w: no tenant", ErrMalformed)
	}
	return nil
}

// clearPairs empties the backing arrays that Decode reuses: a vartuple may
// leave the tail of an element untouched.
func clearPairs(e *Event) {
	clear(e.RequestHeaders[:cap(e.RequestHeaders)])
	clear(e.ResponseHeaders[:cap(e.ResponseHeaders)])
	clear(e.Masked[:cap(e.Masked)])
	clear(e.Identity.Claims[:cap(e.Identity.Claims)])
}

// Size is an upper bound of the wire form of e in bytes.
func Size(e *Event) int { return e.Msgsize() }
