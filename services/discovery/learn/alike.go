package learn

// alike is the mean likeness of the messages of the members, each against all
// together, and its weight, 0 where there are none.
func alike(members []*child) (mean, weight float64) {
	ref := summarize(members)
	n := 0.0
	for _, c := range members {
		if s, w := likeGroup(c, ref, true); w > 0 {
			mean += s * w
			weight += w
			n++
		}
	}
	if weight == 0 || n < 2 {
		return 0, 0
	}
	return mean / weight, weight / n
}

// likeGroup is how alike the messages of c are to those of the group: per method
// that both have, the share of names that both have.
func likeGroup(c *child, ref *summary, inside bool) (mean, weight float64) {
	n := 0.0
	for _, u := range c.uses {
		for i := range ref.uses {
			r := &ref.uses[i]
			if r.method != u.method {
				continue
			}
			for _, pair := range [2][2][]Field{{u.response, r.response}, {u.request, r.request}} {
				if s, w := likeFields(pair[0], pair[1], inside); w > 0 {
					mean += s * w
					weight += w
					n++
				}
			}
		}
	}
	if weight == 0 {
		return 0, 0
	}
	return mean / weight, weight / n
}

// likeFields compares the fields of one with those of a group, which contains it
// where inside is set: then only what others have too counts.
func likeFields(one, group []Field, inside bool) (share, weight float64) {
	both, n := 0.0, 0.0
	others := uint64(0)
	for _, g := range group {
		count := g.Count
		if inside {
			for _, f := range one {
				if f.Hash == g.Hash {
					count -= f.Count
				}
			}
		}
		others = max(others, count)
	}
	if others == 0 || len(one) == 0 {
		return 0, 0
	}
	for _, f := range one {
		n++
		for _, g := range group {
			if g.Hash == f.Hash && (!inside && g.Count > 0 || g.Count > f.Count) {
				// Seldom among the others is no likeness.
				count := float64(g.Count)
				if inside {
					count -= float64(f.Count)
				}
				if count*4 >= float64(others) {
					both++
				}
			}
		}
	}
	// And what most of the others have and this one has not.
	for _, g := range group {
		found := false
		for _, f := range one {
			found = found || f.Hash == g.Hash
		}
		if !found && g.Count*2 > others {
			n++
		}
	}
	weight = 1
	if len(one) < 4 {
		weight = 0.3
	}
	return both / n, weight
}
