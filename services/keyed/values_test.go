package keyed_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

func values(tb testing.TB, v *keyed.Values) []byte {
	tb.Helper()
	var c keyed.Capture
	v.Capture(&c)
	var b bytes.Buffer
	if err := c.Write(msgpack.NewEncoder(&b)); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// What was put in lately is there, half of what there is room for at least; what is
// there is what was put in last; and a restore is not seen.
func TestValuesKeepTheNewest(t *testing.T) {
	for _, size := range []int{2, 64, 5000, 300_000} {
		r := rand.New(rand.NewPCG(uint64(size), 3))
		evicted, back := 0, 0 // of those forgotten, how many came back
		v := keyed.NewValues(size, func() { evicted++ })
		put := map[uint64]uint64{}
		var order []uint64
		for step := range 2 * size {
			key := r.Uint64()
			if step > 0 && r.IntN(3) == 0 {
				key = order[r.IntN(len(order))]
			}
			if _, ok := v.Get(key); !ok && put[key] != 0 {
				back++
			}
			value := 1 + r.Uint64()>>31
			give(v, key, value)
			put[key], order = value, append(order, key)
			if got, ok := v.Get(key); !ok || got != value {
				t.Fatalf("size %d: %d is %d (%v)", size, value, got, ok)
			}
			if step == size/2 || step == size+size/3 {
				b := values(t, v)
				v = keyed.NewValues(size, func() { evicted++ })
				if err := v.Decode(decoder(b)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(b, values(t, v)) {
					t.Fatalf("size %d: another state after a restore", size)
				}
			}
		}
		lost, wrong := 0, 0
		// Segments fill unevenly: a tenth less than half.
		for _, key := range order[len(order)-max(1, size*45/100):] {
			if value, ok := v.Get(key); !ok {
				lost++
			} else if value != put[key] {
				wrong++
			}
		}
		known := 0
		for key := range put {
			if _, ok := v.Get(key); ok {
				known++
			}
		}
		if lost > 0 || wrong > 0 || known > size+size/50+1 || known+evicted != len(put)+back {
			t.Errorf("size %d: %d lost, %d wrong, %d known, %d forgotten of %d", size, lost, wrong, known, evicted, len(put))
		}
		for range 10_000 {
			if _, ok := v.Get(r.Uint64()); ok {
				wrong++
			}
		}
		if wrong > 5 {
			t.Errorf("size %d: %d of 10,000 wrongly known", size, wrong)
		}
	}
}

// Fewer or more segments hold nothing of what was, and say so.
func TestValuesOfAnotherSizeAreForgotten(t *testing.T) {
	a := keyed.NewValues(5000, nil)
	for i := range uint64(100) {
		give(a, i, i)
	}
	evicted := 0
	b := keyed.NewValues(50_000, func() { evicted++ })
	if err := b.Decode(decoder(values(t, a))); err != nil || evicted != 100 {
		t.Errorf("%d forgotten, %v", evicted, err)
	}
	if _, ok := b.Get(1); ok {
		t.Error("knows a value of another size")
	}
}

// Any bytes give values or an error, and whatever they gave goes on working.
func FuzzValues(f *testing.F) {
	v := keyed.NewValues(3000, nil)
	for i := range uint64(4000) {
		give(v, i*i, i)
	}
	f.Add(values(f, v))
	f.Add([]byte{2, 0, 0, 0xc0, 0, 0xc0, 1, 0xcd, 0xff, 0xff, 0xc4, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xc0})
	f.Fuzz(func(t *testing.T, b []byte) {
		v := keyed.NewValues(3000, nil)
		if v.Decode(decoder(b)) != nil {
			return
		}
		for i := range uint64(2000) {
			give(v, i, i)
			if got, ok := v.Get(i); !ok || got != i {
				t.Fatalf("%d is %d (%v)", i, got, ok)
			}
		}
	})
}

func BenchmarkValues(b *testing.B) {
	v := keyed.NewValues(8*million, nil)
	for k := range uint64(4 * million) {
		give(v, k*0x9e3779b97f4a7c15, k)
	}
	i := uint64(0)
	start := processor(b)
	for b.Loop() {
		i = i*6364136223846793005 + 1442695040888963407
		k := i >> 42
		give(v, k*0x9e3779b97f4a7c15, k)
	}
	b.ReportMetric(float64(processor(b)-start)/float64(b.N), "cpu_ns/op")
}

func give(v *keyed.Values, key, value uint64) {
	v.Update(key, func(uint64, bool) uint64 { return value })
}
