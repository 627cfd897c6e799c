package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/segmentio/encoding/json"
)

// table are the runs of each side.
type table struct {
	sides []side
	runs  [][]measured // by side
}

// rounds starts a process for every side, round after round.
func rounds(o options, args []string, stderr io.Writer) (*table, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	t := &table{sides: sides()}
	t.runs = make([][]measured, len(t.sides))
	for r := range o.rounds {
		for i, s := range t.sides {
			var out bytes.Buffer
			c := exec.Command(self, append(slices.Clone(args), "-side", s.name)...)
			c.Env = append(os.Environ(), append(s.env, "GOMAXPROCS=1")...)
			c.Stdout, c.Stderr = &out, stderr
			if err := c.Run(); err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", s.name, r+1, err)
			}
			var m measured
			if err := json.Unmarshal(out.Bytes(), &m); err != nil {
				return nil, fmt.Errorf("%s, round %d: %w", s.name, r+1, err)
			}
			t.runs[i] = append(t.runs[i], m)
		}
	}
	return t, nil
}

// median of a figure over the runs of a side.
func median[T cmp.Ordered](runs []measured, of func(*measured) T) T {
	vs := make([]T, len(runs))
	for i := range runs {
		vs[i] = of(&runs[i])
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}

func (t *table) print(out io.Writer, kinds []kind) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmedians of %d runs, processor time an event\nevent\tn\tCoraza\ttuned\tengine\tratio\tto tuned\tworst single event\tallocations: Coraza\tengine\n", len(t.runs[0]))
	for k := range kinds {
		var cpu [3]float64
		for i, runs := range t.runs {
			cpu[i] = median(runs, func(m *measured) float64 { return m.Kinds[k].CPU })
		}
		worst, at := t.worst(k)
		allocations := func(i int) float64 {
			return median(t.runs[i], func(m *measured) float64 { return m.Kinds[k].Allocations })
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%.1f\t%.1f\t%.1f %s\t%.0f\t%.0f\n", kinds[k].name, len(kinds[k].cases), span(cpu[0]), span(cpu[1]), span(cpu[2]),
			cpu[0]/cpu[2], cpu[1]/cpu[2], worst, kinds[k].cases[at].Name, allocations(0), allocations(2))
	}
	fmt.Fprintln(w)
	for i, s := range t.sides {
		fmt.Fprintf(w, "%s\tload %v\tcompiled rules %.1f MB\t%s\n", s.name,
			median(t.runs[i], func(m *measured) time.Duration { return m.Load }).Round(time.Millisecond),
			float64(median(t.runs[i], func(m *measured) uint64 { return m.Heap }))/(1<<20), t.runs[i][0].Version)
	}
	return w.Flush()
}

// worst is the single event on which the engine gains least, each side at its best of
// all runs.
func (t *table) worst(k int) (ratio float64, at int) {
	for j := range t.runs[0][0].Kinds[k].Best {
		best := func(i int) float64 {
			b := t.runs[i][0].Kinds[k].Best[j]
			for r := range t.runs[i] {
				b = min(b, t.runs[i][r].Kinds[k].Best[j])
			}
			return float64(b)
		}
		if r := best(0) / best(2); j == 0 || r < ratio {
			ratio, at = r, j
		}
	}
	return ratio, at
}

func span(ns float64) string {
	switch {
	case ns >= 1e6:
		return fmt.Sprintf("%.2f ms", ns/1e6)
	case ns >= 1e4:
		return fmt.Sprintf("%.0f us", ns/1e3)
	}
	return fmt.Sprintf("%.1f us", ns/1e3)
}
