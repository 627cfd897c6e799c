package keyed

import (
	"fmt"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// Filter is a set of hashes, of which 24 bits count, that may say yes wrongly (about 1
// in 100 once there are many) and never no wrongly, as long as what was put in has not
// been forgotten.
//
// The first are kept as they are, 3 bytes each, since most sets stay small. After that
// it is a chain of Bloom filters, each larger than the one before (Almeida et al.,
// "Scalable Bloom Filters", 2007): 128 bytes for a hundred ids, 1 KB for the next eight
// hundred, then 8 KB each for six thousand. The oldest of the large ones is dropped for
// a fourth. The zero value is empty.
type Filter struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Layers are bit arrays, powers of two in size, the newest last; Count is how many ids the last holds.
	Layers List[[]byte]
	Count  uint32
	// Few are the first, until there are Layers.
	Few List[uint32]
	// Long is set for what an earlier version wrote, where all 64 bits count.
	Long bool
}

const (
	exact     = 32
	smallest  = 128
	largest   = 8 << 10
	maxLayers = 4
	probes    = 6
	bitsAnID  = 10
)

// Has says whether h was put in.
func (f *Filter) Has(h uint64) bool {
	if len(f.Layers) == 0 {
		return slices.Contains(f.Few, short(h))
	}
	h = f.spread(h)
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
	if len(f.Layers) == 0 {
		if len(f.Few) < exact {
			f.Few = append(f.Few, short(h))
			return true
		}
		f.Layers, f.Count = append(f.Layers, make([]byte, smallest)), 0
		for _, x := range f.Few {
			f.put(f.spread(uint64(x)))
		}
		f.Few = nil
	}
	if n := len(f.Layers); int(f.Count) >= len(f.Layers[n-1])*8/bitsAnID {
		f.Layers, f.Count = append(f.Layers, make([]byte, min(largest, 8*len(f.Layers[n-1])))), 0
		if len(f.Layers) > maxLayers {
			f.Layers = f.Layers[1:]
		}
	}
	f.put(f.spread(h))
	return true
}

func (f *Filter) put(h uint64) {
	l := f.Layers[len(f.Layers)-1]
	for i := range uint64(probes) {
		b := (h + i*(h>>32|1)) & uint64(len(l)*8-1)
		l[b/8] |= 1 << (b % 8)
	}
	f.Count++
}

func short(h uint64) uint32 { return uint32(h) & (1<<24 - 1) }

// spread is the hash that the layers go by: 24 bits spread over 64.
func (f *Filter) spread(h uint64) uint64 {
	if f.Long {
		return h
	}
	x := (uint64(short(h)) + 1) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	return x * 0xbf58476d1ce4e5b9
}

func has(l []byte, h uint64) bool {
	for i := range uint64(probes) {
		b := (h + i*(h>>32|1)) & uint64(len(l)*8-1)
		if l[b/8]&(1<<(b%8)) == 0 {
			return false
		}
	}
	return true
}

// Empty implements Emptier.
func (f *Filter) Empty() { *f = Filter{Few: f.Few[:0]} }

// Pack names the fields.
func (f *Filter) Pack(p *Pack) {
	PackList(p, &f.Few, exact, func(h *uint32, p *Pack) { p.Hash24(h) })
	PackList(p, &f.Layers, maxLayers, func(l *[]byte, p *Pack) { p.Bytes(l, largest) })
	if len(f.Layers) > 0 {
		p.Uint32(&f.Count)
		p.Flags(&f.Long)
	}
}

// DecodeMsgpack implements msgpack.CustomDecoder. Few and Long came later.
func (f *Filter) DecodeMsgpack(d *msgpack.Decoder) error {
	*f = Filter{}
	n, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	switch n {
	case 2:
		err = d.DecodeMulti(&f.Layers, &f.Count)
		f.Long = len(f.Layers) > 0
	case 4:
		err = d.DecodeMulti(&f.Layers, &f.Count, &f.Few, &f.Long)
	default:
		err = fmt.Errorf("filter of %d fields", n)
	}
	return err
}

// Valid says what is wrong with a decoded filter.
func (f *Filter) Valid() error {
	if len(f.Few) > exact || len(f.Few) > 0 && len(f.Layers) > 0 {
		return fmt.Errorf("filter of %d ids and %d layers", len(f.Few), len(f.Layers))
	}
	if len(f.Layers) > maxLayers {
		return fmt.Errorf("filter of %d layers, at most %d", len(f.Layers), maxLayers)
	}
	for _, h := range f.Few {
		if h != short(uint64(h)) {
			return fmt.Errorf("id %x of a filter", h)
		}
	}
	for _, l := range f.Layers {
		if len(l) < smallest || len(l) > largest || len(l)&(len(l)-1) != 0 {
			return fmt.Errorf("filter layer of %d bytes, a power of two between %d and %d", len(l), smallest, largest)
		}
	}
	return nil
}
