package learn

import "math"

// profile is where the requests of a child end or go on, in shares: by method at the
// place itself, by the name that follows, and together what goes on with a value. Values of
// one parameter have the profile of their endpoint; names seldom have each other's.
type profile map[string]float64

// together is the profile of all children.
func together(groups ...[]*child) profile {
	all := profile{}
	for _, g := range groups {
		for _, c := range g {
			for k, x := range c.profile {
				all[k] += x // whole numbers: the order is no matter
			}
		}
	}
	return all
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

// deepTwins is twins over the names of all levels below; like is how many of them most
// of the others have.
func deepTwins(c *child, all *summary, places map[string]int) (shared, special, like float64) {
	others := all.dug - 1
	if len(c.deep) == 0 || others <= 0 {
		return 0, 0, 0
	}
	for _, k := range sortedKeys(c.deep) {
		f := float64(all.deep[k]-1) / float64(others)
		shared += f
		if all.deep[k] > 1 {
			special += 1 / float64(1+max(0, places[k]-all.digs[k]))
			like++
		}
	}
	return shared / float64(len(c.deep)), math.Log1p(special), like / float64(len(c.deep))
}

// behind says whether the names right below c stand behind typed segments elsewhere,
// positive, or behind literals: the mean over them of the logarithm of how often.
func behind(c *child, h *host) float64 {
	sum, names := 0.0, 0.0
	for _, k := range sortedKeys(c.near) {
		names++
		a := h.after[k]
		sum += math.Log(float64(1+a[0]) / float64(1+max(0, a[1]-c.near[k])))
	}
	return sum / math.Max(1, names)
}
