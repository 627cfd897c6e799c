package sketch

import (
	"math"
	"slices"

	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/tinylib/msgp/msgp"
)

// Minutes counts by minute, over the hour that ends with the newest. What is older
// than that hour would be forgotten whenever it came, so order does not matter. The
// zero value is empty.
type Minutes struct {
	list []minute // sorted
}

type minute struct {
	at    int32 // since the epoch
	count uint32
}

const hour = 60

// Add counts n at a time in nanoseconds.
func (m *Minutes) Add(ns int64, n uint32) {
	const length = 60_000_000_000
	at := ns / length
	if ns%length < 0 {
		at--
	}
	m.count(int32(min(max(at, math.MinInt32/2), math.MaxInt32/2)), n)
}

func (m *Minutes) count(at int32, n uint32) {
	if l := len(m.list); l > 0 {
		if last := &m.list[l-1]; last.at == at { // nearly always
			last.add(n)
			return
		} else if at <= last.at-hour {
			return
		}
	}
	i, found := slices.BinarySearchFunc(m.list, at, func(x minute, at int32) int { return int(x.at) - int(at) })
	if found {
		m.list[i].add(n)
		return
	}
	m.list = slices.Insert(m.list, i, minute{at, n})
	oldest := 0
	for m.list[oldest].at <= m.list[len(m.list)-1].at-hour {
		oldest++
	}
	m.list = slices.Delete(m.list, 0, oldest)
}

func (m *minute) add(n uint32) { m.count += min(n, math.MaxUint32-m.count) }

// Join adds what o counted.
func (m *Minutes) Join(o *Minutes) {
	for _, x := range o.list {
		m.count(x.at, x.count)
	}
}

// Peak is the count of the busiest minute.
func (m *Minutes) Peak() uint64 {
	peak := uint32(0)
	for _, x := range m.list {
		peak = max(peak, x.count)
	}
	return uint64(peak)
}

// Append appends the MessagePack form.
func (m *Minutes) Append(b []byte) []byte {
	b = msgp.AppendArrayHeader(b, uint32(2*len(m.list)))
	for _, x := range m.list {
		b = msgp.AppendInt64(b, int64(x.at))
		b = msgp.AppendUint64(b, uint64(x.count))
	}
	return b
}

// Decode adds what Append wrote.
func (m *Minutes) Decode(r *wire.Reader) {
	n := r.Length()
	if n%2 != 0 {
		r.Fail("minutes of %d numbers", n)
	}
	for range n / 2 {
		at, c := r.Int(), r.Uint()
		if r.Err == nil && (at < math.MinInt32/2 || at > math.MaxInt32/2 || c == 0 || c > math.MaxUint32) {
			r.Fail("minute %d counts %d", at, c)
		}
		if r.Err != nil {
			return
		}
		m.count(int32(at), uint32(c))
	}
}
