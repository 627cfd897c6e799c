package calibrate

import (
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// encodeSparse writes the cells that are not zero, each with its number: most are zero.
func encodeSparse[N uint32 | float32](e *msgpack.Encoder, cells []N) error {
	n := 0
	for _, c := range cells {
		if c != 0 {
			n++
		}
	}
	if err := e.EncodeArrayLen(2 * n); err != nil {
		return err
	}
	for i, c := range cells {
		if c == 0 {
			continue
		}
		if err := e.EncodeInt(int64(i)); err != nil {
			return err
		}
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// decodeSparse reads what encodeSparse wrote into cells, which must be zero.
func decodeSparse[N uint32 | float32](d *msgpack.Decoder, cells []N) error {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	if n < 0 || n%2 != 0 || n > 2*len(cells) {
		return fmt.Errorf("%d of %d cells", n, 2*len(cells))
	}
	last := -1
	for range n / 2 {
		i, err := d.DecodeInt()
		if err != nil {
			return err
		}
		if i <= last || i >= len(cells) {
			return fmt.Errorf("cell %d of %d after %d", i, len(cells), last)
		}
		if err := d.Decode(&cells[i]); err != nil {
			return err
		}
		last = i
	}
	return nil
}
