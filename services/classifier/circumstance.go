package classifier

import (
	"bytes"
	"cmp"
	"net/netip"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
)

// circumstance is what a value went out under, a bit each.
type circumstance uint8

const (
	openly    = iota // answered to a request without a credential
	toPartner        // answered to a network of a partner
	inError          // in an answer that refuses or fails
	unveiled         // over HTTP without TLS
	circumstances
)

// circumstances says what holds of the message of tx that goes in direction dir.
func (s *stage) circumstances(tx *detect.Tx, dir direction, logsIn bool) (c circumstance) {
	e := tx.Event
	if string(e.Scheme) == "http" && len(e.TLS.Version) == 0 && !terminated(tx) {
		c |= 1 << unveiled
	}
	if dir == request {
		return c
	}
	// Who logs in has no credential yet, and gets what is about themselves.
	if string(e.Identity.Scheme) == "none" && e.Status >= 200 && e.Status < 300 && !logsIn {
		c |= 1 << openly
	}
	if e.Status >= 400 {
		c |= 1 << inError
	}
	if len(s.cfg.Partners) > 0 && len(e.Client.Address) > 0 && len(e.Client.Address) <= 64 {
		if a, err := netip.ParseAddr(string(e.Client.Address)); err == nil {
			a = a.Unmap().WithZone("")
			for _, p := range s.cfg.Partners {
				if p.Contains(a) {
					return c | 1<<toPartner
				}
			}
		}
	}
	return c
}

// terminated says whether a proxy before the sensor took TLS off.
func terminated(tx *detect.Tx) bool {
	for i := range tx.Event.RequestHeaders {
		h := &tx.Event.RequestHeaders[i]
		switch {
		case bytes.EqualFold(h.Name, []byte("X-Forwarded-Proto")):
			return bytes.EqualFold(bytes.TrimSpace(h.Value), []byte("https"))
		case bytes.EqualFold(h.Name, []byte("Forwarded")):
			return bytes.Contains(bytes.ToLower(h.Value), []byte("proto=https"))
		}
	}
	return false
}

// occurrence counts events under one circumstance.
type occurrence struct {
	_msgpack    struct{} `msgpack:",as_array"`
	Which       uint8
	Events      uint64
	First, Last int64 // ns
	Refs        list[reference]
}

func (o *occurrence) add(other occurrence) {
	if other.Events == 0 {
		return
	}
	if o.Events == 0 || other.First < o.First {
		o.First = other.First
	}
	o.Last = max(o.Last, other.Last)
	o.Events += other.Events
	refs := least[reference](o.Refs)
	for _, r := range other.Refs {
		refs.add(r, finding.MaxEvents, compareReferences)
	}
	o.Refs = list[reference](refs)
}

// saidUnder are the circumstances that occurred, as they are written down.
func (k *kind) saidUnder() (all list[occurrence]) {
	for i, o := range k.under {
		if o.Events > 0 {
			o.Which = uint8(i)
			all = append(all, o)
		}
	}
	return all
}

// hear adds what saidUnder wrote. A circumstance of a newer version is left out.
func (k *kind) hear(all list[occurrence]) {
	for _, o := range all {
		if o.Which < circumstances {
			k.under[o.Which].add(o)
		}
	}
}

// span widens the bounds of the numbers that passed.
func (t *tally) span(v []byte) {
	n, digits := uint64(0), 0
	for _, c := range v {
		if c-'0' <= 9 && digits < 19 {
			n, digits = n*10+uint64(c-'0'), digits+1
		}
	}
	t.widen(n, n)
}

func (t *tally) widen(low, high uint64) {
	if low == 0 && high == 0 {
		return
	}
	if t.High == 0 || low < t.Low {
		t.Low = low
	}
	t.High = max(t.High, high)
}

// gap is how far apart numbers stand, on average, that are given out and not counted.
const gap = 500

// consecutive says whether so many different numbers lie so close together that somebody
// counts.
func (t *tally) consecutive(different int) bool {
	return different > 2 && t.High > 0 && t.High-t.Low < uint64(different)*gap
}

func compareReferences(a, b reference) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
}
