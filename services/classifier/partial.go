package classifier

import (
	"bytes"
	"cmp"
	"fmt"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/vmihailenco/msgpack/v5"
)

// delta is the payload of a partial: what one partition adds to an endpoint.
type delta struct {
	_msgpack struct{} `msgpack:",as_array"`
	Label    string   // "METHOD host/template"
	Service  string
	Fields   list[fieldDelta]
	// What the endpoint's id was made of; the label cannot be taken apart.
	Host, Method, Template string
	// Since is when the partition saw the tenant's first event, in ns.
	Since int64
}

type fieldDelta struct {
	_msgpack  struct{} `msgpack:",as_array"`
	Direction uint8
	Location  uint8
	Path      string
	// Seen counts values since the first candidate of any type.
	Seen  uint64
	Types list[typeDelta]
}

type typeDelta struct {
	_msgpack struct{} `msgpack:",as_array"`
	Type     string
	Tally    tally
	Novel    list[uint64] // see sample
	Shapes   list[shape]
	Events   list[reference]
	Under    list[occurrence]
	Named    bool // the name agrees
}

// tally are sums and bounds, the same in differences and totals.
type tally struct {
	_msgpack    struct{} `msgpack:",as_array"`
	Matched     uint64   // values that passed
	Failed      uint64   // values of the shape that did not
	Events      uint64   // events with a value that passed
	First, Last int64    // ns, of values that passed
	Low, High   uint64   // bounds of numbers that passed; 0 where there are none
}

func (t *tally) add(o tally) {
	if o.Events > 0 && (t.Events == 0 || o.First < t.First) {
		t.First = o.First
	}
	t.Last = max(t.Last, o.Last)
	t.Matched += o.Matched
	t.Failed += o.Failed
	t.Events += o.Events
	t.widen(o.Low, o.High)
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.direction, o.direction), cmp.Compare(p.location, o.location), cmp.Compare(p.path, o.path))
}

// place is where the field stands; an error if no version has such a place.
func (f *fieldDelta) place() (place, error) {
	p := place{direction(f.Direction), content.Location(f.Location), f.Path}
	if p.direction > response || p.location > content.Body {
		return p, fmt.Errorf("classifier: field %q: direction %d and location %d are not known", f.Path, f.Direction, f.Location)
	}
	return p, nil
}

func decodeDelta(b []byte) (delta, error) {
	var d delta
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&d); err != nil {
		return delta{}, fmt.Errorf("classifier: partial: %w", err)
	}
	return d, nil
}

func encodeDelta(d *delta) []byte {
	b, err := msgpack.Marshal(d)
	if err != nil { // plain structs of numbers and text: it cannot fail
		panic(fmt.Sprintf("classifier: partial of a plain struct failed: %v", err))
	}
	return b
}

// list is a slice that grows as its elements are read. The msgpack package makes
// a slice as long as the input says it is, so that some bytes could ask for all
// the memory there is.
type list[T any] []T

// DecodeMsgpack implements msgpack.CustomDecoder.
func (l *list[T]) DecodeMsgpack(dec *msgpack.Decoder) error {
	n, err := dec.DecodeArrayLen()
	if err != nil || n < 0 {
		*l = nil
		return err
	}
	*l = make(list[T], 0, min(n, 256))
	for range n {
		var item T
		if err := dec.Decode(&item); err != nil {
			return err
		}
		*l = append(*l, item)
	}
	return nil
}
