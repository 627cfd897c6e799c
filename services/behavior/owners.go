package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// ownership is who was served each object. Most objects are one principal's: that is a
// number of 34 bits, who it is, whether it was issued to it, and whether there are others.
type ownership struct {
	first  *keyed.Values
	shared *keyed.Table[owners] // of those with others
}

const (
	issuedFirst = 1 << 32
	hasOthers   = 1 << 33
)

func newOwnership(cfg *Config, m *Metrics) ownership {
	return ownership{first: keyed.NewValues(cfg.MaxObjects, m.eviction("owners")), shared: keyed.NewTable[owners](max(1, cfg.MaxObjects/4), m.eviction("shared owners"))}
}

// of is who was served the object of key; false if it was served to nobody.
func (x *ownership) of(key uint64) (owners, bool) {
	v, ok := x.first.Get(key)
	if !ok {
		return owners{}, false
	}
	if v&hasOthers != 0 {
		if w := x.shared.Get(key); w != nil {
			return *w, true
		}
	}
	return alone(v), true
}

func alone(v uint64) owners {
	w := owners{N: 1, Who: [maxOwners]uint32{uint32(v)}}
	if v&issuedFirst != 0 {
		w.Issued = 1
	}
	return w
}

// add takes note that the object was served to who.
func (x *ownership) add(key, who uint64, issued bool) {
	x.first.Update(key, func(v uint64, ok bool) uint64 {
		switch {
		case !ok:
			v = uint64(uint32(who))
			fallthrough
		case v&hasOthers == 0 && uint32(v) == uint32(who):
			if issued {
				v |= issuedFirst
			}
		default:
			w := x.shared.Touch(key)
			if w.N == 0 {
				*w = alone(v)
			}
			w.add(who, issued)
			v |= hasOthers
		}
		return v
	})
}

func (x *ownership) capture(c *keyed.Capture) {
	x.first.Capture(c)
	x.shared.Capture(c)
}

func (x *ownership) decode(d *msgpack.Decoder) error {
	if err := x.first.Decode(d); err != nil {
		return err
	}
	return x.shared.Decode(d, (*owners).valid)
}

// owners are principals that an object was served to, as 32 bits of their hash: those
// first to whom it was issued, in order, then those who only asked for it and got it.
// Whoever reads what is not theirs makes neither the object theirs nor it public.
type owners struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        uint8
	Issued   uint8 // of N, how many were issued it
	Who      [maxOwners]uint32
}

func (w *owners) add(who uint64, issued bool) {
	s := uint32(who)
	at := int(w.N)
	for i := range w.N {
		if w.Who[i] == s {
			at = int(i)
		}
	}
	switch {
	case at < int(w.Issued):
	case issued && w.Issued < maxOwners:
		// The first of those who only asked makes room: to where s was, or to the end.
		if at == int(w.N) && w.N < maxOwners {
			w.N++
		}
		at = min(at, maxOwners-1)
		copy(w.Who[w.Issued+1:at+1], w.Who[w.Issued:at])
		w.Who[w.Issued] = s
		w.Issued++
	case at == int(w.N) && w.N < maxOwners:
		w.Who[w.N] = s
		w.N++
	}
}

// others is how many principals other than who were served the object, how many of
// them were issued it, and whether the first was one of them.
func (w *owners) others(who uint64) (served, issued int, foreign bool) {
	for i := range w.N {
		if w.Who[i] != uint32(who) {
			served++
			if i < w.Issued {
				issued++
			}
		}
	}
	return served, issued, w.N > 0 && w.Who[0] != uint32(who)
}

func (w *owners) valid() error {
	if w.N > maxOwners || w.Issued > w.N {
		return fmt.Errorf("object of %d owners, %d issued", w.N, w.Issued)
	}
	return nil
}
