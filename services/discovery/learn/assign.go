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
	see   func(look int, signs []float64, value bool, siblings int)
}

// Teach goes through the tree as Decide does, but asks truth which literals are
// values, and shows the signs of each that truth knows. It is for fitting weights;
// what was decided stays.
func (t *Tree) Teach(truth func(place, text string) (value, known bool), see func(look int, signs []float64, value bool, siblings int)) {
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
				t.see(1, signs[i], value, len(words))
				t.see(2, again[i], value, len(words))
			}
		}
		return values
	}
	for i := range words {
		values[i] = dot(at.host.weights.Second, again[i]) > 0
	}
	guard(at, typed, words, values)
	return values
}

// leastAtRoot is how many values it takes where APIs have their collections.
const (
	leastAtRoot = 4
	leastWords  = 3 // behind a parameter stand names of what it has, mostly
)

// guard takes back what little evidence cannot carry, whatever the weights say: one
// text with nothing to compare it to is a value only if it is no word and stands
// behind a collection; and at the root, behind a version or, if they are words, behind a
// parameter, one or two never are.
func guard(at context, typed, words []*child, values []bool) {
	n, onlyWords := 0, true
	for i, v := range values {
		if v {
			n++
			onlyWords = onlyWords && words[i].odd < nameless
		}
	}
	place := placeOf(at)
	root := place[0] == 1 || place[1] == 1
	alone := len(words) == 1 && len(typed) == 0
	few := len(typed) == 0 && (root && n < leastAtRoot || at.param && onlyWords && n < leastWords)
	if few || alone && (words[0].odd < nameless || !isPlural(at.last)) {
		clear(values)
	}
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
