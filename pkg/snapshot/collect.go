package snapshot

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/segmentio/encoding/json"
)

// maxChunks bounds what a forged manifest can make Offer walk over.
const maxChunks = 1 << 16

// Complete is a snapshot all of whose parts were found.
type Complete struct {
	Manifest Manifest
	Packed   []byte
}

// Collector gathers the snapshots of one stage and one partition from the
// records of the topic, offered in their order. It is for one goroutine.
type Collector struct {
	prefix  string
	topicID string
	slots   map[string]map[int]chunk
	best    map[string]Complete // a slot's newest complete snapshot
	last    int64
	bad     []error
}

type chunk struct {
	number int64
	data   []byte
}

// NewCollector collects for stage and partition of the source topic topicID;
// an empty topicID takes any.
func NewCollector(stage string, partition int32, topicID string) *Collector {
	return &Collector{
		prefix: fmt.Sprintf("%s|%d|", stage, partition), topicID: topicID,
		slots: map[string]map[int]chunk{}, best: map[string]Complete{},
	}
}

// Offer looks at one record; records of others are passed over. It keeps value.
func (c *Collector) Offer(key, value []byte) {
	rest, ok := strings.CutPrefix(string(key), c.prefix)
	if !ok || value == nil {
		return
	}
	slot, part, ok := strings.Cut(rest, "|")
	if !ok || slot != "A" && slot != "B" {
		return
	}
	if part == manifestChunk {
		c.manifest(slot, value)
		return
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= maxChunks || len(value) < 8 {
		c.bad = append(c.bad, fmt.Errorf("%w: chunk %s", ErrCorrupt, key))
		return
	}
	if c.slots[slot] == nil {
		c.slots[slot] = map[int]chunk{}
	}
	n := int64(binary.BigEndian.Uint64(value))
	c.slots[slot][i] = chunk{number: n, data: value[8:]}
	c.last = max(c.last, n)
}

func (c *Collector) manifest(slot string, value []byte) {
	var m Manifest
	if err := json.Unmarshal(value, &m); err != nil {
		c.bad = append(c.bad, fmt.Errorf("%w: manifest of %s%s: %w", ErrCorrupt, c.prefix, slot, err))
		return
	}
	if c.topicID != "" && m.TopicID != c.topicID {
		return // of a topic that was deleted and created anew
	}
	c.last = max(c.last, m.Number)
	fail := func(format string, args ...any) {
		c.bad = append(c.bad, fmt.Errorf("%w: %s%s number %d at offset %d: %s", ErrCorrupt, c.prefix, slot, m.Number, m.Offset, fmt.Sprintf(format, args...)))
	}
	if m.Format != Format || m.Chunks < 0 || m.Chunks > maxChunks || m.Bytes < 0 || m.Offset < 0 || m.RawBytes < 0 || m.Slot != slot {
		fail("manifest of format %d is not one this version reads", m.Format)
		return
	}
	var packed []byte
	for i := range m.Chunks {
		k, ok := c.slots[slot][i]
		if !ok || k.number != m.Number {
			fail("chunk %d of %d is missing", i, m.Chunks)
			return
		}
		packed = append(packed, k.data...)
	}
	if sum := sha256.Sum256(packed); hex.EncodeToString(sum[:]) != m.Checksum {
		fail("checksum does not hold")
		return
	}
	c.best[slot] = Complete{Manifest: m, Packed: packed}
}

// Usable are the complete snapshots at or below the committed offset, the
// newest first.
func (c *Collector) Usable(committed int64) []Complete {
	var out []Complete
	for _, s := range c.best {
		if s.Manifest.Offset <= committed {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Complete) int {
		return cmp.Or(cmp.Compare(b.Manifest.Offset, a.Manifest.Offset), cmp.Compare(b.Manifest.Number, a.Manifest.Number))
	})
	return out
}

// Last is the highest number seen, of complete snapshots and others: the next
// one must be higher.
func (c *Collector) Last() int64 { return c.last }

// Bad is what was found incomplete or corrupt.
func (c *Collector) Bad() []error { return c.bad }
