package learn

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// Weights say how much each sign counts, for the first and the second look. They
// were fitted to labelled traffic of published API descriptions: logistic
// regression, so what a sign adds to a decision can be read off. loadtest/discovery
// fits them again.
type Weights struct{ First, Second []float64 }

//go:embed weights.json
var fitted []byte

// Fitted are the weights that come with the program.
func Fitted() Weights {
	var w [2][]float64
	if err := json.Unmarshal(fitted, &w); err != nil {
		panic(fmt.Sprintf("learn: embedded weights: %v", err)) // a fault of the build
	}
	return Weights{w[0], w[1]}
}

// teacher watches decisions and makes them in the tree's stead.
type teacher struct {
	truth func(place, text string) (value, known bool)
	see   func(look int, signs []float64, value bool, siblings, below int)
}

// Teach goes through the tree as Decide does, but asks truth which literals are
// values, and shows the signs of each that truth knows. It is for fitting weights;
// what was decided stays.
func (t *Tree) Teach(truth func(place, text string) (value, known bool), see func(look int, signs []float64, value bool, siblings, below int)) {
	h := t.host()
	h.teacher = &teacher{truth, see}
	decide([]*node{t.root}, context{host: h})
}

// assign says which of the literals at a place are values. The first look takes
// each child and its place; the second what the first says of the others too, for
// a place with values has more of them.
func assign(at context, typed, words []*child) []bool {
	values := make([]bool, len(words))
	if len(words) == 0 {
		return values
	}
	signs := first(at, typed, words)
	scores := make([]float64, len(words))
	for i := range words {
		scores[i] = dot(at.host.weights.First, signs[i])
	}
	again := second(at, typed, words, scores)
	if t := at.host.teacher; t != nil {
		for i, c := range words {
			value, known := t.truth(at.place, c.text)
			if values[i] = value; known {
				below := 0
				for _, n := range c.nodes {
					below += n.endpoints()
				}
				t.see(1, signs[i], value, len(words), below)
				t.see(2, again[i], value, len(words), below)
			}
		}
		return values
	}
	for i := range words {
		values[i] = dot(at.host.weights.Second, again[i]) > 0
	}
	settle(at, typed, words, values)
	return values
}

// endpoints are those at n and below.
func (n *node) endpoints() int {
	sum := len(n.uses)
	for _, c := range n.children {
		sum += c.endpoints()
	}
	return sum
}

// dot is the weighted sum. Weights that are not there count as none.
func dot(weights, signs []float64) float64 {
	s := 0.0
	for i := range min(len(weights), len(signs)) {
		// The conversion forbids fusing, which would differ between processors.
		s += float64(weights[i] * signs[i])
	}
	return s
}
