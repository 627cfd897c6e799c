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
	"hash"
	"io"
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

// window is the memory that a decoder may take beside the state: the encoder looks back
// over 4 MB.
const window = 8 << 20

const manifestChunk = "manifest"

// ErrCorrupt is wrapped by every error about what a record or a snapshot holds.
var ErrCorrupt = errors.New("snapshot: corrupt")

func key(stage string, partition int32, slot, chunk string) []byte {
	return fmt.Appendf(nil, "%s|%d|%s|%s", stage, partition, slot, chunk)
}

// Encode compresses what write writes, of which there may be limit bytes, and cuts it:
// m.Stage, Partition, Slot, Number, Offset and TopicID must be set; the rest of m is
// filled in. The manifest's record is not among the chunks: see (*Manifest).Record.
// What is not compressed yet is never in memory as a whole.
func Encode(m *Manifest, limit, chunkBytes int, write func(io.Writer) error) ([]Record, error) {
	if strings.Contains(m.Stage, "|") {
		return nil, fmt.Errorf("snapshot: stage %q: a name must not hold '|'", m.Stage)
	}
	chunks := &chunker{m: m, size: chunkBytes, sum: sha256.New()}
	// One encoder a call: snapshots are seconds apart and its memory need not stay.
	enc, err := zstd.NewWriter(chunks, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: zstd: %w", m.Stage, m.Partition, err)
	}
	raw := &counter{w: enc, limit: limit}
	err = write(raw)
	if e := enc.Close(); err == nil && e != nil {
		err = fmt.Errorf("zstd: %w", e)
	}
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: %w", m.Stage, m.Partition, err)
	}
	chunks.cut()
	m.Format, m.Chunks, m.Bytes, m.RawBytes, m.Checksum = Format, len(chunks.out), chunks.n, raw.n, hex.EncodeToString(chunks.sum.Sum(nil))
	return chunks.out, nil
}

// ErrTooLarge is wrapped by the error about a state above the limit.
var ErrTooLarge = errors.New("state is too large")

type counter struct {
	w        io.Writer
	n, limit int
}

func (c *counter) Write(b []byte) (int, error) {
	if c.n += len(b); c.n > c.limit {
		return 0, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.limit)
	}
	return c.w.Write(b) //nolint:wrapcheck // passed through
}

// chunker cuts what is written into records.
type chunker struct {
	m       *Manifest
	size, n int
	sum     hash.Hash
	rest    []byte
	out     []Record
}

func (c *chunker) Write(b []byte) (int, error) {
	n := len(b)
	c.n += n
	c.sum.Write(b) //nolint:errcheck // never fails
	for len(b) > 0 {
		if len(c.rest) == 0 {
			c.rest = binary.BigEndian.AppendUint64(nil, uint64(c.m.Number))
		}
		k := min(len(b), 8+c.size-len(c.rest))
		c.rest, b = append(c.rest, b[:k]...), b[k:]
		if len(c.rest) == 8+c.size {
			c.cut()
		}
	}
	return n, nil
}

// cut ends the chunk.
func (c *chunker) cut() {
	if len(c.rest) > 0 {
		c.out = append(c.out, Record{Key: key(c.m.Stage, c.m.Partition, c.m.Slot, strconv.Itoa(len(c.out))), Value: c.rest})
		c.rest = nil
	}
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
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max)+window))
	if err != nil {
		return nil, fmt.Errorf("snapshot of %s/%d: zstd: %w", m.Stage, m.Partition, err)
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(packed, make([]byte, 0, min(m.RawBytes, 16*len(packed))))
	if err != nil {
		return nil, fmt.Errorf("%w: %s/%d at %d: %w", ErrCorrupt, m.Stage, m.Partition, m.Offset, err)
	}
	if len(raw) != m.RawBytes {
		return nil, fmt.Errorf("%w: %s/%d at %d: %d bytes instead of %d", ErrCorrupt, m.Stage, m.Partition, m.Offset, len(raw), m.RawBytes)
	}
	return raw, nil
}
