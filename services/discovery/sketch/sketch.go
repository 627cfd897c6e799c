// Package sketch holds summaries of fixed size that can be joined in any order and
// any pieces, and have one encoding: how many different callers, the spread of a
// measure, the busiest minute.
package sketch

import (
	"math"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// Distinct estimates how many different texts were added: a HyperLogLog (Flajolet
// and others, 2007) of 1,024 registers, whose standard error is 3 %. It is kept
// as the list of the registers that are set, so few callers cost few bytes. The
// zero value is empty.
type Distinct struct {
	set []uint16 // register<<6 | rank, sorted by register
}

const (
	registerBits = 10
	registers    = 1 << registerBits
	rankBits     = 6
)

// Add adds a text.
func (d *Distinct) Add(text string) {
	h := xxhash.Sum64String(text)
	rank := bits.LeadingZeros64(h<<registerBits|1<<(registerBits-1)) + 1
	d.raise(uint16(h>>(64-registerBits)), uint16(rank))
}

func (d *Distinct) raise(register, rank uint16) {
	i, found := slices.BinarySearchFunc(d.set, register, func(a, r uint16) int { return int(a>>rankBits) - int(r) })
	v := register<<rankBits | rank
	switch {
	case !found:
		d.set = slices.Insert(d.set, i, v)
	case d.set[i] < v:
		d.set[i] = v
	}
}

// Join adds what o saw.
func (d *Distinct) Join(o *Distinct) {
	for _, v := range o.set {
		d.raise(v>>rankBits, v&(1<<rankBits-1))
	}
}

// Estimate is about how many there were.
func (d *Distinct) Estimate() uint64 {
	zeros := float64(registers - len(d.set))
	sum := zeros
	for _, v := range d.set {
		sum += math.Ldexp(1, -int(v&(1<<rankBits-1)))
	}
	const alpha = 0.7213 / (1 + 1.079/registers)
	e := alpha * registers * registers / sum
	if e <= 2.5*registers && zeros > 0 {
		e = registers * math.Log(registers/zeros)
	}
	return uint64(math.Round(e))
}

// Append appends the MessagePack form.
func (d *Distinct) Append(b []byte) []byte {
	b = msgp.AppendArrayHeader(b, uint32(len(d.set)))
	for _, v := range d.set {
		b = msgp.AppendUint64(b, uint64(v))
	}
	return b
}

// Decode adds what Append wrote.
func (d *Distinct) Decode(r *wire.Reader) {
	for range r.Length() {
		v := r.Uint()
		if r.Err == nil && (v > math.MaxUint16 || v&(1<<rankBits-1) == 0 || v&(1<<rankBits-1) > 64-registerBits+1) {
			r.Fail("%d is no register", v)
		}
		if r.Err != nil {
			return
		}
		d.raise(uint16(v>>rankBits), uint16(v&(1<<rankBits-1)))
	}
}
