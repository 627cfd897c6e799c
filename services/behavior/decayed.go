package behavior

import (
	"errors"
	"math"
)

// decayed is a count of roles that loses half of itself in roleLife.
type decayed struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        float64
	As       int64 // ns, the time N is of
}

// at is the count at a time.
func (d *decayed) at(now int64) float64 {
	if now <= d.As || d.N == 0 {
		return d.N
	}
	return d.N * math.Exp2(-float64(now-d.As)/float64(roleLife))
}

// add moves the count on and adds n.
func (d *decayed) add(n float64, now int64) {
	d.N, d.As = min(1e12, d.at(now)+n), max(d.As, now)
}

func (d *decayed) valid() error {
	if !finite(d.N) {
		return errors.New("count that is not a number")
	}
	return nil
}
