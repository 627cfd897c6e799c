package behavior

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/vmihailenco/msgpack/v5"
)

// stamps are refused attempts as a finding names them: of each the event time (ns,
// 8 bytes, big-endian) and the event's id (16 bytes); ascending, each once, at most
// finding.MaxEvents. Their bytes compare as (time, id), so the first of a set are the
// same whatever order the set was put together in. They are never written to once made.
type stamps []byte

const (
	stampSize = 8 + 16
	maxStamps = finding.MaxEvents * stampSize
)

func stampOf(now int64, id [16]byte) stamps {
	s := make(stamps, 0, stampSize)
	return append(binary.BigEndian.AppendUint64(s, uint64(now)), id[:]...)
}

func (s stamps) count() int { return len(s) / stampSize }

func (s stamps) at(i int) []byte { return s[i*stampSize : (i+1)*stampSize] }

// ids are the ids of the events.
func (s stamps) ids() (list []string) {
	for i := range s.count() {
		list = append(list, uuid.UUID(s.at(i)[8:]).String())
	}
	return list
}

// joined is the first of a and b together.
func joined(a, b stamps) stamps {
	if len(a) == 0 || len(b) == 0 {
		return append(a[:len(a):len(a)], b...)
	}
	all := make(stamps, 0, min(len(a)+len(b), maxStamps))
	for len(all) < maxStamps && len(a)+len(b) > 0 {
		order := 0
		switch {
		case len(a) == 0:
			order = 1
		case len(b) == 0:
			order = -1
		default:
			order = bytes.Compare(a.at(0), b.at(0))
		}
		if order <= 0 {
			all = append(all, a.at(0)...)
			a = a[stampSize:]
		} else {
			all = append(all, b.at(0)...)
		}
		if order >= 0 {
			b = b[stampSize:]
		}
	}
	return all
}

func (s stamps) valid() error {
	if len(s)%stampSize != 0 || len(s) > maxStamps {
		return fmt.Errorf("stamps of %d bytes", len(s))
	}
	for i := 1; i < s.count(); i++ {
		if bytes.Compare(s.at(i-1), s.at(i)) >= 0 {
			return fmt.Errorf("stamp %d out of order", i)
		}
	}
	return nil
}

// thin keeps the first finding.MaxEvents stamps of every address in every bucket of
// ts, which must be sorted, and then the first limit of every bucket. A finding takes
// no more than that of an address; the limit is what bounds memory, and dropped is what
// it cost. Thinning parts and then their sum gives what thinning the sum gives.
func thin(ts []tally, limit int) (dropped int) {
	for i := 0; i < len(ts); {
		bucket := i
		for i < len(ts) && ts[i].Bucket == ts[bucket].Bucket {
			address := i
			for i < len(ts) && ts[i].Bucket == ts[bucket].Bucket && ts[i].Address == ts[address].Address {
				i++
			}
			first(ts[address:i], finding.MaxEvents)
		}
		dropped += first(ts[bucket:i], limit)
	}
	return dropped
}

// first keeps the first n stamps of ts and says how many it dropped.
func first(ts []tally, n int) (dropped int) {
	all := 0
	for i := range ts {
		all += ts[i].Stamps.count()
	}
	if all <= n {
		return 0
	}
	sorted := make([][]byte, 0, all)
	for i := range ts {
		for j := range ts[i].Stamps.count() {
			sorted = append(sorted, ts[i].Stamps.at(j))
		}
	}
	slices.SortFunc(sorted, bytes.Compare)
	last := sorted[n-1]
	for i := range ts {
		s := &ts[i].Stamps
		k := s.count()
		for k > 0 && bytes.Compare(s.at(k-1), last) > 0 {
			k--
			dropped++
		}
		*s = (*s)[:k*stampSize]
	}
	return dropped
}

// supporting is one refused attempt that a campaign's finding names.
type supporting struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Stamp    stamps
	Address  string
}

// support gathers the first refused attempts of addresses out of the window and of what
// earlier updates of the finding named: those stay though the window has left them
// behind, as long as the finding names their source.
func (c *campaign) support(addresses []string) (ids []string) {
	named := make(map[string]bool, len(addresses)) // asked, never walked
	for _, a := range addresses {
		named[a] = true
	}
	var all []supporting
	for _, s := range c.Events {
		if named[s.Address] {
			all = append(all, s)
		}
	}
	for i := range c.Window {
		t := &c.Window[i]
		if !named[t.Address] {
			continue
		}
		for j := range t.Stamps.count() {
			all = append(all, supporting{Stamp: t.Stamps.at(j), Address: t.Address})
		}
	}
	slices.SortStableFunc(all, func(a, b supporting) int { return bytes.Compare(a.Stamp, b.Stamp) })
	all = slices.CompactFunc(all, func(a, b supporting) bool { return bytes.Equal(a.Stamp, b.Stamp) })
	c.Events = slices.Clone(all[:min(len(all), finding.MaxEvents)])
	for _, s := range c.Events {
		ids = append(ids, uuid.UUID(s.Stamp[8:]).String())
	}
	return ids
}

func validSupport(events []supporting) error {
	if len(events) > finding.MaxEvents {
		return fmt.Errorf("login that names %d events", len(events))
	}
	for i := range events {
		if len(events[i].Stamp) != stampSize {
			return fmt.Errorf("event of %d bytes", len(events[i].Stamp))
		}
	}
	return nil
}

// decodeFields reads an array into fields. One that was written before the last of
// them were there is read too, and those stay empty; least is how many there were at
// first. That is the rule for additions: at the end, and empty must mean unknown.
func decodeFields(d *msgpack.Decoder, least int, fields ...any) error {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	if n < least || n > len(fields) {
		return fmt.Errorf("%d fields, this program reads %d to %d", n, least, len(fields))
	}
	for i, f := range fields[:n] {
		if err := d.Decode(f); err != nil {
			return fmt.Errorf("field %d of %d: %w", i, n, err)
		}
	}
	return nil
}

// DecodeMsgpack implements msgpack.CustomDecoder. Stamps came with version 2.
func (t *tally) DecodeMsgpack(d *msgpack.Decoder) error {
	return decodeFields(d, 5, &t.Bucket, &t.Address, &t.User, &t.OK, &t.Fail, (*[]byte)(&t.Stamps))
}

// DecodeMsgpack implements msgpack.CustomDecoder. Events came with version 2, First and
// Slow later.
func (c *campaign) DecodeMsgpack(d *msgpack.Decoder) error {
	return decodeFields(d, 16, &c.Tenant, &c.EndpointID, &c.Endpoint, &c.Service, &c.Open, &c.Window, &c.Judged, &c.Cusum, &c.OK, &c.Fail,
		&c.Known, &c.Start, &c.Last, &c.Count, &c.Emitted, &c.EmittedAt, &c.Events, &c.First, &c.Slow)
}
