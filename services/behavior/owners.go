package behavior

import "fmt"

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
