package learn

import "math"

// profile is where the requests of a child end or go on, in shares: by method at the
// place itself, by name below it, and together what goes on with a value. Values of
// one parameter have the profile of their endpoint; names seldom have each other's.
type profile map[string]float64

// profiles are those of all children, and of all together.
func profiles(children []*child) (each []profile, all profile) {
	all = profile{}
	for _, c := range children {
		p := profile{}
		for i := range c.uses {
			p[" "+c.uses[i].method] += float64(c.uses[i].hits)
		}
		for _, n := range c.nodes {
			for k, below := range n.children {
				if isTyped(k) || oddness(k) >= nameless {
					k = "{}"
				}
				p[k] += float64(below.hits) // whole numbers: the order is no matter
			}
		}
		for k, x := range p {
			all[k] += x
		}
		each = append(each, p)
	}
	return each, all
}

// affinity is Bhattacharyya's of p and what all have, without p where it is inside: 0
// to 1. Variety is the entropy of the others: where all they do is GET, likeness says
// nothing.
func affinity(p, all profile, inside bool) (same, variety float64) {
	var here, there float64
	for k, x := range all {
		if inside {
			x -= p[k]
		}
		here, there = here+p[k], there+x
	}
	if here == 0 || there == 0 {
		return 0, 0
	}
	for _, k := range sortedKeys(all) {
		x := all[k]
		if inside {
			x -= p[k]
		}
		if x <= 0 {
			continue
		}
		q := x / there
		variety -= float64(q * math.Log(q))
		same += math.Sqrt(p[k] / here * q)
	}
	return same, variety
}

// twins says how much of what is named below c is below the others too. Shared is
// their share over the names below c; special counts the names, the less the more
// often they stand elsewhere in the host: "settings" may be below everything.
func twins(c *child, all *summary, places map[string]int) (shared, special float64) {
	others := all.branched - 1
	if len(c.subs) == 0 || others <= 0 {
		return 0, 0
	}
	for _, k := range c.subs {
		f := float64(all.subs[k]-1) / float64(others)
		shared += f
		special += f / float64(1+max(0, places[k]-all.nodes[k]))
	}
	return shared / float64(len(c.subs)), special
}

// behind says whether the names right below c stand behind typed segments elsewhere,
// positive, or behind literals: the mean over them of the logarithm of how often.
func behind(c *child, h *host) float64 {
	own := map[string]int{}
	for _, n := range c.nodes {
		for k := range n.children {
			if !isTyped(k) && oddness(k) < nameless {
				own[k]++
			}
		}
	}
	sum := 0.0
	for _, k := range sortedKeys(own) {
		a := h.after[k]
		sum += math.Log(float64(1+a[0]) / float64(1+max(0, a[1]-own[k])))
	}
	return sum / math.Max(1, float64(len(own)))
}
