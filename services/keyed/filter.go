package keyed

import "fmt"

// Filter is a set of 64-bit hashes that may say yes wrongly (about 1 in 100) and
// never no wrongly, as long as what was put in has not been forgotten.
//
// It is a chain of Bloom filters, each larger than the one before (Almeida et al.,
// "Scalable Bloom Filters", 2007): 128 bytes for the first hundred ids, 1 KB for the
// next eight hundred, then 8 KB each for six thousand. The oldest of the large ones
// is dropped for a fourth. The zero value is empty.
type Filter struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Layers are bit arrays, the newest last; Count is how many ids the last holds.
	Layers List[[]byte]
	Count  uint32
}

const (
	smallest  = 128
	largest   = 8 << 10
	maxLayers = 4
	probes    = 6
	bitsAnID  = 10
)

// Has says whether h was put in.
func (f *Filter) Has(h uint64) bool {
	for _, l := range f.Layers {
		if has(l, h) {
			return true
		}
	}
	return false
}

// Add puts h in and says whether it was new.
func (f *Filter) Add(h uint64) bool {
	if f.Has(h) {
		return false
	}
	n := len(f.Layers)
	switch {
	case n == 0:
		f.Layers, f.Count = append(f.Layers, make([]byte, smallest)), 0
	case int(f.Count) >= len(f.Layers[n-1])*8/bitsAnID:
		f.Layers, f.Count = append(f.Layers, make([]byte, min(largest, 8*len(f.Layers[n-1])))), 0
		if len(f.Layers) > maxLayers {
			f.Layers = f.Layers[1:]
		}
	}
	l := f.Layers[len(f.Layers)-1]
	for i := range uint64(probes) {
		b := (h + i*(h>>32|1)) % uint64(len(l)*8)
		l[b/8] |= 1 << (b % 8)
	}
	f.Count++
	return true
}

func has(l []byte, h uint64) bool {
	for i := range uint64(probes) {
		b := (h + i*(h>>32|1)) % uint64(len(l)*8)
		if l[b/8]&(1<<(b%8)) == 0 {
			return false
		}
	}
	return true
}

// Valid says what is wrong with a decoded filter.
func (f *Filter) Valid() error {
	if len(f.Layers) > maxLayers {
		return fmt.Errorf("filter of %d layers, at most %d", len(f.Layers), maxLayers)
	}
	for _, l := range f.Layers {
		if len(l) < smallest || len(l) > largest {
			return fmt.Errorf("filter layer of %d bytes, between %d and %d", len(l), smallest, largest)
		}
	}
	return nil
}
