package sketch

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/discovery/wire"
)

func TestDistinct(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 100, 1000, 3000, 10_000, 200_000} {
		var d Distinct
		for i := range n {
			for range 2 {
				d.Add(fmt.Sprintf("sub:%d", i))
			}
		}
		// Four standard errors; few are exact but for chance.
		if got := float64(d.Estimate()); math.Abs(got-float64(n)) > .13*float64(n) || n <= 10 && got != float64(n) {
			t.Errorf("%d callers are estimated at %.0f", n, got)
		}
		if len(d.set) > registers {
			t.Errorf("%d registers", len(d.set))
		}
	}
}

func TestHistogram(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 { // each value is in the bucket whose middle is within a sixteenth
		v := r.Uint64() >> r.IntN(64)
		if m := middle(index(v)); math.Abs(m-float64(v)) > float64(v)/16+.5 {
			t.Fatalf("%d stands for %f", v, m)
		}
	}
	if i := index(math.MaxUint64); i >= maxIndex {
		t.Fatalf("index %d", i)
	}
	var h Histogram
	for v := range uint64(10_000) {
		h.Add(v)
	}
	q := h.Quantiles(.001)
	if q.Count != 10_000 || math.Abs(q.P50-5) > .4 || math.Abs(q.P95-9.5) > .6 || math.Abs(q.P99-9.9) > .6 {
		t.Errorf("%+v", q)
	}
	if q := new(Histogram).Quantiles(1); q.Count != 0 || q.P99 != 0 {
		t.Errorf("of nothing: %+v", q)
	}
}

func TestMinutes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 59, 0, time.UTC)
	var m Minutes
	for range 5 {
		m.Add(at.UnixNano(), 1)
	}
	m.Add(at.Add(time.Second).UnixNano(), 3)
	m.Add(at.Add(-50*time.Minute).UnixNano(), 9)
	if m.Peak() != 9 {
		t.Errorf("peak %d", m.Peak())
	}
	m.Add(at.Add(11*time.Minute).UnixNano(), 1) // the hour before holds the nine no more
	if m.Peak() != 5 || len(m.list) != 3 {
		t.Errorf("peak %d of %d minutes", m.Peak(), len(m.list))
	}
	m.Add(at.Add(-time.Hour).UnixNano(), 100) // too late
	m.Add(math.MinInt64, 100)
	if m.Peak() != 5 {
		t.Errorf("peak %d", m.Peak())
	}
}

// all is one of each.
type all struct {
	d Distinct
	h Histogram
	m Minutes
}

func (a *all) add(r *rand.Rand) {
	a.d.Add(fmt.Sprint(r.IntN(500)))
	a.h.Add(r.Uint64N(1e6) >> r.IntN(20))
	a.m.Add(r.Int64N(int64(3*time.Hour)), 1+r.Uint32N(3))
}

func (a *all) join(o *all) {
	a.d.Join(&o.d)
	a.h.Join(&o.h)
	a.m.Join(&o.m)
}

func (a *all) bytes() []byte { return a.m.Append(a.h.Append(a.d.Append(nil))) }

func (a *all) decode(b []byte) (*wire.Reader, *all) {
	r := &wire.Reader{B: b}
	a.d.Decode(r)
	a.h.Decode(r)
	a.m.Decode(r)
	return r, a
}

func TestAnyOrderAndPieces(t *testing.T) {
	for seed := range uint64(50) {
		var whole all
		pieces := make([]all, 7)
		a, b := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 1))
		cut := rand.New(rand.NewPCG(seed, 2))
		for range 800 {
			whole.add(a)
			pieces[cut.IntN(len(pieces))].add(b)
		}
		var sum all
		for _, i := range cut.Perm(len(pieces)) {
			if i%2 == 0 {
				sum.join(&pieces[i])
			} else if r, _ := sum.decode(pieces[i].bytes()); r.Err != nil || len(r.B) > 0 {
				t.Fatal(r.Err)
			}
		}
		if !bytes.Equal(sum.bytes(), whole.bytes()) {
			t.Fatalf("seed %d: the sum of the pieces differs", seed)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var some all
	r := rand.New(rand.NewPCG(3, 3))
	for range 50 {
		some.add(r)
	}
	f.Add(some.bytes())
	f.Add([]byte{0x90, 0x90, 0x90})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, got := new(all).decode(b)
		if r.Err != nil {
			if !errors.Is(r.Err, wire.ErrMalformed) {
				t.Fatal(r.Err)
			}
			return
		}
		again, same := new(all).decode(got.bytes())
		if again.Err != nil || !bytes.Equal(same.bytes(), got.bytes()) {
			t.Fatalf("%v: %x and %x", again.Err, same.bytes(), got.bytes())
		}
		if len(got.m.list) > hour || len(got.d.set) > registers {
			t.Fatal("more than there may be")
		}
		got.h.Quantiles(1)
		got.d.Estimate()
	})
}
