package main

import (
	"fmt"
	"io"
	"math"
	"sync"
)

// table is rows side by side, which is read many times.
type table struct {
	start         []int32 // of each row in at and signs, and the end
	at            []uint16
	signs         []float32
	value, weight []float64 // weights add up to one
	all           int
}

func tableOf(rows []row) *table {
	t := &table{start: []int32{0}, all: rows[0].all}
	total := 0.0
	for i := range rows {
		total += rows[i].weight
	}
	for i := range rows {
		t.at, t.signs = append(t.at, rows[i].at...), append(t.signs, rows[i].signs...)
		t.start = append(t.start, int32(len(t.at)))
		t.value, t.weight = append(t.value, rows[i].value), append(t.weight, rows[i].weight/total)
	}
	return t
}

// decay keeps weights small.
const decay = 4e-4

// slope puts the gradient of the loss under weights w into g. Each share of the rows is
// summed up by itself, whatever the number of processors: so the sums are the same
// everywhere.
func (t *table) slope(w, g []float64) (loss float64) {
	const shares = 8
	var losses [shares]float64
	var sums [shares][]float64
	var all sync.WaitGroup
	for k := range shares {
		all.Go(func() {
			sum := make([]float64, len(w))
			for i := len(t.value) * k / shares; i < len(t.value)*(k+1)/shares; i++ {
				at, signs := t.at[t.start[i]:t.start[i+1]], t.signs[t.start[i]:t.start[i+1]]
				s := 0.0
				for j, x := range signs {
					s += w[at[j]] * float64(x)
				}
				p := 1 / (1 + math.Exp(-s))
				losses[k] -= t.weight[i] * math.Log(1e-12+math.Abs(1-t.value[i]-p))
				e := (p - t.value[i]) * t.weight[i]
				for j, x := range signs {
					sum[at[j]] += e * float64(x)
				}
			}
			sums[k] = sum
		})
	}
	all.Wait()
	for j, x := range w {
		g[j] = decay * x
		loss += decay / 2 * x * x
	}
	for k := range shares {
		loss += losses[k]
		for j, x := range sums[k] {
			g[j] += x
		}
	}
	return loss
}

// scale is about how much each weight may move where nothing is known of the slope's
// slope but the size of its sign.
func (t *table) scale() []float64 {
	d := make([]float64, t.all)
	for i, weight := range t.weight {
		for j := t.start[i]; j < t.start[i+1]; j++ {
			d[t.at[j]] += weight * float64(t.signs[j]) * float64(t.signs[j])
		}
	}
	for j := range d {
		d[j] = 1 / (0.03*d[j] + decay)
	}
	return d
}

// step is how weights and slope changed.
type step struct {
	weights, slope []float64
	product        float64
}

// train is logistic regression by limited-memory BFGS: the loss has one minimum, and
// far fewer looks at all rows lead there than by its gradient alone.
func train(rows []row, progress io.Writer) []float64 {
	const steps, memory, halvings = 80, 12, 8
	t := tableOf(rows)
	scale := t.scale()
	w, g := make([]float64, t.all), make([]float64, t.all)
	loss := t.slope(w, g)
	var known []step
	n := 0
	for ; n < steps; n++ {
		direction := downhill(g, scale, known)
		fall, length := dot(g, direction), 1.0
		next, slope := make([]float64, t.all), make([]float64, t.all)
		found := loss
		for k := 0; ; k++ {
			for j := range w {
				next[j] = w[j] - length*direction[j]
			}
			if found = t.slope(next, slope); found <= loss-1e-4*length*fall || k == halvings {
				break
			}
			length *= 0.4
		}
		if found >= loss {
			break
		}
		s := step{make([]float64, t.all), make([]float64, t.all), 0}
		for j := range w {
			s.weights[j], s.slope[j] = next[j]-w[j], slope[j]-g[j]
		}
		if s.product = dot(s.weights, s.slope); s.product > 1e-14 {
			known = append(known[max(0, len(known)+1-memory):], s)
		}
		better := loss - found
		w, g, loss = next, slope, found
		if better < 1e-7 {
			break
		}
	}
	fmt.Fprintf(progress, "%d literals, %d signs: loss %.4f after %d steps\n", len(rows), t.all, loss, n)
	return w
}

// downhill is the slope g times what the last steps tell of the inverse of its own slope.
func downhill(g, scale []float64, known []step) []float64 {
	d := append([]float64(nil), g...)
	share := make([]float64, len(known))
	for i := len(known) - 1; i >= 0; i-- {
		share[i] = dot(known[i].weights, d) / known[i].product
		for j := range d {
			d[j] -= share[i] * known[i].slope[j]
		}
	}
	size := 1.0
	if len(known) > 0 {
		last, square := known[len(known)-1], 0.0
		for j, y := range last.slope {
			square += y * y * scale[j]
		}
		size = last.product / square
	}
	for j := range d {
		d[j] *= scale[j] * size
	}
	for i := range known {
		back := share[i] - dot(known[i].slope, d)/known[i].product
		for j := range d {
			d[j] += known[i].weights[j] * back
		}
	}
	return d
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}
