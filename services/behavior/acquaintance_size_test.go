package behavior

import "testing"

// Whom it met it knows, once that is long enough ago and for as long as it is; of others it
// says so seldom.
func TestAcquaintancesGrow(t *testing.T) {
	cfg := Defaults()
	a := newAcquaintances(&cfg)
	spread := func(i int) uint64 { return mix(mix(1, uint64(i)), 7) }
	start := int64(1000) * halfDay
	a.move(start)
	for i := range 50_000 {
		a.meet(spread(i))
	}
	bytes := 0
	for _, l := range a.ring[a.at%int64(len(a.ring))].Layers {
		bytes += len(l)
	}
	if bytes > 10*50_000*2 {
		t.Errorf("%d bytes for 50,000", bytes)
	}
	for _, c := range []struct {
		half  int64
		known bool
	}{{0, false}, {4, false}, {5, true}, {18, true}, {19, false}} {
		a.move(start + c.half*halfDay)
		missing, wrong := 0, 0
		for i := range 50_000 {
			if a.knows(spread(i)) != c.known {
				missing++
			}
			if a.knows(spread(i + 1_000_000)) {
				wrong++
			}
		}
		if missing > 0 && (c.known || missing > 1000) || wrong > 1500 {
			t.Errorf("%d half days on %d of 50,000 are not known as %v, and %d others are known", c.half, missing, c.known, wrong)
		}
	}
}
