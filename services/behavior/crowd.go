package behavior

import (
	"fmt"
	"math"
	"math/bits"
)

// crowd estimates how many principals there are: a HyperLogLog (Flajolet and others,
// 2007) of 64 registers, with linear counting while it is sparse. It is off by 13 %
// when it is full and seldom by one below ten. The zero value is empty.
type crowd struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	R        [64]uint8
}

func (c *crowd) add(who uint64) {
	who *= 0x9e3779b97f4a7c15 // spread: part of the hash may be used elsewhere
	i, rank := who>>58, uint8(bits.LeadingZeros64(who<<6|1<<5)+1)
	c.R[i] = max(c.R[i], rank)
}

func (c *crowd) size() float64 {
	zeros, sum := 0.0, 0.0
	for _, r := range c.R {
		if r == 0 {
			zeros++
		}
		sum += halves[min(r, 65)]
	}
	const alpha, m = 0.709, 64.0
	e := alpha * m * m / sum
	if e <= 2.5*m && zeros > 0 {
		e = m * math.Log(m/zeros)
	}
	return e
}

// commonTo says whether c is common among all: at least n principals and surely one in a
// hundred, so that a few accounts of one attacker don't make a thing common.
func (c *crowd) commonTo(all *crowd, n int) bool {
	mine := math.Round(c.size())
	return mine >= float64(n) && wilson(mine, max(mine, all.size())) >= 0.01
}

func (c *crowd) valid() error {
	for i, r := range c.R {
		if r > 65 {
			return fmt.Errorf("register %d is %d", i, r)
		}
	}
	return nil
}
