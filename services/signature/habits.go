package signature

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/keyed"
)

// habits know what callers ordinarily send to a place, an endpoint's values of one
// name: a rule that matches for many of many is about the application's content. A place
// is watched from the first match on; then all who send a value there are seen, not
// only those for whom something matches.
//
// An attacker must not be able to make a habit. So callers are counted twice, by
// principal and by network, and the smaller count holds: one address with many tokens is
// one, and one token from many addresses. Only what the API answered well counts, and
// only a while after a caller's first match. Who ever sent what no habit explains, who
// tries everything and who scans counts for nothing. And what a habit may take off is 0
// where what matched is sure.
type habits struct {
	cfg     *Config
	metrics *metrics
	places  *keyed.Table[habit]
	watched *keyed.Table[watch]
	digest  *xxhash.Digest
	seen    []sent // of the transaction at hand
}

// habit is a place.
type habit struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Endpoint and Name are the place's, with its location: the hash of another may be
	// the same, by chance or by design.
	Endpoint, Name string
	Location       content.Location
	// Principals and Networks are those who send values to it.
	Principals, Networks crowd
}

func (x *habit) of(tx *detect.Tx, p *Place) bool {
	return x.Endpoint == tx.Endpoint.ID && x.Name == p.Name && x.Location == p.Location
}

// watch is an endpoint with places that are watched.
type watch struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Places   keyed.List[uint64]
}

// maxWatched is how many places of an endpoint are watched; maxName is the longest name that is learned.
const (
	maxWatched = 16
	maxName    = 64
)

// sent is what a transaction holds at a place.
type sent struct {
	key     uint64
	classes ClassSet
	text    bool
	sure    bool
}

func newHabits(cfg *Config, m *metrics) *habits {
	return &habits{cfg: cfg, metrics: m, digest: xxhash.New(),
		places: keyed.NewTable[habit](cfg.MaxPlaces, m.placesForgotten.Inc), watched: keyed.NewTable[watch](cfg.MaxPlaces, m.placesForgotten.Inc)}
}

// learn notes what tx sent; matched are the places where rules matched. hostile is
// set for who is known to scan.
func (h *habits) learn(tx *detect.Tx, matched []Place, hostile bool) {
	e := tx.Event
	if e.Status < 200 || e.Status > 399 || e.Has(event.Replayed) {
		return
	}
	at := hashed(h.digest, tx.Tenant, tx.Endpoint.ID)
	w := h.watched.Get(at)
	if w == nil && len(matched) == 0 {
		return
	}
	h.seen = h.seen[:0]
	for i := range matched {
		p := &matched[i]
		if p.Name == "" || len(p.Name) > maxName {
			continue
		}
		key := h.key(tx, p.Location, p.Name)
		if w == nil {
			w = h.watched.Touch(at)
		}
		if !slices.Contains(w.Places, key) {
			if len(w.Places) < maxWatched {
				w.Places = append(w.Places, key)
			} else if j := h.idle(w); j >= 0 {
				w.Places[j] = key
			} else {
				continue
			}
		}
		if x := h.places.Touch(key); !x.of(tx, p) {
			*x = habit{Endpoint: strings.Clone(tx.Endpoint.ID), Name: strings.Clone(p.Name), Location: p.Location}
		}
		s := h.sent(key)
		s.classes |= p.Classes
		s.sure = s.sure || p.Sure || hostile
	}
	if w == nil {
		return
	}
	h.watched.Touch(at)
	leaves := tx.Request().Leaves
	for i := range leaves {
		l := &leaves[i]
		if l.Location == content.Path || l.Name == "" || len(l.Name) > maxName {
			continue
		}
		if key := h.key(tx, l.Location, l.Name); slices.Contains(w.Places, key) {
			s := h.sent(key)
			s.text = s.text || sentence(l.Value)
		}
	}
	h.note(tx)
}

// idle is a place of w at which something matched for one caller at most, -1 where there
// is none: one who makes up names must not keep others from being watched.
func (h *habits) idle(w *watch) int {
	return slices.IndexFunc(w.Places, func(key uint64) bool {
		x := h.places.Get(key)
		if x == nil {
			return true
		}
		matching := 0
		for i := range x.Principals.Callers {
			if x.Principals.Callers[i].Classes != 0 {
				matching++
			}
		}
		return matching <= 1
	})
}

// sent is what is known of a place of the transaction at hand.
func (h *habits) sent(key uint64) *sent {
	for i := range h.seen {
		if h.seen[i].key == key {
			return &h.seen[i]
		}
	}
	h.seen = append(h.seen, sent{key: key})
	return &h.seen[len(h.seen)-1]
}

func (h *habits) note(tx *detect.Tx) {
	now, keep := tx.Time.UnixNano(), int64(h.cfg.HabitKeep)
	who, from := accountable(tx), network(tx.Event.Client.Address)
	for i := range h.seen {
		s := &h.seen[i]
		if h.places.Get(s.key) == nil { // forgotten since: it is watched from the next match on
			continue
		}
		p := h.places.Touch(s.key)
		p.Principals.see(hashed(h.digest, tx.Tenant, who), s, now, keep)
		if from != "" {
			p.Networks.see(hashed(h.digest, tx.Tenant, from), s, now, keep)
		}
	}
}

func (h *habits) key(tx *detect.Tx, l content.Location, name string) uint64 {
	return hashed(h.digest, tx.Tenant, tx.Endpoint.ID, string(rune('0'+l)), name)
}

// network is the neighbourhood of an address that one may have all to oneself: /24 or
// /48. Empty where the address is none.
func network(address []byte) string {
	a, err := netip.ParseAddr(string(address))
	if err != nil {
		return ""
	}
	size := 48
	if a = a.Unmap().WithZone(""); a.Is4() {
		size = 24
	}
	p, err := a.Prefix(size)
	if err != nil {
		return ""
	}
	return p.String()
}

// sentence says whether v begins as people write: words of letters, some in a row.
func sentence(v []byte) bool {
	v = v[:min(len(v), 256)]
	words, letters := 0, 0
	for _, c := range v {
		switch {
		case c == ' ' || c == '\n':
			words++
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80:
			letters++
		}
	}
	return words >= 4 && letters*10 >= len(v)*7
}

func (x *habit) valid() error {
	if err := x.Principals.valid(); err != nil {
		return err
	}
	return x.Networks.valid()
}

func (w *watch) valid() error {
	if len(w.Places) > maxWatched {
		return fmt.Errorf("%d watched places, at most %d", len(w.Places), maxWatched)
	}
	return nil
}
