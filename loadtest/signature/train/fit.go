package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/services/signature"
	"github.com/miradorhq/mirador/services/signature/verdict"
)

// example is a request with the terms of its places.
type example struct {
	set    string
	attack bool
	weight float64
	places [][]signature.Term
}

// row is one place as numbers of terms.
type row struct {
	at     []int
	value  []float64
	label  float64
	weight float64
}

const (
	rounds  = 8   // in which the worst places of attacks are chosen anew
	steps   = 400 // of a round
	rate    = 0.5
	penalty = 2e-5 // L1, of a term that kinds share
	bits    = 1e-4 // L1, of a term of one rule
	decay   = 2e-5 // L2, towards the prior
	seldom  = 3    // examples that a term must occur in
)

// fit puts weights and bias into m.
func fit(m *verdict.Model, examples []example, w io.Writer) {
	names := vocabulary(m, examples)
	at := make(map[string]int, len(names))
	for i, n := range names {
		at[n] = i
	}
	weights := make([]float64, len(names))
	for i, n := range names {
		weights[i] = prior(n)
	}
	bias := -4.0
	for round := range rounds {
		rows := choose(examples, at, weights, bias)
		bias = descend(rows, names, weights, bias)
		fmt.Fprintf(w, "round %d: %d places, %d terms, loss %.5f\n", round+1, len(rows), len(names), loss(rows, weights, bias))
	}
	m.Bias = round4(bias)
	m.Fitted = make(map[string]float64)
	for i, n := range names {
		if v := round4(weights[i]); v != 0 {
			m.Fitted[n] = v
		}
	}
	m.About = fmt.Sprintf("logistic, L1; %d requests where a rule matched; go run ./signature/train in loadtest", len(examples))
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// priors are where the weights of kinds of matches start, and what the penalty draws
// them to: what the strength of a rule promises, in the order of contexts of the
// second stage. So a kind that the sets have little of keeps its meaning.
var priors = map[string][8]float64{
	//              token url short prose markup long header path
	"pack.sure":   {5, 4, 5, 2, 0, 1.5, 4.5, 4.5},
	"pack.strong": {3.5, 2.5, 3.5, 0.5, 0, 0.5, 3.5, 3.5},
	"pack.hint":   {0.5, 0, 0.5, 0, 0, 0, 0.5, 0},
	"pack.more":   {1, 1, 1, 0.5, 0, 0, 1, 1},
	"crs":         {2, 1, 2, 0.3, 0, 0.3, 2, 2},
	"crs.more":    {1, 0.5, 1, 0.3, 0, 0, 1, 1},
	"agree":       {1, 1, 1, 0.5, 0, 0, 1, 1},
}

var contextNames = [8]string{"token", "url", "short", "prose", "markup", "long", "header", "path"}

func prior(name string) float64 {
	kind, context, ok := strings.Cut(name, "@")
	if i := slices.Index(contextNames[:], context); ok && i >= 0 {
		return priors[kind][i]
	}
	return 0
}

// bounds are how small and how large a weight may be. That more was found never
// speaks for innocence; a rule may be worth less or more than its kind, but not by so
// much that one set of unlucky words silences it, or that it alone decides.
func bounds(name string) (least, most float64) {
	if strings.HasPrefix(name, "crowd") { // or who fills a body with fields hides in it
		return -2, 0
	}
	switch kind, context, _ := strings.Cut(name, "@"); context {
	case "prose", "markup":
		if strings.HasSuffix(kind, ".more") { // counts up to four
			return 0, 0.25
		}
		return 0, prior(kind+"@"+context) + 0.5
	case "long":
		return 0, prior(name) + 1.5
	}
	switch {
	case strings.HasPrefix(name, "field."), name == "lines":
		return -2.5, 1
	case strings.HasPrefix(name, "rule."), strings.HasPrefix(name, "crs.9"):
		return -1, 1.5
	case strings.HasPrefix(name, "start"), strings.HasPrefix(name, "cover"), strings.HasPrefix(name, "agree"), strings.HasPrefix(name, "open"):
		return 0, 2.5
	case strings.HasPrefix(name, "symbols"):
		return 0, 3
	}
	if strings.HasPrefix(name, "pack.s") { // strong and sure keep most of what they promise
		return 0.7 * prior(name), 7
	}
	return 0, 7
}

// vocabulary are the terms that are worth a weight, in order.
func vocabulary(m *verdict.Model, examples []example) []string {
	count := map[string]int{}
	for _, x := range examples {
		seen := map[string]bool{}
		for _, p := range x.places {
			for _, t := range p {
				if !seen[t.Name] {
					seen[t.Name] = true
					count[t.Name]++
				}
			}
		}
	}
	var names []string
	for n, k := range count {
		if _, hand := m.Hand[n]; !hand && k >= seldom && !strings.Contains(n, "@") {
			names = append(names, n)
		}
	}
	for _, kind := range []string{"pack.sure", "pack.strong", "pack.hint", "pack.more", "crs", "crs.more", "crs.libinjection", "agree", "cover", "start", "symbols", "open", "crowd"} {
		for _, c := range contextNames {
			names = append(names, kind+"@"+c)
		}
	}
	slices.Sort(names)
	return names
}

func (x *example) row(place []signature.Term, at map[string]int) row {
	r := row{weight: x.weight}
	if x.attack {
		r.label = 1
	}
	for _, t := range place {
		if i, ok := at[t.Name]; ok {
			r.at, r.value = append(r.at, i), append(r.value, t.Value)
		}
	}
	return r
}

func (r *row) sum(weights []float64, bias float64) float64 {
	s := bias
	for k, i := range r.at {
		s += weights[i] * r.value[k]
	}
	return s
}

// choose takes the worst place of an attack and all of an ordinary request.
func choose(examples []example, at map[string]int, weights []float64, bias float64) []row {
	var rows []row
	for k := range examples {
		x := &examples[k]
		worst, best := row{}, math.Inf(-1)
		for _, p := range x.places {
			r := x.row(p, at)
			if !x.attack {
				rows = append(rows, r)
				continue
			}
			if s := r.sum(weights, bias); s > best {
				worst, best = r, s
			}
		}
		if x.attack {
			rows = append(rows, worst)
		}
	}
	return rows
}

// descend is proximal gradient descent with Adam's step sizes; it returns the bias.
func descend(rows []row, names []string, weights []float64, bias float64) float64 {
	total := 0.0
	for i := range rows {
		total += rows[i].weight
	}
	n := len(weights)
	first, second := make([]float64, n+1), make([]float64, n+1)
	gradient := make([]float64, n+1)
	for step := 1; step <= steps; step++ {
		clear(gradient)
		for i := range rows {
			r := &rows[i]
			d := r.weight * (1/(1+math.Exp(-r.sum(weights, bias))) - r.label) / total
			for k, j := range r.at {
				gradient[j] += d * r.value[k]
			}
			gradient[n] += d
		}
		size := rate * 0.1
		if step > steps*3/4 {
			size *= 0.2
		}
		c1, c2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
		for j, name := range names {
			gradient[j] += decay * (weights[j] - prior(name))
		}
		for j := range gradient {
			first[j], second[j] = 0.9*first[j]+0.1*gradient[j], 0.999*second[j]+0.001*gradient[j]*gradient[j]
			scale := size / (math.Sqrt(second[j]/c2) + 1e-6)
			move := scale * first[j] / c1
			if j == n {
				bias -= move
				continue
			}
			to := prior(names[j])
			weights[j] = to + shrink(weights[j]-move-to, scale*strictness(names[j]))
			least, most := bounds(names[j])
			weights[j] = min(max(weights[j], least), most)
		}
	}
	return bias
}

// strictness is the penalty of a term.
func strictness(name string) float64 {
	if strings.HasPrefix(name, "crs.9") || strings.HasPrefix(name, "rule.") {
		return bits
	}
	return penalty
}

func shrink(x, by float64) float64 {
	switch {
	case x > by:
		return x - by
	case x < -by:
		return x + by
	}
	return 0
}

func loss(rows []row, weights []float64, bias float64) float64 {
	sum, total := 0.0, 0.0
	for i := range rows {
		p := 1 / (1 + math.Exp(-rows[i].sum(weights, bias)))
		sum -= rows[i].weight * math.Log(1e-12+math.Abs(1-rows[i].label-p))
		total += rows[i].weight
	}
	return sum / total
}
