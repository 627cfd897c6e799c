package keyed

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/vmihailenco/msgpack/v5"
)

// Actors keep what several rules know of each actor. Those who were about lately have
// their states in tables; everybody else is one packed record, tens of bytes a state,
// in memory that the garbage collector does not look into. Who comes back is unpacked.
//
// That is not to be seen from outside: a state is the same whether it was packed in the
// meantime or not. There is a most of actors; the least recently used is forgotten.
type Actors struct {
	records *Table[record]
	blocks  blocks
	kinds   [maxKinds]kind
	about   *Table[resident]
	now     *resident
	key     uint64
	evicted func()

	pack  Pack
	buf   []byte
	spare []stateAt
}

// record is where an actor's packed states are; nothing, while it was never packed.
type record struct{ head, size uint32 }

const (
	maxKinds = 16
	// maxSubs is how many states of a kind an actor may have.
	maxSubs = 2048
	subBits = 28
	maxSub  = 1<<subBits - 1
)

// NewActors makes room for so many actors, of whom as many as about says are not packed.
// evicted is called for every actor that is forgotten for want of room; it may be nil.
func NewActors(most, about int, evicted func()) *Actors {
	about = max(2, min(most, about)) // the present one and another
	return &Actors{records: NewTable[record](most, nil), about: NewTable[resident](about, nil), evicted: evicted}
}

// Enter makes the actor of key the one whose states are asked for; now is the time of
// the event, in ns.
func (a *Actors) Enter(key uint64, now int64) {
	if a.now != nil && a.key == key {
		a.now.at, a.now.packed = max(a.now.at, now), false
		return
	}
	if a.now = a.about.touch(key); a.now != nil {
		a.records.use(a.now.record)
	} else {
		if a.records.Full() && a.records.Get(key) == nil {
			a.forget()
		}
		a.now = a.bring(key, a.records.Touch(key))
	}
	a.key = key
	a.now.at, a.now.packed = max(a.now.at, now), false
}

// bring unpacks an actor, and packs the one who was about the longest ago for it.
func (a *Actors) bring(key uint64, r *record) *resident {
	if a.about.Full() {
		oldest, s := a.about.Oldest()
		a.store(oldest, s)
		a.leave(oldest, s)
	}
	s := a.about.Touch(key)
	s.record, _ = a.records.find(key)
	s.states, a.spare = a.spare, nil
	a.load(s, r)
	return s
}

// other unpacks an actor besides the present one; nil if it is not known.
func (a *Actors) other(key uint64) *resident {
	if key == a.key {
		return a.now
	}
	r := a.records.Get(key)
	if r == nil {
		return nil
	}
	s := a.about.Get(key)
	if s == nil {
		s = a.bring(key, r)
	}
	s.packed = false
	a.now = a.about.Touch(a.key) // stays the last to be packed
	return s
}

// forget drops the least recently used actor.
func (a *Actors) forget() {
	key, r := a.records.Oldest()
	if s := a.about.Get(key); s != nil {
		a.leave(key, s)
	}
	a.blocks.drop(r.head)
	a.records.Remove(key)
	if a.evicted != nil {
		a.evicted()
	}
}

// leave takes the states of an actor out of the tables.
func (a *Actors) leave(key uint64, s *resident) {
	for i, k := range a.kinds {
		for _, x := range s.of(i) {
			k.drop(x.slot)
		}
	}
	a.spare = s.states[:0]
	a.about.Remove(key)
}

// store packs what is known of an actor.
func (a *Actors) store(key uint64, s *resident) {
	if s.packed {
		return
	}
	s.packed = true
	r := a.records.Get(key)
	p := &a.pack
	p.write(s.at / 1e9 * 1e9)
	p.uvarint(uint64(p.Base / 1e9))
	var present uint64
	for i := range a.kinds {
		if len(s.of(i)) > 0 {
			present |= 1 << i
		}
	}
	p.uvarint(present)
	for i, k := range a.kinds {
		list := s.of(i)
		switch {
		case len(list) == 0:
			continue
		case len(list) == 1 && list[0].sub == 0: // as of most kinds: nothing to tell it from
			p.uvarint(0)
			k.pack(p, list[0].slot)
			continue
		}
		p.uvarint(uint64(len(list)))
		for _, x := range list {
			p.uvarint(uint64(x.sub))
			k.pack(p, x.slot)
		}
	}
	b := p.written()
	r.head, r.size = a.blocks.put(r.head, b), uint32(len(b))
}

