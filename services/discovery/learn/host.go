package learn

import "math"

// host is what is known of all places together.
type host struct {
	places map[string]int // in how many places a literal stands
	// after says how often a literal stands right behind a typed segment, and how often
	// behind another literal.
	after map[string][2]int
	// leads says in how many places a literal has typed segments right behind it, and in
	// how many it has only names there.
	leads map[string][2]int
	// level is the logarithm of the mean hits of a lexical endpoint: hits are looked
	// at in its terms, so that a day of traffic looks as an hour does.
	level   float64
	uses    int
	odd     map[string]float64 // what was asked for already
	reads   map[string]reading // the same
	pins    *Pins
	weights Weights
	teacher *teacher // nil but where weights are fitted
}

func (t *Tree) host() *host {
	h := &host{places: map[string]int{}, after: map[string][2]int{}, leads: map[string][2]int{}, odd: map[string]float64{}, reads: map[string]reading{}, pins: &t.pins, weights: t.cfg.Weights}
	h.count(t.root, "")
	h.level = math.Log(float64(max(1, t.root.hits)) / float64(max(1, h.uses)))
	return h
}

// oddness is that of a text, worked out once.
func (h *host) oddness(s string) float64 { return once(h.odd, s, oddness) }

// read is that of a text, worked out once.
func (h *host) read(s string) reading { return once(h.reads, s, read) }

func once[T any](known map[string]T, s string, of func(string) T) T {
	x, ok := known[s]
	if !ok {
		x = of(s)
		known[s] = x
	}
	return x
}

func (h *host) count(n *node, last string) {
	h.uses += len(n.uses)
	if last != "" && !isTyped(last) && len(n.children) > 0 {
		l := h.leads[last]
		l[1-int(flag(n.wild()))]++
		h.leads[last] = l
	}
	for k, c := range n.children {
		if !isTyped(k) {
			h.places[k]++
			a := h.after[k]
			if isTyped(last) {
				a[0]++
			} else if last != "" {
				a[1]++
			}
			h.after[k] = a
		}
		h.count(c, k)
	}
}

// wild says whether typed segments stand right below n.
func (n *node) wild() bool {
	for k := range n.children {
		if isTyped(k) {
			return true
		}
	}
	return false
}
