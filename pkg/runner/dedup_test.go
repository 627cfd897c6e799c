package runner

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func TestDedup(t *testing.T) {
	d := newDedup(128, 2)
	f := func(sensor string, boot, n uint64, want bool) {
		t.Helper()
		if got := d.repeated([]byte(sensor), boot, n); got != want {
			t.Errorf("%s/%d/%d: repeated = %v, want %v", sensor, boot, n, got, want)
		}
	}
	f("a", 1, 5, false)
	f("a", 1, 5, true)
	f("a", 1, 3, false)
	f("a", 1, 3, true)
	f("a", 2, 5, false) // another boot
	f("a", 1, 0, false) // unknown
	f("a", 1, 0, false)
	f("a", 1, 132, false)
	f("a", 1, 5, true) // 127 behind: the last that is known
	f("a", 1, 133, false)
	f("a", 1, 5, false) // beyond the window
	f("a", 1, 10000, false)
	f("a", 1, 9999, false) // a jump leaves nothing behind
	f("b", 1, 1, false)    // forgets a/2, the least recently used
	f("a", 1, 10000, true)
	f("a", 2, 5, false)
}

// TestDedupAgainstASet compares with a plain set, through saves and loads.
func TestDedupAgainstASet(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	d, set := newDedup(256, 8), map[[2]uint64]bool{}
	high := map[uint64]uint64{}
	for i := range 20000 {
		s := r.Uint64N(4)
		n := uint64(1)
		if high[s] > 0 {
			n = max(1, high[s]+r.Uint64N(40)-min(high[s], 30))
		}
		high[s] = max(high[s], n)
		k := [2]uint64{s, n}
		if got := d.repeated([]byte{byte(s)}, 1, n); got != set[k] {
			t.Fatalf("step %d: sensor %d number %d: %v, want %v", i, s, n, got, set[k])
		}
		set[k] = true
		if i%500 == 0 {
			e := newDedup(256, 8)
			if rest, err := e.load(d.save(nil)); err != nil || len(rest) != 0 {
				t.Fatal(rest, err)
			}
			d = e
		}
	}
}

func FuzzDedupLoad(f *testing.F) {
	d := newDedup(64, 4)
	for i := range uint64(10) {
		d.repeated([]byte("s"), i%2, i+1)
	}
	f.Add(d.save(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDedup(128, 4)
		if _, err := d.load(b); err != nil && !errors.Is(err, errState) {
			t.Fatal(err)
		}
		if len(d.sensors) > 4 {
			t.Fatalf("%d sensors", len(d.sensors))
		}
		d.repeated([]byte("x"), 1, 5)
	})
}

func BenchmarkDedup(b *testing.B) {
	d := newDedup(8192, 1024)
	sensor := []byte("sensor-1")
	b.ReportAllocs()
	for n := uint64(1); b.Loop(); n++ {
		d.repeated(sensor, 7, n)
	}
}
