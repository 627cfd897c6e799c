package learn

import "math"

// Signs of a first look, at each child and its place.
func first(at context, typed, words []*child) [][]float64 {
	var odd []*child
	plain := 0
	for _, c := range words {
		if c.odd >= nameless {
			odd = append(odd, c)
		}
		if c.odd < 0.2 {
			plain++
		}
	}
	all, values, types := summarize(words), summarize(typed, odd), summarize(typed)
	d := float64(len(words))
	fu, fk := float64(len(odd))/d, float64(plain)/d
	place := placeOf(at)
	shared, total, withSubs := 0, 0, 0
	for _, k := range all.subs {
		total += k
		if k > 1 {
			shared += k
		}
	}
	post := 0
	for _, c := range words {
		if len(c.subs) > 0 {
			withSubs++
		}
		if len(c.uses) == 1 && c.uses[0].method == "POST" {
			post++
		}
	}
	shareAll := 0.0
	if total > 0 {
		shareAll = float64(shared)/float64(total) - 0.5
	}
	likes, weight := alike(words)
	ta := 0.0
	if len(typed) > 0 {
		ta = 1
	}
	ld := math.Log(d)
	spread := spreadOf(words)
	together := together(words)
	once, most, runner := 0, 0, 0
	for _, c := range words {
		once += int(flag(c.hits == 1))
		if n := len(c.subs); n > most {
			most, runner = n, most
		} else {
			runner = max(runner, n)
		}
	}
	near := surroundingsOf(at, typed, words, all)
	var out [][]float64
	room := 0 // all have as many signs
	for _, c := range words {
		o := bucket(c.odd)
		f := append(make([]float64, 0, room), 1)
		f = append(f, near.signs(c, o)...)
		f = append(f, place[:]...)
		f = append(f, o[:]...)
		for _, p := range place {
			for _, x := range o {
				f = append(f, p*x)
			}
		}
		for _, x := range o {
			f = append(f, x*ld, x*fu, x*fk, x*ta)
		}
		f = append(f, ld, fu, fk, ta, fu*ld, fk*ld, ta*fu)
		mean := (float64(all.hits) - float64(c.hits) + 1) / math.Max(1, d-1)
		rest := math.Log(float64(c.hits) / mean)
		if d == 1 {
			rest = 0
		}
		lh := clamp(math.Log(float64(c.hits))-at.host.level, 3)
		lm := clamp(math.Log(float64(all.hits)/d)-at.host.level, 3)
		few := math.Min(2, math.Log(float64(c.hits)))
		fewAll := math.Min(2, math.Log(float64(all.hits)/d))
		f = append(f, few, fewAll, fewAll*ld, fewAll*fu, few*ta)
		f = append(f, rest, rest*rest, lh, lm, lm*ld, rest*ld, lh*ta, lm*fu, lm*fk)
		f = append(f, spread, spread*ld, spread*fu)
		places := math.Log(float64(max(1, at.host.places[c.text])))
		for _, x := range o {
			f = append(f, x*places)
		}
		f = append(f, shareAll, shareAll*ld, float64(withSubs)/d, float64(all.wild)/d, float64(all.wild)/d*ta, float64(post)/d, flag(post > 0 && len(c.uses) == 1 && c.uses[0].method == "POST"))
		f = append(f, (likes-0.5)*weight, weight, (likes-0.5)*weight*math.Min(ld, 3))
		f = append(f, against(c, all, true)...)
		f = append(f, against(c, values, c.odd >= nameless)...)
		f = append(f, against(c, types, false)...)
		f = append(f, flag(c.wild), flag(len(c.subs) > 0), flag(c.wild && len(c.subs) == 0), flag(len(c.uses) == 0), math.Min(float64(len(c.text)), 30)/10, flag(has(c, "GET")), flag(!c.wild && len(c.subs) == 0))
		same, variety := affinity(c.profile, together, true)
		sure := math.Min(1, float64(c.hits)/8)
		shared, special := twins(c, all, at.host.places)
		special = math.Log1p(special)
		f = append(f, same*variety, (same-0.5)*variety*sure, same*variety*ld, variety*ta, shared, special, special*ld, special*o[0], special*place[2])
		branch := math.Log1p(float64(len(c.subs)))
		lone := flag(most > 1 && len(c.subs) == most && withSubs == 1)
		f = append(f, branch, branch*place[4], branch*place[4]*o[0], branch*place[0], branch*ta, lone, lone*place[4]*(1-ta), lone*ta)
		lead := 0.0
		if len(c.subs) == most {
			lead = math.Log1p(float64(most)) - math.Log1p(float64(runner))
		}
		back := behind(c, at.host)
		f = append(f, lead, lead*place[4], lead*place[4]*(1-ta), lead*o[0], lead*place[0])
		f = append(f, back, back*o[0], back*place[0], back*place[2], back*place[4], back*ta)
		f = append(f, float64(once)/d, float64(once)/d*ld, float64(once)/d*fk)
		room = len(f)
		out = append(out, f)
	}
	return out
}

// second looks at each child again, with the others' first scores.
func second(at context, typed, words []*child, scores []float64) [][]float64 {
	place := placeOf(at)
	p := make([]float64, len(words))
	sum := 0.0
	var values []*child
	for i, s := range scores {
		p[i] = 1 / (1 + math.Exp(-s))
		sum += p[i]
		if s > 0 {
			values = append(values, words[i])
		}
	}
	group := summarize(typed, values)
	together := together(typed, values)
	ta := flag(len(typed) > 0)
	var out [][]float64
	for i, c := range words {
		others := sum - p[i]
		mean := 0.0
		if len(words) > 1 {
			mean = others / float64(len(words)-1)
		}
		n := math.Log1p(others)
		s := math.Max(-6, math.Min(6, scores[i]))
		f := []float64{1, s, mean, n, s * mean, s * n, mean * n, ta, ta * s, ta * mean, n * n, mean * mean}
		for _, x := range place {
			f = append(f, x, x*n, x*mean, x*s)
		}
		rest := 0.0
		inside := scores[i] > 0
		members, hits := float64(len(values)), 0.0
		for _, v := range values {
			hits += float64(v.hits)
		}
		if inside {
			members--
			hits -= float64(c.hits)
		}
		if members > 0 {
			rest = math.Log(float64(c.hits) / (hits / members))
		}
		f = append(f, rest, rest*rest, rest*n, rest*mean, math.Max(0, rest-1), flag(c.odd < 0.2)*n, flag(c.odd < 0.2)*rest, flag(c.odd < 0.2)*mean)
		a := against(c, group, inside)
		f = append(f, a...)
		for _, x := range a {
			f = append(f, x*n, x*mean)
		}
		same, variety := affinity(c.profile, together, inside)
		f = append(f, (same-0.5)*variety, (same-0.5)*variety*math.Min(1, float64(c.hits)/8), (same-0.5)*variety*n, variety*ta)
		out = append(out, f)
	}
	return out
}
