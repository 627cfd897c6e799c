package keyed_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

type state struct{ N int }

func keys(t *keyed.Table[state]) (ks []uint64) {
	t.Each(func(k uint64, _ *state) { ks = append(ks, k) })
	return
}

func TestTableForgetsTheLeastRecentlyUsed(t *testing.T) {
	evicted := 0
	tb := keyed.NewTable[state](3, func() { evicted++ })
	for _, k := range []uint64{1, 2, 3, 1, 4} {
		tb.Touch(k).N++
	}
	if got := keys(tb); len(got) != 3 || got[0] != 3 || got[1] != 1 || got[2] != 4 || evicted != 1 {
		t.Errorf("keys %v, %d evicted", got, evicted)
	}
	if tb.Get(1).N != 2 || tb.Get(2) != nil {
		t.Error("wrong states")
	}
}

func TestTableRemoves(t *testing.T) {
	evicted := 0
	tb := keyed.NewTable[state](3, func() { evicted++ })
	if _, s := tb.Oldest(); s != nil {
		t.Error("an empty table has an oldest state")
	}
	for _, k := range []uint64{1, 2, 3} {
		tb.Touch(k).N = int(k)
	}
	tb.Remove(2)
	tb.Remove(2)
	if k, s := tb.Oldest(); k != 1 || s.N != 1 || tb.Full() || tb.Get(2) != nil {
		t.Errorf("oldest %d, full %v", k, tb.Full())
	}
	if s := tb.Touch(4); s.N != 0 || !tb.Full() || evicted != 0 {
		t.Errorf("a removed state came back as %d, or its place was not used: full %v, %d evicted", s.N, tb.Full(), evicted)
	}
	tb.Touch(5)
	if got := keys(tb); len(got) != 3 || got[0] != 3 || got[1] != 4 || got[2] != 5 || evicted != 1 {
		t.Errorf("keys %v, %d evicted", got, evicted)
	}
	for _, k := range []uint64{5, 3, 4} {
		tb.Remove(k)
	}
	if k, s := tb.Oldest(); s != nil || tb.Len() != 0 || tb.Touch(6) == nil {
		t.Errorf("%d is left", k)
	}
}

func TestTableRoundTrip(t *testing.T) {
	a := keyed.NewTable[state](100, nil)
	for i := range 250 {
		a.Touch(uint64(i * 7 % 130)).N += i
	}
	var buf bytes.Buffer
	if err := a.Encode(msgpack.NewEncoder(&buf)); err != nil {
		t.Fatal(err)
	}
	b := keyed.NewTable[state](100, nil)
	if err := b.Decode(msgpack.NewDecoder(bytes.NewReader(buf.Bytes())), nil); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := b.Encode(msgpack.NewEncoder(&again)); err != nil || !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Errorf("another table after a round trip (%v)", err)
	}
}

func TestFilterNeverForgetsWithinItsSize(t *testing.T) {
	var f keyed.Filter
	x := uint64(1)
	next := func() uint64 { x = x*6364136223846793005 + 1442695040888963407; return x ^ x>>29 }
	var in []uint64
	for range 5000 {
		h := next()
		f.Add(h)
		in = append(in, h)
	}
	for _, h := range in {
		if !f.Has(h) {
			t.Fatal("forgot an id")
		}
	}
	wrong := 0
	for range 10000 {
		if f.Has(next()) {
			wrong++
		}
	}
	if wrong > 300 {
		t.Errorf("%d of 10000 wrongly known", wrong)
	}
	if err := f.Valid(); err != nil {
		t.Error(err)
	}
}

func BenchmarkTouch(b *testing.B) {
	t := keyed.NewTable[[64]byte](1<<16, nil)
	b.ReportAllocs()
	i := uint64(0)
	start := processor(b)
	for b.Loop() {
		i = i*6364136223846793005 + 1442695040888963407
		t.Touch(i >> 47)[0]++
	}
	b.ReportMetric(float64(processor(b)-start)/float64(b.N), "cpu_ns/op")
}

// processor is the time (ns) that the process has used.
func processor(tb testing.TB) int64 {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// Whatever is touched and removed in whatever order, a table is what a map and a list of
// use would be.
func TestTableIsAMapWithAnOrder(t *testing.T) {
	for _, size := range []int{1, 5, 100, 5000} {
		r := rand.New(rand.NewPCG(uint64(size), 1))
		tb := keyed.NewTable[state](size, nil)
		is := map[uint64]int{}
		var used []uint64 // oldest first
		for step := range 20 * min(size, 1000) {
			// Few spreads, so that chains meet and wrap.
			k := uint64(r.IntN(2*size + 1))
			at := slices.Index(used, k)
			if r.IntN(4) == 0 {
				tb.Remove(k)
				delete(is, k)
				if at >= 0 {
					used = slices.Delete(used, at, at+1)
				}
			} else {
				if at >= 0 {
					used = slices.Delete(used, at, at+1)
				} else if len(used) == size {
					delete(is, used[0])
					used = used[1:]
				}
				used = append(used, k)
				is[k] = step
				tb.Touch(k).N = step
			}
			if k = uint64(r.IntN(2*size + 1)); (tb.Get(k) != nil) != slices.Contains(used, k) || tb.Get(k) != nil && tb.Get(k).N != is[k] {
				t.Fatalf("size %d, step %d: key %d is %v", size, step, k, tb.Get(k))
			}
		}
		if got := keys(tb); !slices.Equal(got, used) || tb.Len() != len(used) {
			t.Fatalf("size %d: %d keys in another order than used", size, len(got))
		}
	}
}

// fixed is a state of a detection, 72 bytes without pointers.
type fixed struct{ N [9]uint64 }

const million = 1 << 20

// BenchmarkUpdate is an update at a million keys in random order, beside a map of
// structs; gc_ms is a collection with all of it alive.
func BenchmarkUpdate(b *testing.B) {
	measure := func(b *testing.B, update func(key uint64)) {
		for k := range uint64(million) {
			update(k * 0x9e3779b97f4a7c15)
		}
		start := time.Now()
		runtime.GC()
		gc := time.Since(start)
		i := uint64(0)
		b.ReportAllocs()
		used := processor(b)
		for b.Loop() {
			i = i*6364136223846793005 + 1442695040888963407
			update((i >> 44) * 0x9e3779b97f4a7c15)
		}
		b.ReportMetric(float64(processor(b)-used)/float64(b.N), "cpu_ns/op")
		b.ReportMetric(float64(gc.Microseconds())/1000, "gc_ms")
	}
	b.Run("table", func(b *testing.B) {
		t := keyed.NewTable[fixed](million, nil)
		measure(b, func(k uint64) { t.Touch(k).N[0]++ })
	})
	b.Run("map", func(b *testing.B) {
		m := map[uint64]*fixed{}
		measure(b, func(k uint64) {
			s := m[k]
			if s == nil {
				s = &fixed{}
				m[k] = s
			}
			s.N[0]++
		})
	})
}
