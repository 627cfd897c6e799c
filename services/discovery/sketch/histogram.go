package sketch

import (
	"math/bits"
	"slices"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// Histogram counts values in buckets whose width is at most an eighth of their
// value: eight buckets between two powers of two. The zero value is empty.
type Histogram struct {
	bins []bin // sorted
}

type bin struct {
	index uint16
	count uint64
}

// stepBits says that there are 1<<stepBits buckets between two powers of two.
const (
	stepBits = 3
	maxIndex = (64-stepBits-1)<<stepBits + 2<<stepBits
)

// index is continuous: the first 16 values have a bucket each.
func index(v uint64) uint16 {
	shift := max(bits.Len64(v)-stepBits-1, 0)
	return uint16(shift<<stepBits + int(v>>shift))
}

// middle is the value that a bucket stands for.
func middle(i uint16) float64 {
	if i < 2<<stepBits {
		return float64(i)
	}
	shift := int(i)>>stepBits - 1
	low := float64(uint64(i)-uint64(shift)<<stepBits) * float64(uint64(1)<<shift)
	return low + float64(uint64(1)<<shift)/2
}

// Add counts a value.
func (h *Histogram) Add(v uint64) { h.count(index(v), 1) }

func (h *Histogram) count(i uint16, n uint64) {
	at, found := slices.BinarySearchFunc(h.bins, i, func(b bin, i uint16) int { return int(b.index) - int(i) })
	if found {
		h.bins[at].count += n
		return
	}
	h.bins = slices.Insert(h.bins, at, bin{i, n})
}

// Join adds what o counted.
func (h *Histogram) Join(o *Histogram) {
	for _, b := range o.bins {
		h.count(b.index, b.count)
	}
}

// Quantiles are the middles of their buckets, times scale.
func (h *Histogram) Quantiles(scale float64) catalog.Quantiles {
	var q catalog.Quantiles
	for _, b := range h.bins {
		q.Count += b.count
	}
	at := func(share uint64) float64 { // hundredths
		rank, n := (q.Count*share+99)/100, uint64(0)
		for _, b := range h.bins {
			if n += b.count; n >= rank {
				return middle(b.index) * scale
			}
		}
		return 0
	}
	q.P50, q.P95, q.P99 = at(50), at(95), at(99)
	return q
}

// Append appends the MessagePack form.
func (h *Histogram) Append(b []byte) []byte {
	b = msgp.AppendArrayHeader(b, uint32(2*len(h.bins)))
	for _, x := range h.bins {
		b = msgp.AppendUint64(b, uint64(x.index))
		b = msgp.AppendUint64(b, x.count)
	}
	return b
}

// Decode adds what Append wrote.
func (h *Histogram) Decode(r *wire.Reader) {
	n := r.Length()
	if n%2 != 0 {
		r.Fail("a histogram of %d numbers", n)
	}
	for range n / 2 {
		i, c := r.Uint(), r.Uint()
		if r.Err == nil && (i >= maxIndex || c == 0) {
			r.Fail("bucket %d of a histogram holds %d", i, c)
		}
		if r.Err != nil {
			return
		}
		h.count(uint16(i), c)
	}
}
