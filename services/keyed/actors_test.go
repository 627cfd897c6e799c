package keyed_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// all has a field of every type that can be packed.
type all struct {
	A     uint64
	B     uint32
	C     uint8
	D, E  bool
	F     int64
	G     uint32
	T     int64
	X     float64
	Y     float32
	Bytes []byte
	Text  string
	List  []uint32
	Of    keyed.Filter
}

func (a *all) fields(p *keyed.Pack) {
	p.Uint64(&a.A)
	p.Uint32(&a.B)
	p.Uint8(&a.C)
	p.Flags(&a.D, &a.E)
	p.Int64(&a.F)
	p.Hash32(&a.G)
	p.Time(&a.T)
	p.Float64(&a.X)
	p.Float32(&a.Y)
	p.Bytes(&a.Bytes, 50)
	p.String(&a.Text, 50)
	keyed.PackList(p, &a.List, 10, func(n *uint32, p *keyed.Pack) { p.Uint32(n) })
	a.Of.Pack(p)
}

func (a *all) valid() error {
	if a.C == 200 {
		return errors.New("200")
	}
	return a.Of.Valid()
}

// change changes a as r says, in edges and in whole numbers too.
func (a *all) change(r *rand.Rand, now int64) {
	wild := func() uint64 { return r.Uint64() >> r.IntN(64) }
	a.A, a.B, a.C, a.D, a.E, a.F, a.G = wild(), uint32(wild()), uint8(r.IntN(200)), r.IntN(2) == 0, r.IntN(2) == 0, int64(wild()), uint32(wild())
	a.T = []int64{0, now, now - now%1e6, now / 1e9 * 1e9, -now, int64(wild())}[r.IntN(6)]
	a.X, a.Y = []float64{0, 3, -0.1, r.NormFloat64()}[r.IntN(4)], float32(r.NormFloat64())
	if a.Bytes = append(a.Bytes, byte(now)); len(a.Bytes) > 50 {
		a.Bytes = nil
	}
	a.Text = "text"[:r.IntN(5)]
	if a.List = append(a.List, uint32(wild())); len(a.List) > 10 {
		a.List = nil
	}
	for range r.IntN(20) {
		a.Of.Add(r.Uint64())
	}
}

// kept is an Actors of two kinds.
type kept struct {
	actors  *keyed.Actors
	ones    *keyed.Kept[all]
	many    *keyed.Kept[state]
	evicted int
}

func newKept(max, about int) *kept {
	k := &kept{}
	k.actors = keyed.NewActors(max, about, func() { k.evicted++ })
	k.ones = keyed.Keep(k.actors, 0, (*all).fields, (*all).valid, nil)
	k.many = keyed.Keep(k.actors, 5, func(s *state, p *keyed.Pack) {
		n := int64(s.N)
		p.Int64(&n)
		s.N = int(n)
	}, nil, nil)
	return k
}

func (k *kept) bytes(tb testing.TB) []byte {
	tb.Helper()
	var c keyed.Capture
	k.actors.Capture(&c)
	var b bytes.Buffer
	if err := c.Write(msgpack.NewEncoder(&b)); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func decoder(b []byte) *msgpack.Decoder { return msgpack.NewDecoder(bytes.NewReader(b)) }

// Whoever is packed in the meantime, however few are not, and whenever all are saved
// and restored: an actor is as it was left, and the same are forgotten.
func TestPackingIsNotSeen(t *testing.T) {
	for _, c := range []struct{ max, about int }{{1000, 1}, {1000, 7}, {20, 1}, {20, 20}, {1, 5}, {300, 1000}} {
		t.Run(fmt.Sprintf("%d of %d unpacked", c.about, c.max), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(c.max), uint64(c.about)))
			a, model := newKept(c.max, c.about), newKept(c.max, c.max)
			now := int64(1_780_000_000e9)
			for step := range 4000 {
				now += int64(r.IntN(3e9))
				key := uint64(r.IntN(c.max*5/4 + 1))
				a.actors.Enter(key, now)
				model.actors.Enter(key, now)
				if x, y := a.ones.Get(0), model.ones.Get(0); (x == nil) != (y == nil) || x != nil && !reflect.DeepEqual(normal(*x), normal(*y)) {
					t.Fatalf("step %d: %+v, want %+v", step, x, y)
				}
				if r.IntN(3) > 0 {
					seed := r.Uint64()
					a.ones.Touch(0).change(rand.New(rand.NewPCG(seed, 0)), now)
					model.ones.Touch(0).change(rand.New(rand.NewPCG(seed, 0)), now)
				}
				sub := r.Uint64() >> r.IntN(64)
				a.many.Touch(sub).N += step
				model.many.Touch(sub).N += step
				if r.IntN(200) == 0 {
					x, y := a.bytes(t), model.bytes(t)
					if !bytes.Equal(x, y) {
						t.Fatalf("step %d: packed otherwise", step)
					}
					if r.IntN(2) == 0 {
						evicted := a.evicted
						a = newKept(c.max, c.about)
						if err := a.actors.Decode(decoder(x)); err != nil {
							t.Fatal(err)
						}
						a.evicted = evicted
						if !bytes.Equal(x, a.bytes(t)) {
							t.Fatalf("step %d: another state after a restore", step)
						}
					}
				}
			}
			if a.evicted != model.evicted || a.evicted == 0 {
				t.Errorf("%d forgotten, want %d", a.evicted, model.evicted)
			}
		})
	}
}

