package signature

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
)

// custom is what is usual at a place: shares of its callers, and of how many. The zero
// value is that nothing is known.
type custom struct {
	common, text  float64
	matching, all int
	about         bool // counted in a sample
}

func (c custom) String() string {
	about := ""
	if c.about {
		about = "about "
	}
	return fmt.Sprintf("%d of %s%d callers of this field send the like", c.matching, about, c.all)
}

// of says what is usual at p of the endpoint of tx.
func (h *habits) of(tx *detect.Tx, p *Place) custom {
	if p.Name == "" || len(p.Name) > maxName {
		return custom{}
	}
	x := h.places.Get(h.key(tx, p.Location, p.Name))
	if x == nil || !x.of(tx, p) {
		return custom{}
	}
	now := tx.Time.UnixNano()
	a := x.Principals.count(p.Classes, now, int64(h.cfg.HabitKeep), int64(h.cfg.HabitAfter))
	b := x.Networks.count(p.Classes, now, int64(h.cfg.HabitKeep), int64(h.cfg.HabitAfter))
	least := h.cfg.HabitCallers
	if a.all < least || b.all < least {
		return custom{}
	}
	c := custom{about: x.Principals.Level > 0, matching: a.matching << x.Principals.Level, all: a.all << x.Principals.Level}
	c.common = min(share(a.matching, a.all, least), share(b.matching, b.all, least))
	c.text = min(share(a.text, a.all, least), share(b.text, b.all, least))
	return c
}

// share is n of all, where that is enough of a habit: a tenth of all, and as many as
// are asked for at least.
func share(n, all, least int) float64 {
	if n < least || n*10 < all {
		return 0
	}
	return float64(n) / float64(all)
}
