package capture

import (
	"encoding/binary"
	"math/rand/v2"
)

// newID needs ids that do not collide, not ids that nobody can guess, so the
// runtime's generator serves, at a few ns.
func newID(ms uint64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[0:8], ms<<16|rand.Uint64()&0x0fff|0x7000)
	binary.BigEndian.PutUint64(id[8:16], rand.Uint64()&(1<<62-1)|1<<63)
	return id
}
