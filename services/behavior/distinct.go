package behavior

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/miradorhq/mirador/services/keyed"
)

// distinct estimates how many different hashes were put in, of which 32 bits count: exactly up to 24, then
// with the 256 registers of a HyperLogLog (Flajolet et al., 2007), good to 6.5 %.
type distinct struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Few      keyed.List[uint32]
	Ranks    []byte
}

const (
	exactly   = 24
	registers = 256
)

func (d *distinct) add(hash uint64) {
	h := uint32(hash)
	if d.Ranks == nil {
		for _, x := range d.Few {
			if x == h {
				return
			}
		}
		if len(d.Few) < exactly {
			d.Few = append(d.Few, h)
			return
		}
		d.Ranks = make([]byte, registers)
		for _, x := range d.Few {
			d.rank(x)
		}
		d.Few = nil
	}
	d.rank(h)
}

func (d *distinct) rank(x uint32) {
	h := mix(uint64(x), 0)
	r := byte(bits.LeadingZeros64(h<<8|0x80) + 1)
	if i := h >> 56; d.Ranks[i] < r {
		d.Ranks[i] = r
	}
}

// halves are the powers of one half.
var halves = func() (h [66]float64) {
	for i := range h {
		h[i] = math.Exp2(-float64(i))
	}
	return h
}()

func (d *distinct) count() float64 {
	if d.Ranks == nil {
		return float64(len(d.Few))
	}
	sum, empty := 0.0, 0
	for _, r := range d.Ranks {
		sum += halves[min(r, 64)]
		if r == 0 {
			empty++
		}
	}
	if n := 0.7213 / (1 + 1.079/registers) * registers * registers / sum; n > 2.5*registers || empty == 0 {
		return n
	}
	return registers * math.Log(registers/float64(empty))
}

func (d *distinct) valid() error {
	if len(d.Few) > exactly || d.Ranks != nil && len(d.Ranks) != registers {
		return fmt.Errorf("sketch of %d hashes and %d registers", len(d.Few), len(d.Ranks))
	}
	for _, r := range d.Ranks {
		if r > 64 {
			return fmt.Errorf("register of rank %d", r)
		}
	}
	return nil
}
