package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/segmentio/encoding/json"
)

// row is what was seen of one literal: the signs that are not zero, whether it is a value, and how much
// it counts.
type row struct {
	at            []uint16 // which signs
	signs         []float32
	all           int // how many signs there are, those of nothing too
	value, weight float64
}

// truthOf says for a place and a text whether it is a value there.
func truthOf(ops []operation) func(place, text string) (value, known bool) {
	literals, params := map[string]bool{}, map[string]bool{}
	for _, op := range ops {
		_, path, _ := strings.Cut(op.shape, " ")
		place := ""
		for s := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
			if s == "{}" {
				params[place] = !constant(&op, strings.Count(place, "{"))
			} else {
				literals[place+"/"+s] = true
			}
			place += "/" + s
		}
	}
	return func(place, text string) (value, known bool) {
		if literals[place+"/"+text] {
			return false, true
		}
		return true, params[place]
	}
}

// constant says whether the k-th parameter of a path has one value alone. Nobody can
// tell it from a name, so nothing is to be learned from it.
func constant(op *operation, k int) bool {
	names := braces.FindAllString(op.Template, -1)
	for _, p := range op.Params {
		if p.In == "path" && k < len(names) && p.Name == strings.Trim(names[k], "{}") {
			return len(p.Enum) == 1
		}
	}
	return false
}

// lessons are the settings of the traffic that weights are fitted to.
func lessons() []settings {
	var out []settings
	zipf, examples := []float64{0.8, 0.5, 1, 0.3, 1, 0.6}, []float64{0, 0.5, 1, 0.8, 0.2, 0.5}
	for i, n := range []int{20, 50, 200, 20, 60, 150} {
		for _, bodies := range []bool{false, true} {
			s := settings{seed: uint64(100 + i*2), perOperation: n, examples: examples[i], bodies: bodies, zipf: zipf[i], actors: 20}
			out = append(out, s)
			if s.second = true; i%2 == 0 { // half as much of it
				out = append(out, s)
			}
		}
	}
	return out
}

// parts are what providers are dealt out to: weights are fitted without each in turn.
const parts = 4

// fit fits weights to the traffic of those providers that use says. What the second
// look learns from are first looks at providers that these had not seen: at those
// that it was fitted to the first is surer than it will ever be again.
func fit(ops map[string][]operation, use func(provider string) bool, progress io.Writer) learn.Weights {
	s := school{ops: ops, providers: slices.DeleteFunc(sortedNames(ops), func(p string) bool { return !use(p) })}
	s.trees = each(s.providers, func(p string) [][]byte { return lessonTrees(p, ops[p]) })
	return s.weights(progress)
}

// weights are the means of those that fit without one part of the providers. Each
// leaves out what others lean on, so the mean leans less on any one provider. What the
// second look learns of a provider are first looks by weights that had not seen it.
func (s *school) weights(progress io.Writer) learn.Weights {
	rows := s.rows(1, func(int) learn.Weights { return learn.Weights{} })
	first := without(rows, progress)
	rows = s.rows(2, func(k int) learn.Weights { return learn.Weights{First: first[k%parts]} })
	return learn.Weights{First: mean(first), Second: mean(without(rows, progress))}
}

// without are the weights that fit rows without each part, or all where there is no
// other part.
func without(rows [][]row, progress io.Writer) (fits [parts][]float64) {
	for h := range fits {
		var others []row
		for k := range rows {
			if k%parts != h {
				others = append(others, rows[k]...)
			}
		}
		if len(others) == 0 {
			others = slices.Concat(rows...)
		}
		fits[h] = train(others, progress)
	}
	return fits
}

func mean(of [parts][]float64) []float64 {
	sum := make([]float64, len(of[0]))
	for _, w := range of {
		for j, x := range w {
			sum[j] += x / parts
		}
	}
	return sum
}

// school is the traffic that weights are fitted to.
type school struct {
	ops       map[string][]operation
	providers []string
	trees     [][][]byte // by provider and lesson
}

// rows are those of one look, by provider, under weights that may differ between them.
func (s *school) rows(look int, weights func(k int) learn.Weights) [][]row {
	at := make(map[string]int, len(s.providers))
	for k, p := range s.providers {
		at[p] = k
	}
	return each(s.providers, func(p string) (rows []row) {
		cfg := learn.Defaults()
		cfg.Weights = weights(at[p])
		for _, b := range s.trees[at[p]] {
			tree, _, err := learn.Decode(b, cfg)
			if err != nil {
				panic(fmt.Sprintf("discovery: a tree of our own: %v", err))
			}
			rows = append(rows, taught(tree, s.ops[p], look)...)
		}
		return rows
	})
}

// each is what f gives of each provider, in their order, whoever is done first.
func each[T any](providers []string, f func(provider string) T) []T {
	out := make([]T, len(providers))
	var all sync.WaitGroup
	busy := make(chan struct{}, runtime.GOMAXPROCS(0))
	for k, p := range providers {
		busy <- struct{}{}
		all.Go(func() {
			out[k] = f(p)
			<-busy
		})
	}
	all.Wait()
	return out
}

// lessonTrees are the trees of a provider's lessons, as they are stored.
func lessonTrees(provider string, ops []operation) (out [][]byte) {
	for _, s := range lessons() {
		s.perOperation = min(s.perOperation, max(20, 40_000/len(ops)))
		tree := learn.New(learn.Defaults())
		for _, t := range transactions(provider, ops, s) {
			if sample, ok := sampleOf(&t); ok {
				tree.Add(sample)
			}
		}
		out = append(out, tree.Append(nil))
	}
	return out
}

// writeWeights writes them as package learn embeds them.
func writeWeights(w learn.Weights, file string) error {
	b, err := json.Marshal([2][]float64{w.First, w.Second})
	if err == nil {
		err = os.WriteFile(file, append(b, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// taught are the rows of one tree. Providers count alike, nearly, whatever
// their size, and so do parameters, whatever the number of their values.
func taught(tree *learn.Tree, ops []operation, look int) []row {
	const many, every = 24, 3 // of many values at a place every third is enough
	var rows []row
	total, left := 0.0, 0
	tree.Teach(truthOf(ops), func(at int, signs []float64, value bool, siblings, below int) {
		if at != look {
			return
		}
		// What is wrong at a place is wrong for everything below.
		r := row{weight: math.Pow(float64(max(1, below)), 0.3)}
		if value {
			r.value, r.weight = 1, r.weight/math.Sqrt(float64(siblings))
		}
		total += r.weight
		if value && siblings > many {
			if left++; left%every != 0 {
				return
			}
			r.weight *= every
		}
		for j, x := range signs {
			if x != 0 {
				r.at, r.signs = append(r.at, uint16(j)), append(r.signs, float32(x))
			}
		}
		r.all = len(signs)
		rows = append(rows, r)
	})
	for i := range rows {
		rows[i].weight /= math.Pow(total, 0.6)
	}
	return rows
}
