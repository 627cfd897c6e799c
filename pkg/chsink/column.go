package chsink

import (
	"bytes"
	"math"
	"time"

	"github.com/ClickHouse/ch-go/proto"
)

// column is what a sink fills: an input that can be emptied and keeps its memory.
type column interface {
	proto.ColInput
	Reset()
}

// dictionary is a LowCardinality(String) column that is filled from bytes and,
// once it has met a value, does not allocate for it again. Values are remembered
// over batches; each batch has its own dictionary on the wire.
type dictionary struct {
	raw   proto.ColLowCardinalityRaw
	index proto.ColStr
	keys  []uint32
	met   map[string]*place
	batch uint64 // number of this batch: a place of another is stale
	held  int    // bytes of the keys of met
}

type place struct {
	batch uint64
	key   uint32
}

// heldLimit bounds what a dictionary remembers: whoever sends ever new values
// costs allocations, not memory.
const heldLimit = 1 << 20

func newDictionary() *dictionary {
	d := &dictionary{met: make(map[string]*place), batch: 1}
	d.raw.Index = &d.index
	return d
}

// append adds v, which it does not keep.
func (d *dictionary) append(v []byte) {
	// Neighbours are often alike, and a comparison is cheaper than a hash.
	if n := len(d.keys); n > 0 {
		if last := d.keys[n-1]; bytes.Equal(d.index.RowBytes(int(last)), v) {
			d.keys = append(d.keys, last)
			return
		}
	}
	p := d.met[string(v)]
	if p == nil {
		p = new(place)
		d.met[string(v)] = p
		d.held += len(v) + 64
	}
	if p.batch != d.batch {
		p.batch, p.key = d.batch, uint32(d.index.Rows())
		d.index.AppendBytes(v)
	}
	d.keys = append(d.keys, p.key)
}

func (d *dictionary) appendString(v string) {
	// The compiler makes no copy: append keeps nothing of it.
	d.append([]byte(v))
}

func (d *dictionary) Type() proto.ColumnType { return d.raw.Type() }
func (d *dictionary) Rows() int              { return len(d.keys) }

// Prepare chooses the narrowest keys. ch-go calls it before encoding.
func (d *dictionary) Prepare() error {
	r := &d.raw
	r.Keys8, r.Keys16, r.Keys32 = r.Keys8[:0], r.Keys16[:0], r.Keys32[:0]
	switch n := d.index.Rows(); {
	case n <= math.MaxUint8+1:
		r.Key = proto.KeyUInt8
		for _, k := range d.keys {
			r.Keys8 = append(r.Keys8, uint8(k))
		}
	case n <= math.MaxUint16+1:
		r.Key = proto.KeyUInt16
		for _, k := range d.keys {
			r.Keys16 = append(r.Keys16, uint16(k))
		}
	default:
		r.Key = proto.KeyUInt32
		r.Keys32 = append(r.Keys32, d.keys...)
	}
	return nil
}

func (d *dictionary) EncodeState(b *proto.Buffer) { d.raw.EncodeState(b) }

func (d *dictionary) EncodeColumn(b *proto.Buffer) {
	if len(d.keys) > 0 {
		d.raw.EncodeColumn(b)
	}
}

func (d *dictionary) WriteColumn(w *proto.Writer) {
	if len(d.keys) > 0 {
		d.raw.WriteColumn(w)
	}
}

// Reset empties the column.
func (d *dictionary) Reset() {
	d.index.Reset()
	d.keys = d.keys[:0]
	d.batch++
	if d.held > heldLimit {
		clear(d.met)
		d.held = 0
	}
}

// array is Array(T) over the column data: append elements to data, then end the row.
type array[C column] struct {
	offsets proto.ColUInt64
	data    C
}

func newArray[C column](data C) *array[C] { return &array[C]{data: data} }

func (a *array[C]) end() { a.offsets = append(a.offsets, uint64(a.data.Rows())) }

func (a *array[C]) Type() proto.ColumnType { return proto.ColumnTypeArray.Sub(a.data.Type()) }
func (a *array[C]) Rows() int              { return len(a.offsets) }

func (a *array[C]) Reset() {
	a.offsets.Reset()
	a.data.Reset()
}

func (a *array[C]) Prepare() error {
	if p, ok := any(a.data).(proto.Preparable); ok {
		return p.Prepare()
	}
	return nil
}

func (a *array[C]) EncodeState(b *proto.Buffer) {
	if s, ok := any(a.data).(proto.StateEncoder); ok {
		s.EncodeState(b)
	}
}

func (a *array[C]) EncodeColumn(b *proto.Buffer) {
	a.offsets.EncodeColumn(b)
	a.data.EncodeColumn(b)
}

func (a *array[C]) WriteColumn(w *proto.Writer) {
	a.offsets.WriteColumn(w)
	a.data.WriteColumn(w)
}

// words is Array(LowCardinality(String)), texts Array(String).
type (
	words = array[*dictionary]
	texts = array[*proto.ColStr]
)

func appendWords(a *words, vs []string) {
	for _, v := range vs {
		a.data.appendString(v)
	}
	a.end()
}

func appendTexts(a *texts, vs []string) {
	for _, v := range vs {
		a.data.Append(v)
	}
	a.end()
}

// moments is DateTime64(6, 'UTC').
type moments struct{ proto.ColDateTime64 }

func newMoments() *moments {
	m := new(moments)
	m.WithPrecision(6).WithLocation(time.UTC)
	return m
}

// latestMoment is the last second that DateTime, to which rollups truncate, can
// express: 2106-02-07.
const latestMoment = math.MaxUint32 * int64(time.Second/time.Microsecond)

// append adds t. What the tables cannot express becomes the nearest that they
// can: the zero time is 1970.
func (m *moments) append(t time.Time) { m.appendMicros(t.UnixMicro()) }

func (m *moments) appendMicros(us int64) {
	m.AppendRaw(proto.DateTime64(min(max(us, 0), latestMoment)))
}

// memo remembers the text that f made of some bytes, up to a number of them.
type memo struct {
	known map[string]string
	limit int
	f     func([]byte) string
}

func newMemo(limit int, f func([]byte) string) *memo {
	return &memo{known: make(map[string]string), limit: limit, f: f}
}

func (m *memo) of(b []byte) string {
	if s, ok := m.known[string(b)]; ok {
		return s
	}
	if len(m.known) >= m.limit {
		clear(m.known)
	}
	s := m.f(b)
	if len(b) <= 256 { // a longer one is not worth its memory
		m.known[string(b)] = s
	}
	return s
}
