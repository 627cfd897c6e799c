package main

import (
	"maps"
	"time"
)

// limits are what the baselines alert at.
type limits struct {
	lessons  *lessons
	names    []string // of the judges
	features []float64
	place    map[string]float64
	anywhere float64
}

// Names of the three baselines that are no plain count.
const (
	fixedName = "fixed"
	placeName = "p99.9"
	waveName  = "EWMA"
)

// newLimits are those of x: of the plain counts, they keep to the budget a day over
// the days that were learned from.
func newLimits(x *lessons, budget float64) *limits {
	l := &limits{lessons: x, names: []string{fixedName, placeName, waveName}}
	for i, f := range plain {
		l.names = append(l.names, f.name)
		l.features = append(l.features, atBudget(x.all[i], budget*float64(x.days)))
	}
	l.place = map[string]float64{}
	var all []float64
	for endpoint, ns := range x.byPlace {
		l.place[endpoint] = quantile(ns, 0.999)
		all = append(all, ns...)
	}
	l.anywhere = quantile(all, 0.999)
	return l
}

// atBudget is the least limit that no more than allowed of xs are above.
func atBudget(xs []float64, allowed float64) float64 {
	over := int(allowed)
	if over >= len(xs) {
		return 0
	}
	quantile(xs, 0)
	return xs[len(xs)-1-over]
}

// judge is a baseline through one day; see says whether it alerts at v.
type judge interface{ see(v *view) bool }

func (l *limits) judges() []judge {
	js := []judge{&fixed{newCounts(5 * time.Minute)}, &usual{newCounts(5 * time.Minute), l}, &waves{newCounts(time.Hour), maps.Clone(l.lessons.own), l.lessons.common}}
	for i := range plain {
		js = append(js, &single{newCounts(plain[i].window), &plain[i], l.features[i]})
	}
	return js
}

// fixed alerts on more than 50 different objects at an endpoint in 5 minutes.
type fixed struct{ counts }

func (j *fixed) see(v *view) bool {
	item := v.object
	if item == "" { // a parameter in a body is one as well, and so is a path nobody serves
		if item = v.user; item == "" && v.status == 404 {
			item = v.path
		}
	}
	return item != "" && j.add(v.at, key{v.actor, v.endpoint}, item, 1, nil) > 50
}

// usual alerts on more requests than 99.9 % of the clients of the endpoint make.
type usual struct {
	counts
	limits *limits
}

func (j *usual) see(v *view) bool {
	limit, seen := j.limits.place[v.endpoint]
	if !seen {
		limit = j.limits.anywhere
	}
	return j.add(v.at, key{v.actor, v.endpoint}, "", 1, nil) > limit
}

// waves alerts on more requests in an hour than usual, by three sigma.
type waves struct {
	counts
	own    map[key]wave
	common moments
}

func (j *waves) see(v *view) bool {
	k := key{v.actor, v.endpoint}
	n := j.add(v.at, k, "", 1, func(k key, n float64) {
		w := j.own[k]
		w.add(n)
		j.own[k] = w
	})
	return n > j.own[k].limit(j.common)
}

// single is one plain count.
type single struct {
	counts
	feature *feature
	limit   float64
}

func (j *single) see(v *view) bool {
	item, n, ok := j.feature.item(v)
	return ok && j.add(v.at, key{actor: v.actor}, item, n, nil) > j.limit
}
