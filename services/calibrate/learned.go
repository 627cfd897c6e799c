package calibrate

import (
	"errors"
	"math"

	"github.com/vmihailenco/msgpack/v5"
)

// errNumber is of a decoded state that cannot have been written.
var errNumber = errors.New("what was learned is not a number")

// Cohort is what the windows of all its actors showed, decayed: histograms, so that the
// few who do the most can be told from the rest. No actor teaches more than one window
// of each length a day, however busy it is.
type Cohort struct {
	At     int64 // ns, as of which it is decayed
	Counts [Windows][steps]float32
	// Mean, Size and N follow from Counts.
	Mean, Size, N [Windows]float32
	// Taught and Refused are actors, within the last day or so.
	Taught, Refused float32
}

// steps are those of a histogram of counts: 0 to 3, and then two an octave.
const steps = 64

// winsor is the part of a cohort whose counts weigh no more than what the rest shows:
// attackers, or staff who see everybody.
const winsor = 0.02

func stepOf(n uint32) int {
	if n < 4 {
		return int(n)
	}
	return min(steps-1, int(2*math.Log2(float64(n))))
}

// values are the counts that stand for the steps.
var values = func() (vs [steps]float64) {
	for i := range vs {
		if vs[i] = float64(i); i >= 4 {
			vs[i] = math.Exp2((float64(i) + 0.5) / 2)
		}
	}
	return vs
}()

// fit works out the mean and the size of window w.
func (c *Cohort) fit(w int) {
	h := &c.Counts[w]
	n := 0.0
	for _, k := range h {
		n += float64(k)
	}
	c.N[w] = float32(n)
	top, above := steps-1, 0.0
	for ; top > 0; top-- {
		if above += float64(h[top]); above > winsor*n {
			break
		}
	}
	var sum, squares float64
	for i, k := range h {
		v := values[min(i, top)]
		sum += float64(k) * v
		squares += float64(k) * v * v
	}
	m := sum / n
	size := tamest
	if v := squares/n - m*m; v > m && m > 0 {
		size = min(tamest, max(wildest, m*m/(v-m)))
	}
	c.Mean[w], c.Size[w] = float32(m), float32(size)
}

// Own is how much an actor does beside its cohort: what it was seen to do, and what its
// cohort would have. 24 bytes.
type Own struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	At         int64
	Seen, Less float32
	// Days are the newest in which it taught its cohort a window of each length.
	Days [Windows]uint16
}

func (c *Cohort) decay(now int64) {
	if c.At == 0 {
		c.At = now
	}
	if now-c.At < Hour {
		return
	}
	d, today := float32(half(now-c.At, HalfLife)), float32(half(now-c.At, Day))
	for w := range c.Counts {
		for i := range c.Counts[w] {
			c.Counts[w][i] *= d
		}
		c.N[w] *= d
	}
	c.Taught, c.Refused, c.At = c.Taught*today, c.Refused*today, now
}

func (o *Own) decay(now int64) {
	if o.At != 0 && now > o.At {
		d := float32(half(now-o.At, HalfLife))
		o.Seen, o.Less = o.Seen*d, o.Less*d
	}
	o.At = max(o.At, now)
}

// half is what is left of one after so long.
func half(after, life int64) float64 { return math.Exp2(-float64(after) / float64(life)) }

// EncodeMsgpack implements msgpack.CustomEncoder.
func (c *Cohort) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMulti(c.At, c.Taught, c.Refused, c.Mean, c.Size, c.N); err != nil {
		return err
	}
	for w := range c.Counts {
		if err := encodeSparse(e, c.Counts[w][:]); err != nil {
			return err
		}
	}
	return nil
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (c *Cohort) DecodeMsgpack(d *msgpack.Decoder) error {
	*c = Cohort{}
	if err := d.DecodeMulti(&c.At, &c.Taught, &c.Refused, &c.Mean, &c.Size, &c.N); err != nil {
		return err
	}
	for w := range c.Counts {
		if err := decodeSparse(d, c.Counts[w][:]); err != nil {
			return err
		}
	}
	return nil
}

// Valid says what is wrong with a decoded cohort.
func (c *Cohort) Valid() error {
	ok := c.At >= 0 && sound(c.Taught, c.Refused) && sound(c.Mean[:]...) && sound(c.Size[:]...) && sound(c.N[:]...)
	for w := range c.Counts {
		ok = ok && sound(c.Counts[w][:]...)
	}
	if !ok {
		return errNumber
	}
	return nil
}

// Valid says what is wrong with a decoded history.
func (o *Own) Valid() error {
	if o.At < 0 || !sound(o.Seen, o.Less) {
		return errNumber
	}
	return nil
}

func sound[F float32 | float64](vs ...F) bool {
	for _, v := range vs {
		if !(v >= 0 && v < 1e18) {
			return false
		}
	}
	return true
}
