package calibrate

import (
	"errors"
	"math"

	"github.com/vmihailenco/msgpack/v5"
)

// scale is that of a cohort.
type scale struct {
	// First is the day on which it was first seen. For 48 hours everything is new, and
	// what was reached then tells nothing of what is ordinary.
	First, Day uint32
	Bar        float64
	// Cells are the days, that of Day at Day%(days+1).
	Cells [days + 1][cells]uint32
}

// bar is the surprise that a part q of n actor-days exceeds.
func bar(sum *[cells]float64, n, q float64) float64 {
	if n == 0 {
		return 0
	}
	if n < enough {
		return edge(rank(sum, q*(n+1)-1))
	}
	// The excesses: the cells above the level, or above so much that they are few.
	top := rank(sum, min(most, (1-level)*n))
	t := edge(top)
	var above, first, second float64
	for i := cells - 1; i >= top; i-- {
		// Of the k in a cell, above+1 to above+k by rank from the greatest.
		k := sum[i]
		x := middle(i) - t
		first += k * x
		second += x * (k*above + k*(k-1)/2)
		above += k
	}
	if above < 10 || above <= q*n {
		return edge(rank(sum, q*n))
	}
	a0, a1 := first/above, second/(above*(above-1))
	// a1 weighs each excess by the part of those that are greater.
	shape, scale := 0.0, a0
	if d := a0 - 2*a1; d > 1e-9 {
		shape = min(0.5, max(-0.5, 2-a0/d))
		scale = a0 * (1 - shape)
	}
	if math.Abs(shape) < 1e-6 {
		return t + scale*math.Log(above/(q*n))
	}
	return t + scale/shape*(math.Pow(above/(q*n), shape)-1)
}

// rank is the least cell at and above which there are at most k; one past the highest
// that has any where k is less than one.
func rank(sum *[cells]float64, k float64) int {
	above := 0.0
	for i := cells - 1; i >= 0; i-- {
		if above += sum[i]; above > max(0, k) {
			return i + 1
		}
	}
	return 0
}

// cellOf is a cell: a sixteenth wide at first and wider further up; the last begins at
// 1,500.
func cellOf(surprise float64) uint8 {
	if !(surprise > 0) {
		return 0
	}
	return uint8(min(cells-1, 12*math.Log2(1+surprise)))
}

// edge is the least surprise of a cell, middle one that stands for it.
func edge(cell int) float64   { return math.Exp2(float64(cell)/12) - 1 }
func middle(cell int) float64 { return math.Exp2((float64(cell)+0.5)/12) - 1 }

// EncodeMsgpack implements msgpack.CustomEncoder.
func (s *scale) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMulti(s.First, s.Day, s.Bar); err != nil {
		return err
	}
	for d := range s.Cells {
		if err := encodeSparse(e, s.Cells[d][:]); err != nil {
			return err
		}
	}
	return nil
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (s *scale) DecodeMsgpack(d *msgpack.Decoder) error {
	*s = scale{}
	if err := d.DecodeMulti(&s.First, &s.Day, &s.Bar); err != nil {
		return err
	}
	for i := range s.Cells {
		if err := decodeSparse(d, s.Cells[i][:]); err != nil {
			return err
		}
	}
	return nil
}

func (s *scale) valid() error {
	if !sound(s.Bar) {
		return errors.New("bar is not a number")
	}
	return nil
}
