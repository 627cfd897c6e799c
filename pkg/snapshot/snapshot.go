// Package snapshot is how the state of a stage travels on the compacted topic
// mirador.snapshots: zstd chunks, then a manifest that makes them count.
//
// Two slots a partition alternate, so that compaction keeps the last two. A
// snapshot is complete when its manifest is there and every chunk carries the
// manifest's number and the checksum holds; anything else is as if it were not.
package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/segmentio/encoding/json"
)

// Record is one record of the topic; its partition is the source's.
type Record struct {
	Key, Value []byte
}

// Manifest says what a snapshot is.
type Manifest struct {
	Stage     string `json:"stage"`
	Partition int32  `json:"partition"`
	Slot      string `json:"slot"` // A or B
	// Number counts the snapshots of a partition: of two at one offset the higher
	// is the newer.
	Number int64 `json:"number"`
	// Offset is S: the state holds every record below it and none from it on.
	Offset int64 `json:"offset"`
	// TopicID is the source topic's: another id is another history of offsets.
	TopicID string `json:"topic_id"`
	// Format is the version of the runner's layout, Version what the operator runs.
	Format   int    `json:"format"`
	Version  string `json:"version,omitempty"`
	Chunks   int    `json:"chunks"`
	Bytes    int    `json:"bytes"`    // compressed
	RawBytes int    `json:"raw"`      // not compressed
	Checksum string `json:"checksum"` // SHA-256 of the compressed bytes, hex
	// Advances are watermarks (ns) an idle partition was moved to after the state
	// was taken, at the same offset, in order: restore, then advance to each.
	Advances []int64 `json:"advances,omitempty"`
}

// Format is the layout this package writes.
const Format = 1

const manifestChunk = "manifest"

// ErrCorrupt is wrapped by every error about what a record or a snapshot holds.
var ErrCorrupt = errors.New("snapshot: corrupt")

func key(stage string, partition int32, slot, chunk string) []byte {
	return fmt.Appendf(nil, "%s|%d|%s|%s", stage, partition, slot, chunk)
}

// Encode compresses state and cuts it: m.Stage, Partition, Slot, Number, Offset
// and TopicID must be set; the rest of m is filled in. The manifest's record is
// not among the chunks: see (*Manifest).Record.
func Encode(m *Manifest, state []byte, chunkBytes int) ([]Record, error) {
	if strings.Contains(m.Stage, "|") {
		return nil, fmt.Errorf("snapshot: stage %q: a name must not hold '|'", m.Stage)
	}
	// One encoder a call: snapshots are seconds apart and its memory need not stay.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: zstd: %w", m.Stage, m.Partition, err)
	}
	packed := enc.EncodeAll(state, nil)
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: zstd: %w", m.Stage, m.Partition, err)
	}
	sum := sha256.Sum256(packed)
	m.Format, m.Bytes, m.RawBytes, m.Checksum = Format, len(packed), len(state), hex.EncodeToString(sum[:])
	var out []Record
	for i := 0; len(packed) > 0; i++ {
		n := min(chunkBytes, len(packed))
		v := binary.BigEndian.AppendUint64(make([]byte, 0, 8+n), uint64(m.Number))
		out = append(out, Record{Key: key(m.Stage, m.Partition, m.Slot, strconv.Itoa(i)), Value: append(v, packed[:n]...)})
		packed = packed[n:]
	}
	m.Chunks = len(out)
	return out, nil
}

// Record is the manifest's record: it must come after the chunks, and in a
// transaction that commits m.Offset or more.
func (m *Manifest) Record() (Record, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return Record{}, fmt.Errorf("snapshot manifest of %s/%d: encode: %w", m.Stage, m.Partition, err)
	}
	return Record{Key: key(m.Stage, m.Partition, m.Slot, manifestChunk), Value: b}, nil
}

// NextSlot is the slot that m leaves free for its successor.
func (m *Manifest) NextSlot() string {
	if m.Slot == "A" {
		return "B"
	}
	return "A"
}

// Unpack decompresses what a complete snapshot carries. max bounds the result.
func (m *Manifest) Unpack(packed []byte, max int) ([]byte, error) {
	if m.RawBytes > max {
		return nil, fmt.Errorf("%w: %s/%d at %d: %d bytes, more than the limit of %d", ErrCorrupt, m.Stage, m.Partition, m.Offset, m.RawBytes, max)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max)+1<<20))
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: zstd: %w", m.Stage, m.Partition, err)
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %s/%d at %d: %w", ErrCorrupt, m.Stage, m.Partition, m.Offset, err)
	}
	if len(raw) != m.RawBytes {
		return nil, fmt.Errorf("%w: %s/%d at %d: %d bytes instead of %d", ErrCorrupt, m.Stage, m.Partition, m.Offset, len(raw), m.RawBytes)
	}
	return raw, nil
}
