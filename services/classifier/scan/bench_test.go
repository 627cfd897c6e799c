package scan

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
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

// BenchmarkKinds are long texts of one kind: what somebody writes, logs of a server, base64 of a picture,
// hexadecimal digits.
func BenchmarkKinds(b *testing.B) {
	s, err := New()
	if err != nil {
		b.Fatal(err)
	}
	s.Quicken()
	r := rand.New(rand.NewPCG(3, 14))
	raw := make([]byte, 48<<10)
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	prose := "Thank you for getting back to me about the order. We had hoped that it would arrive before the weekend, but the carrier says Tuesday at the earliest. " +
		"Could you please tell your colleagues in the warehouse? My wife is at home from 9 to 5, and our neighbours at number 12 take parcels as well. "
	line := `2026-11-25T21:55:43.120Z INFO  [worker-7] c.e.orders.OrderService - order 48213 accepted in 38 ms, customer=7714 items=3 status=OK` + "\n"
	for _, text := range []struct{ name, text string }{
		{"prose", strings.Repeat(prose, 200)}, {"log", strings.Repeat(line, 400)},
		{"base64", base64.StdEncoding.EncodeToString(raw)}, {"hex", hex.EncodeToString(raw)},
	} {
		b.Run(text.name, func(b *testing.B) {
			v := []byte(text.text)
			var to []Match
			b.SetBytes(int64(len(v)))
			b.ReportAllocs()
			for b.Loop() {
				to = s.Text(v, to[:0])
			}
		})
	}
}
