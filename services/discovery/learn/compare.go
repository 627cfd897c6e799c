package learn

import (
	"math"
	"strings"
)

// summary is what a group of children have in common.
type summary struct {
	members    int
	hits       uint64
	uses       []use
	subs       map[string]int // members with a name below them
	nodes      map[string]int // places of that name below all of them
	wild       int
	deep, digs map[string]int // as subs and nodes, for all levels
	dug        int            // members with names on any level below
	// branched are the members with names below them.
	branched int
}

func summarize(groups ...[]*child) *summary {
	s := &summary{subs: map[string]int{}, nodes: map[string]int{}, deep: map[string]int{}, digs: map[string]int{}}
	for _, g := range groups {
		for _, c := range g {
			s.members++
			s.hits += c.hits
			for i := range c.uses {
				s.uses = addUse(s.uses, &c.uses[i])
			}
			for i, k := range c.subs {
				s.subs[k]++
				s.nodes[k] += c.count[i]
			}
			for k, x := range c.deep {
				s.deep[k]++
				s.digs[k] += x
			}
			if len(c.deep) > 0 {
				s.dug++
			}
			if len(c.subs) > 0 {
				s.branched++
			}
			if c.wild {
				s.wild++
			}
		}
	}
	return s
}

// spreadOf is the standard deviation of the logarithms of hits.
func spreadOf(words []*child) float64 {
	var sum, square float64
	for _, c := range words {
		l := math.Log(float64(c.hits))
		sum += l
		square += l * l
	}
	n := float64(len(words))
	return math.Sqrt(math.Max(0, square/n-sum/n*sum/n))
}

func clamp(x, limit float64) float64 { return math.Max(-limit, math.Min(limit, x)) }

func has(c *child, method string) bool {
	for i := range c.uses {
		if c.uses[i].method == method {
			return true
		}
	}
	return false
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func placeOf(at context) (p [6]float64) {
	switch {
	case at.depth == 0:
		p[0] = 1
	case strings.EqualFold(at.last, "api"), strings.EqualFold(at.last, "rest"), isVersion(at.last):
		p[1] = 1
	case at.param:
		p[2] = 1
	case isVerbs(at.last):
		p[3] = 1
	case isPlural(at.last):
		p[4] = 1
	default:
		p[5] = 1
	}
	return p
}

func bucket(odd float64) (o [5]float64) {
	switch {
	case odd < 0.2:
		o[0] = 1
	case odd < nameless:
		o[1] = 1
	case odd < 1:
		o[2] = 1
	case odd < 1.2:
		o[3] = 1
	default:
		o[4] = 1
	}
	return o
}

const nameless = 0.5

// against compares c with a group, which contains it where inside is set: methods,
// names below, messages.
func against(c *child, ref *summary, inside bool) []float64 {
	n := ref.members
	if inside {
		n--
	}
	if n <= 0 {
		return make([]float64, 5)
	}
	methods := 0.0
	for _, u := range c.uses {
		for i := range ref.uses {
			if ref.uses[i].method == u.method && (ref.uses[i].hits > u.hits || !inside) {
				methods++
			}
		}
	}
	m := 0.0
	if len(c.uses) > 0 && len(ref.uses) > 0 {
		m = methods/float64(len(c.uses)) - 0.5
	}
	subs := 0.0
	for _, k := range c.subs {
		if x := ref.subs[k]; x > 1 || x == 1 && !inside {
			subs++
		}
	}
	s := 0.0
	if len(c.subs) > 0 {
		s = subs/float64(len(c.subs)) - 0.5
	}
	l, w := likeGroup(c, ref, inside)
	wild := float64(ref.wild)
	if inside {
		wild -= flag(c.wild)
	}
	return []float64{1, m, s, (l - 0.4) * w, flag(c.wild) * (wild/float64(n) - 0.5)}
}
