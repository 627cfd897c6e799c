package order

import (
	"fmt"
	"math"
	"time"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// version starts the payload of an order. No format of differences has this number,
// so a merger tells the two apart by it, and one that knows no orders refuses them.
const version = 0x71

const elements = 7

// Is says whether the payload of a partial is an order.
func Is(payload []byte) bool { return len(payload) > 0 && payload[0] == version }

// Append appends the payload of o, which must be valid.
func Append(b []byte, o *Order) []byte {
	b = msgp.AppendUint8(b, version)
	b = msgp.AppendArrayHeader(b, elements)
	b = msgp.AppendString(b, string(o.Op))
	b = msgp.AppendString(b, o.Method)
	b = msgp.AppendString(b, o.Template)
	b = msgp.AppendInt64(b, int64(o.Segment))
	b = msgp.AppendString(b, o.Name)
	b = msgp.AppendString(b, o.Person)
	return msgp.AppendInt64(b, o.At.UnixNano())
}

// Decode reads a payload. What it gives is valid.
func Decode(b []byte) (Order, error) {
	r := &wire.Reader{B: b}
	if v := r.Uint(); r.Err == nil && v != version {
		r.Fail("an order of version %d, known is %d: upgrade mergers before consoles", v, version)
	}
	r.Exactly(elements, "an order")
	o := Order{Op: Op(r.Text(maxMethod)), Method: r.Text(maxMethod), Template: r.Text(MaxTemplate)}
	segment := r.Int()
	o.Segment = int(max(math.MinInt32, min(math.MaxInt32, segment)))
	o.Name, o.Person = r.Text(MaxName), r.Text(maxMethod)
	o.At = time.Unix(0, r.Int()).UTC()
	if r.Err == nil && len(r.B) > 0 {
		r.Fail("%d bytes behind an order", len(r.B))
	}
	if r.Err != nil {
		return Order{}, fmt.Errorf("order: %w", r.Err)
	}
	if err := o.Validate(); err != nil {
		return Order{}, fmt.Errorf("%w: %w", wire.ErrMalformed, err)
	}
	return o, nil
}
