package main

import (
	"math"
	"slices"
	"time"

	"github.com/miradorhq/mirador/loadtest/agents"
)

// view is what a baseline sees of a transaction: more than a detector does, for the
// template and the object are the truth.
type view struct {
	at              int64
	actor, endpoint string
	object, user    string
	path            string
	status          uint16
	bytes           uint64
	attack          *agents.Attack
}

func viewOf(t *agents.Transaction) view {
	e := t.Event
	return view{at: e.RequestTime, actor: e.Principal(), endpoint: string(e.Method) + " " + t.Template, object: t.Object, user: t.User,
		path: string(e.Path), status: e.Status, bytes: e.ResponseBody.WireLength, attack: t.Attack}
}

// key is whom a count is of.
type key struct{ actor, endpoint string }

// counts are of one window after the other.
type counts struct {
	length, at int64
	of         map[key]*count
}

type count struct {
	n     float64
	items map[string]struct{}
}

func newCounts(length time.Duration) counts {
	return counts{length: int64(length), of: map[key]*count{}}
}

// add counts n, or item if it is new in the window; closed takes each count of a
// window that is over, and may be nil.
func (c *counts) add(at int64, k key, item string, n float64, closed func(key, float64)) float64 {
	if w := at / c.length; w != c.at {
		c.close(closed)
		c.at = w
	}
	x := c.of[k]
	if x == nil {
		x = &count{}
		c.of[k] = x
	}
	if item == "" {
		x.n += n
		return x.n
	}
	if x.items == nil {
		x.items = map[string]struct{}{}
	}
	x.items[item] = struct{}{}
	x.n = float64(len(x.items))
	return x.n
}

func (c *counts) close(closed func(key, float64)) {
	if closed != nil {
		for k, x := range c.of {
			closed(k, x.n)
		}
	}
	clear(c.of)
}

// feature is a plain count of an actor. item is what is counted, different ones if it
// is named; nothing if not ok.
type feature struct {
	name   string
	window time.Duration
	item   func(v *view) (item string, n float64, ok bool)
}

func requests(*view) (string, float64, bool) { return "", 1, true }
func volume(v *view) (string, float64, bool) { return "", float64(v.bytes), true }
func others(v *view) (string, float64, bool) { return v.endpoint + v.object, 1, v.object != "" }
func denied(v *view) (string, float64, bool) { return "", 1, v.status >= 400 && v.status < 500 }
func absent(v *view) (string, float64, bool) { return v.path, 1, v.status == 404 }
func people(v *view) (string, float64, bool) { return v.user, 1, v.user != "" && v.status == 401 }

// plain are the counts that the best is chosen of.
var plain = []feature{
	{"requests in 5 min", 5 * time.Minute, requests}, {"requests in 1 h", time.Hour, requests}, {"requests in 24 h", 24 * time.Hour, requests},
	{"bytes in 1 h", time.Hour, volume}, {"different objects in 5 min", 5 * time.Minute, others}, {"different objects in 1 h", time.Hour, others},
	{"different objects in 24 h", 24 * time.Hour, others}, {"refusals in 1 h", time.Hour, denied}, {"missing paths in 1 h", time.Hour, absent},
	{"users refused in 1 h", time.Hour, people},
}

// lessons is what the baselines remember of the days before.
type lessons struct {
	features []counts
	maxima   []map[string]float64 // of today, by feature and actor
	all      [][]float64          // of all days, by feature
	five     counts
	byPlace  map[string][]float64 // requests of an actor in 5 minutes, by endpoint
	hour     counts
	own      map[key]wave
	common   moments
	days     int
}

func newLessons() *lessons {
	l := &lessons{five: newCounts(5 * time.Minute), hour: newCounts(time.Hour), byPlace: map[string][]float64{}, own: map[key]wave{}, all: make([][]float64, len(plain))}
	for _, f := range plain {
		l.features = append(l.features, newCounts(f.window))
		l.maxima = append(l.maxima, map[string]float64{})
	}
	return l
}

func (l *lessons) see(v view) {
	for i, f := range plain {
		if item, n, ok := f.item(&v); ok {
			x := l.features[i].add(v.at, key{actor: v.actor}, item, n, nil)
			l.maxima[i][v.actor] = max(l.maxima[i][v.actor], x)
		}
	}
	k := key{v.actor, v.endpoint}
	l.five.add(v.at, k, "", 1, l.place)
	l.hour.add(v.at, k, "", 1, l.wave)
}

func (l *lessons) place(k key, n float64) { l.byPlace[k.endpoint] = append(l.byPlace[k.endpoint], n) }

func (l *lessons) wave(k key, n float64) {
	w := l.own[k]
	w.add(n)
	l.own[k] = w
	l.common.n, l.common.sum, l.common.squares = l.common.n+1, l.common.sum+n, l.common.squares+n*n
}

// night ends a day.
func (l *lessons) night() {
	l.days++
	for i := range plain {
		l.features[i].close(nil)
		for _, n := range l.maxima[i] {
			l.all[i] = append(l.all[i], n)
		}
		clear(l.maxima[i])
	}
	l.five.close(l.place)
	l.hour.close(l.wave)
}

// wave is an exponentially weighted mean and variance of hourly counts.
type wave struct {
	n              float64
	mean, variance float64
}

const weight = 0.2 // of the newest hour

func (w *wave) add(x float64) {
	if w.n++; w.n == 1 {
		w.mean = x
		return
	}
	d := x - w.mean
	w.mean += weight * d
	w.variance = (1 - weight) * (w.variance + weight*d*d)
}

// moments are the plain ones of all hours, which do not depend on their order.
type moments struct{ n, sum, squares float64 }

// limit is three sigma above the mean, where sigma is one request at the least. All
// hours of everybody stand in where there are too few of one's own.
func (w wave) limit(all moments) float64 {
	mean, variance := w.mean, w.variance
	if w.n < 5 {
		mean = all.sum / max(all.n, 1)
		variance = all.squares/max(all.n, 1) - mean*mean
	}
	return mean + 3*math.Sqrt(max(variance, 1))
}

// quantile is that of xs, which it sorts; 0 of none.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	slices.Sort(xs)
	return xs[min(len(xs)-1, int(q*float64(len(xs))))]
}
