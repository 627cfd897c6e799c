package transaction

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// agree says whether the pass over sound JSON gives what the walk gives that knows
// all the rest, value for value and in the same order.
func agree(t *testing.T, cfg Config, body string) {
	t.Helper()
	var fast, slow Tx
	fast.Reset(cfg)
	slow.Reset(cfg)
	got, truncated, err := fast.flatten(nil, body, cfg.RequestDepth)
	want, wantTruncated, wantErr := slow.flattenBroken(nil, body, cfg.RequestDepth)
	if !slices.Equal(got, want) || truncated != wantTruncated || fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Errorf("%q: %q %v %v, the walk gives %q %v %v", body, got, truncated, err, want, wantTruncated, wantErr)
	}
}

func TestBothReadingsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4)) // seeded: the same bodies every time
	bodies := 0
	for range 200 {
		for _, s := range seeds {
			if !strings.Contains(s.head, "json") {
				continue
			}
			bodies++
			agree(t, ample, damage(r, s.body))
			agree(t, narrow, damage(r, s.body))
		}
	}
	if bodies < 5000 {
		t.Errorf("%d bodies", bodies)
	}
}

func FuzzFlatten(f *testing.F) {
	for _, s := range seeds {
		f.Add(s.body)
		f.Add(s.answer)
	}
	f.Fuzz(func(t *testing.T, body string) {
		agree(t, ample, body)
		agree(t, narrow, body)
	})
}