// normal has nothing empty that is not nil.
func normal(a all) all {
	if len(a.Bytes) == 0 {
		a.Bytes = nil
	}
	if len(a.List) == 0 {
		a.List = nil
	}
	if len(a.Of.Few) == 0 {
		a.Of.Few = nil
	}
	if len(a.Of.Layers) == 0 {
		a.Of.Layers = nil
	}
	return a
}

// The state of another actor can be changed too, packed or not, and the present one
// stays what it is.
func TestOthersCanBeAskedFor(t *testing.T) {
	k := newKept(5, 1)
	for i := range uint64(5) {
		k.actors.Enter(i, int64(i))
		k.many.Touch(9).N = int(i)
	}
	for range 3 {
		for i := range uint64(5) {
			k.many.Of(i, 9).N += 10
		}
		k.many.Get(9).N += 100
	}
	if k.many.Of(7, 9) != nil || k.many.Of(1, 8) != nil {
		t.Error("there are states of nobody")
	}
	for i := range uint64(5) {
		want := int(i) + 30
		if i == 4 {
			want += 300
		}
		if k.actors.Enter(i, 9); k.many.Get(9).N != want {
			t.Errorf("%d is %d, want %d", i, k.many.Get(9).N, want)
		}
	}
}

// An actor with very many states forgets its first ones, not those of others.
func TestStatesOfAnActorAreBounded(t *testing.T) {
	forgotten := 0
	a := keyed.NewActors(10, 1, nil)
	k := keyed.Keep(a, 3, func(s *state, p *keyed.Pack) {}, nil, func() { forgotten++ })
	a.Enter(1, 0)
	k.Touch(7)
	a.Enter(2, 0)
	for i := range uint64(5000) {
		k.Touch(i)
	}
	if k.Get(4999) == nil || k.Get(0) != nil || forgotten == 0 {
		t.Errorf("%d forgotten", forgotten)
	}
	a.Enter(1, 0)
	if k.Get(7) == nil {
		t.Error("the state of another was forgotten")
	}
}

// Any bytes give actors or an error, and whatever they gave goes on working.
func FuzzActors(f *testing.F) {
	k := newKept(50, 3)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 100 {
		k.actors.Enter(uint64(i%60), int64(i)*1e9)
		k.ones.Touch(0).change(r, int64(i)*1e9)
		k.many.Touch(uint64(i % 7)).N = i
	}
	f.Add(k.bytes(f))
	f.Add([]byte{1, 1, 0xc6, 0xff, 0xff, 0xff, 0xff})
	// A record that names a state twice.
	f.Add([]byte{1, 1, 0xc4, 7, 0, 32, 2, 3, 8, 3, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		k := newKept(20, 2)
		if k.actors.Decode(decoder(b)) != nil {
			return
		}
		for i := range uint64(60) {
			k.actors.Enter(i, int64(i))
			k.many.Touch(i%4).N++
			k.ones.Touch(0).A++
		}
		again := newKept(20, 2)
		if err := again.actors.Decode(decoder(k.bytes(t))); err != nil {
			t.Fatal(err)
		}
	})
}
