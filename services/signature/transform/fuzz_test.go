package transform_test

import (
	"testing"

	"github.com/miradorhq/mirador/services/signature/transform"
)

// FuzzEqualsCoraza gives one value to all transformations and to Coraza.
func FuzzEqualsCoraza(f *testing.F) {
	for _, p := range pieces {
		f.Add(p)
	}
	names := transform.Names()
	oracles := make([]*oracle, len(names))
	for i, name := range names {
		oracles[i] = newOracle(f, name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var a transform.Arena
		for i, name := range names {
			tr, _ := transform.Lookup(name)
			compare(t, oracles[i], tr, &a, s)
		}
	})
}

// FuzzChain: what one transformation made is read by the next out of the same arena.
func FuzzChain(f *testing.F) {
	f.Add("%2525u0041 /*x*/ &amp;lt;", []byte{3, 9, 18})
	names := transform.Names()
	f.Fuzz(func(t *testing.T, s string, chain []byte) {
		if len(chain) > 6 {
			chain = chain[:6]
		}
		var shared transform.Arena
		one, other := s, s
		for _, c := range chain {
			tr, _ := transform.Lookup(names[int(c)%len(names)])
			one = tr.Apply(&shared, one)
			other = tr.Apply(new(transform.Arena), other)
			if one != other {
				t.Fatalf("%s in a chain gives %q, alone %q", tr.Name, one, other)
			}
			if len(one) > 1<<16 {
				return
			}
		}
	})
}
