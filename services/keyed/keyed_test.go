package keyed_test

import (
	"bytes"
	"testing"

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
	for b.Loop() {
		i = i*6364136223846793005 + 1442695040888963407
		t.Touch(i >> 47)[0]++
	}
}
