package transform_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/transform"
)

// TestEqualsCoraza holds every transformation against Coraza, on single bytes, on the
// pieces above alone and mixed, and on what the corpora have.
func TestEqualsCoraza(t *testing.T) {
	names := transform.Names()
	if len(names) != 34 {
		t.Errorf("%d transformations, Coraza has 34", len(names))
	}
	values := slices.Clone(pieces)
	for c := range 256 {
		values = append(values, string([]byte{byte(c)}), string([]byte{'a', byte(c), 'b'}))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		values = append(values, mix(r))
	}
	values = append(values, corpus(t)...)
	compared := 0
	for _, name := range names {
		o := newOracle(t, name)
		tr, ok := transform.Lookup(strings.ToUpper(name))
		if !ok {
			t.Fatalf("%s is not found in upper case", name)
		}
		var a transform.Arena
		for _, v := range values {
			compare(t, o, tr, &a, v)
			compared++
		}
	}
	if compared < 34*3700 {
		t.Errorf("compared %d values only", compared)
	}
	fmt.Printf("transformations compared with Coraza: %d of %d values each\n", len(names), len(values))
}

// TestEveryCharacter compares where a table or a shortcut may be wrong: each code
// point in both cases, each %uXXXX, each named reference.
func TestEveryCharacter(t *testing.T) {
	var all, wide strings.Builder
	for r := rune(0); r <= 0x10FFFF; r++ {
		all.WriteRune(r)
		if r <= 0xFFFF {
			fmt.Fprintf(&wide, "%%u%04x", r)
		}
	}
	names, err := os.ReadFile("entities.txt")
	if err != nil {
		t.Fatal(err)
	}
	var refs strings.Builder
	for line := range strings.Lines(string(names)) {
		name := strings.Fields(line)[0]
		fmt.Fprintf(&refs, "&%s; &%s &%s; &%sx; &%s= ", name, name, name[1:], name, name[:len(name)-1])
	}
	for _, c := range []struct{ name, value string }{
		{"lowercase", all.String()}, {"uppercase", all.String()}, {"removeWhitespace", all.String()}, {"compressWhitespace", all.String()},
		{"utf8toUnicode", all.String()}, {"urlDecodeUni", wide.String()}, {"urlDecodeUni", strings.ToUpper(wide.String())}, {"htmlEntityDecode", refs.String()},
	} {
		tr, _ := transform.Lookup(c.name)
		want, _ := newOracle(t, c.name).apply(t, c.value)
		if got := tr.Apply(new(transform.Arena), c.value); got != want {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s differs at %d: %q, Coraza has %q", c.name, i, got[i:min(i+40, len(got))], want[i:min(i+40, len(want))])
		}
	}
}

// TestTouches: a value without any byte that a transformation touches comes out as it is.
func TestTouches(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var a transform.Arena
	checked := 0
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		if tr.Always {
			continue
		}
		var outside []byte
		for c := range 256 {
			if !tr.Touches.Has(byte(c)) {
				outside = append(outside, byte(c))
			}
		}
		if len(outside) == 0 {
			t.Errorf("%s touches everything without saying so", name)
			continue
		}
		check := func(s string) {
			a.Reset()
			if got := tr.Apply(&a, s); got != s {
				t.Fatalf("%s makes %q of %q", name, got, s)
			}
			checked++
		}
		for _, c := range outside {
			check(string([]byte{c}))
			for _, d := range outside {
				check(string([]byte{c, d}))
			}
		}
		for range 2000 {
			b := make([]byte, r.IntN(40))
			for i := range b {
				b[i] = outside[r.IntN(len(outside))]
			}
			check(string(b))
		}
	}
	if checked < 100_000 {
		t.Errorf("only %d values were checked", checked)
	}
}

func TestLookupKnowsNoOther(t *testing.T) {
	for _, name := range []string{"", "lower", "parityEven7bit", "sqlHexDecode"} {
		if _, ok := transform.Lookup(name); ok {
			t.Errorf("%q was found", name)
		}
	}
}

// TestNoAllocation: once the arena has grown, no transformation allocates.
func TestNoAllocation(t *testing.T) {
	values := append(slices.Clone(pieces), strings.Join(pieces, ""), strings.Repeat("name=O'Brien&x=%41 ", 20))
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		var a transform.Arena
		run := func() {
			a.Reset()
			for _, v := range values {
				tr.Apply(&a, v)
			}
		}
		run()
		run()
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("%s allocates %v times over %d values", name, n, len(values))
		}
	}
}

func TestArena(t *testing.T) {
	var a transform.Arena
	var kept []string
	for i := range 3000 {
		b := append(a.Take(40), fmt.Sprintf("value %d", i)...)
		a.Take(10) // taken and not kept: it may be handed out again
		kept = append(kept, a.Keep(b))
	}
	for i, s := range kept {
		if s != fmt.Sprintf("value %d", i) {
			t.Fatalf("value %d became %q", i, s)
		}
	}
	if s := a.Keep(append(a.Take(2), "outgrown"...)); s != "outgrown" {
		t.Errorf("what outgrew its room became %q", s)
	}
	if s := a.Keep(a.Take(5)); s != "" {
		t.Errorf("nothing became %q", s)
	}
}
