package scan

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What Dialled takes without a scan is what a scan finds, no more and no less of it.
func TestDialledIsWhatAScanFinds(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s.Quicken()
	phone := s.class("phone")
	r := rand.New(rand.NewPCG(11, 25))
	taken := 0
	for range 200_000 {
		v := []byte("+")
		for range 6 + r.IntN(12) {
			v = append(v, '0'+byte(r.IntN(10)))
			if r.IntN(4) == 0 {
				v = append(v, " -. "[r.IntN(4)])
			}
		}
		if !Dialled(v) {
			continue
		}
		taken++
		if got, want := fmt.Sprint(s.Text(v, nil)), fmt.Sprint([]Match{{phone, 0, len(v), scoreFirm}}); got != want {
			t.Fatalf("%s: a scan finds %s, want %s", v, got, want)
		}
	}
	if taken < 1000 {
		t.Fatalf("only %d numbers were taken: the test shows nothing", taken)
	}
}
