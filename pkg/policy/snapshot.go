package policy

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// The policy's part of a snapshot stands before the inner detector's and is
// length-prefixed, so that not a byte more than its own is read: magic, whether
// an inner part follows, length, CRC-32C, MessagePack. The sum is checked first,
// because the decoder makes room for whatever a damaged length says.
const (
	snapshotMagic = "MPS1"
	// maxSnapshot bounds what a damaged length could make Restore read.
	maxSnapshot = 256 << 20
)

// ErrSnapshot is wrapped by every error about what Restore reads.
var ErrSnapshot = errors.New("policy: snapshot cannot be read")

type snapshot struct {
	Clock     int64
	Revision  int64
	Entries   []keyed[entry]
	Offenders []keyed[offender]
	Quotas    []keyed[quota]
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

type keyed[T any] struct {
	Key   string
	Value T
}

func (d *decider) writeState(w io.Writer, inner bool) error {
	s := snapshot{Clock: d.clock, Revision: d.revision}
	for _, k := range slices.Sorted(maps.Keys(d.entries)) {
		s.Entries = append(s.Entries, keyed[entry]{Key: k, Value: *d.entries[k]})
	}
	for _, k := range slices.Sorted(maps.Keys(d.offenders)) {
		s.Offenders = append(s.Offenders, keyed[offender]{Key: k, Value: d.offenders[k]})
	}
	for _, k := range slices.Sorted(maps.Keys(d.quotas)) {
		s.Quotas = append(s.Quotas, keyed[quota]{Key: k, Value: *d.quotas[k]})
	}
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseArrayEncodedStructs(true)
	if err := enc.Encode(&s); err != nil {
		return fmt.Errorf("policy: snapshot: encode: %w", err)
	}
	body := buf.Bytes()
	head := append([]byte(snapshotMagic), 0)
	if inner {
		head[4] = 1
	}
	head = binary.BigEndian.AppendUint32(head, uint32(len(body)))
	head = binary.BigEndian.AppendUint32(head, checksum(body))
	if _, err := w.Write(append(head, body...)); err != nil {
		return fmt.Errorf("policy: snapshot: %w", err)
	}
	return nil
}

func (d *decider) readState(r io.Reader, inner bool) error {
	var head [13]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if string(head[:4]) != snapshotMagic {
		return fmt.Errorf("%w: it starts with %q, want %q", ErrSnapshot, head[:4], snapshotMagic)
	}
	if (head[4] == 1) != inner {
		return fmt.Errorf("%w: it was made around another detector", ErrSnapshot)
	}
	n := binary.BigEndian.Uint32(head[5:9])
	if n > maxSnapshot {
		return fmt.Errorf("%w: %d bytes, limit %d", ErrSnapshot, n, maxSnapshot)
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil || len(body) != int(n) {
		return fmt.Errorf("%w: %d of %d bytes: %w", ErrSnapshot, len(body), n, errors.Join(err, io.ErrUnexpectedEOF))
	}
	if checksum(body) != binary.BigEndian.Uint32(head[9:]) {
		return fmt.Errorf("%w: its checksum does not match", ErrSnapshot)
	}
	var s snapshot
	if err := msgpack.NewDecoder(bytes.NewReader(body)).Decode(&s); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return d.load(&s)
}

// load builds the state of s. What can be computed is: the heaps, and how many
// actions are active.
func (d *decider) load(s *snapshot) error {
	fresh := newState()
	fresh.clock, fresh.revision = s.Clock, s.Revision
	for _, q := range s.Quotas {
		v := q.Value
		v.Active = 0
		fresh.quotas[q.Key] = &v
	}
	for _, e := range s.Entries {
		if _, twice := fresh.entries[e.Key]; twice {
			return fmt.Errorf("%w: action %.100q stands in it twice", ErrSnapshot, e.Key)
		}
		v := e.Value
		fresh.put(e.Key, &v)
	}
	for _, o := range s.Offenders {
		fresh.offenders[o.Key] = o.Value
		fresh.idle = append(fresh.idle, due{o.Value.Until, o.Key})
	}
	heap.Init(&fresh.idle)
	d.state = fresh
	return nil
}