// load unpacks what is known of an actor.
func (a *Actors) load(s *resident, r *record) {
	if r.size == 0 {
		return
	}
	a.buf = gather(a.blocks.pages, a.buf[:0], r.head, r.size)
	a.pack.read(a.buf)
	s.at = a.pack.each(func(i int, sub uint32) {
		s.add(i, sub, a.kinds[i].unpack(&a.pack))
	})
}

// each calls f for every state of a record, which f must read, and returns its time.
func (p *Pack) each(f func(kind int, sub uint32)) int64 {
	seconds := p.uvarint(0)
	if seconds > math.MaxInt64/uint64(1e9) {
		p.fail()
	}
	p.Base = int64(seconds) * 1e9
	for present := p.uvarint(0); present != 0 && p.err == nil; present &= present - 1 {
		i := bits.TrailingZeros64(present)
		if i >= maxKinds {
			p.fail()
			break
		}
		n := p.uvarint(0)
		if n == 0 {
			f(i, 0)
			continue
		}
		for range min(n, maxSubs+1) {
			sub := p.uvarint(0)
			if p.err != nil || n > maxSubs || sub>>subBits != 0 {
				p.fail()
				break
			}
			f(i, uint32(sub))
		}
	}
	return p.Base
}

// Capture adds all actors to c. Those who are about are packed for it.
func (a *Actors) Capture(c *Capture) {
	a.about.Each(a.store)
	pages := slices.Clone(a.blocks.pages)
	a.records.captureAs(c, func(e *msgpack.Encoder, r *record) error {
		if err := e.EncodeBytesLen(int(r.size)); err != nil {
			return err
		}
		return spill(e.Writer(), pages, r.head, r.size)
	})
}

// Decode reads what was captured into a, which must be new and have all its kinds.
func (a *Actors) Decode(d *msgpack.Decoder) error {
	n, err := d.DecodeInt64()
	if err != nil {
		return err
	}
	for i := range n {
		key, err := d.DecodeUint64()
		if err != nil {
			return fmt.Errorf("actor %d of %d: %w", i, n, err)
		}
		v, err := decodeBytes(d, a.buf)
		if err == nil {
			a.buf = v
			err = a.check(v)
		}
		if err != nil {
			return fmt.Errorf("actor %d of %d: %w", i, n, err)
		}
		if a.records.Full() && a.records.Get(key) == nil {
			a.forget()
		}
		r := a.records.Touch(key)
		r.head, r.size = a.blocks.put(r.head, v), uint32(len(v))
	}
	return nil
}

func (a *Actors) check(v []byte) error {
	p := &a.pack
	p.read(v)
	var errs error
	p.each(func(i int, _ uint32) {
		if a.kinds[i] == nil {
			p.fail()
		} else if err := a.kinds[i].check(p); err != nil {
			errs = errors.Join(errs, err)
			p.fail()
		}
	})
	if errs == nil && len(p.b) > 0 {
		p.fail()
	}
	return errors.Join(errs, p.err)
}

// maxRecord bounds the packed states of an actor.
const maxRecord = 64 << 20

// decodeBytes reads a byte string into room, which grows by what there is, not by what
// is claimed.
func decodeBytes(d *msgpack.Decoder, room []byte) ([]byte, error) {
	n, err := d.DecodeBytesLen()
	if err != nil {
		return nil, err
	}
	if n > maxRecord {
		return nil, fmt.Errorf("record of %d bytes", n)
	}
	room = room[:0]
	for n > 0 {
		k := min(n, 64<<10)
		room = slices.Grow(room, k)
		if err := d.ReadFull(room[len(room) : len(room)+k]); err != nil {
			return nil, err
		}
		room = room[:len(room)+k]
		n -= k
	}
	return room, nil
}
