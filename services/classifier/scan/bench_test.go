package scan

import (
	"fmt"
	"strings"
	"testing"
)

// ordinary is the body of an API's response with nothing sensitive in it, or only what
// every one of them has.
func ordinary() []byte {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for i := range 40 {
		fmt.Fprintf(&b, `{"id":%d,"sku":"SKU-%05d","title":"Walnut side table with two drawers","price":%d.90,"currency":"EUR","inStock":true,"categoryName":"living room","ratings":[5,4,4,3],"sellerKey":"north","description":"A small table that fits beside any sofa, made by hand of oiled wood."},`, 1000+i*7, i*13, 20+i)
	}
	return []byte(strings.TrimSuffix(b.String(), ",") + `],"total":40,"page":1}`)
}

func TestOrdinaryTextAllocatesNothing(t *testing.T) {
	s := scanner(t)
	text, to := ordinary(), make([]Match, 0, 64)
	if found := s.Text(text, to); len(found) != 0 {
		t.Errorf("%d matches in an ordinary body, the first %s %q", len(found), s.Name(found[0].Class), text[found[0].Start:found[0].End])
	}
	if n := testing.AllocsPerRun(100, func() { s.Text(text, to) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOrdinary(b *testing.B) {
	s, err := New()
	if err != nil {
		b.Fatal(err)
	}
	text, to := ordinary(), make([]Match, 0, 64)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.Text(text, to)
	}
}
