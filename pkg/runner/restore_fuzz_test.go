package runner

import (
	"testing"
	"time"
)

// FuzzRestore: any bytes restore or give an error.
func FuzzRestore(f *testing.F) {
	o := quietOptions()
	o.DedupWindow = 64
	l, err := NewLocal(LocalOptions{
		Options: o,
		Detect:  []DetectStage{{Name: "count", New: newCounter}},
		Merge:   []MergeStage{{Name: "sum", Kind: "hosts", New: newSummer}},
	})
	if err != nil {
		f.Fatal(err)
	}
	for i := range 50 {
		l.Feed(makeEvent(i), time.Time{})
	}
	l.Flush()
	for _, s := range []*localStage{l.stages[0], l.merges[0]} {
		b, err := s.parts[0].state()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []*localStage{l.stages[0], l.merges[0]} {
			p := newPartition(0, s.scope, s.build(0), s, time.Time{})
			if p.restore(b, []int64{1}) == nil {
				if _, err := p.state(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
