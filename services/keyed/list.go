package keyed

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// List is a slice that is decoded element by element: what a message says of its
// length allocates nothing, only what it holds does. (The library makes room for the
// length that is claimed, four thousand million elements out of five bytes.)
type List[T any] []T

// DecodeMsgpack implements msgpack.CustomDecoder.
func (l *List[T]) DecodeMsgpack(d *msgpack.Decoder) error {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	if n < 0 {
		*l = nil
		return nil
	}
	*l = List[T]{}
	for i := range n {
		var v T
		if err := d.Decode(&v); err != nil {
			return fmt.Errorf("element %d of %d: %w", i, n, err)
		}
		*l = append(*l, v)
	}
	return nil
}
