package agents

import (
	"math"
	"slices"
	"time"
)

// season is what a day does to habits.
type season struct {
	bank, shop     float64 // how busy the day is, 1 for an ordinary one
	sale, deployed bool
	weekend        bool
}

const (
	saleFrom, saleTo = 12, 13 // hours of a flash sale
	saleRush         = 6      // times the usual visits
	deployAt         = 10     // hour of a deploy
	broken           = 10 * time.Minute
)

func (w *World) season(n int) season {
	weekday := w.o.Start.AddDate(0, 0, n).Weekday()
	s := season{bank: 1, shop: 1, weekend: weekday == time.Saturday || weekday == time.Sunday}
	if s.weekend {
		s.bank, s.shop = 0.5, 1.4
	}
	if slices.Contains(w.o.Holidays, n) {
		s.bank, s.shop = 0.3, 1.6
	}
	s.sale = slices.Contains(w.o.Sales, n)
	// A deploy stays: later days are served as the evening of it was.
	s.deployed = slices.ContainsFunc(w.o.Deploys, func(d int) bool { return d <= n })
	return s
}

// hours is how busy an hour of the day is for people, 1 in the mean.
var hours = func() (h [24]float64) {
	sum := 0.0
	for i := range h {
		// Two humps, before noon and in the evening, over a quiet night.
		h[i] = 0.12 + math.Exp(-math.Pow(float64(i)-11, 2)/14) + 1.2*math.Exp(-math.Pow(float64(i)-19.5, 2)/9)
		sum += h[i]
	}
	for i := range h {
		h[i] *= 24 / sum
	}
	return h
}()

const busiest = 3.0 // no hour is busier

// next is when x comes after t, past the end of the day if it does not: a Poisson
// process thinned by the hour, or the fixed hours of a machine.
func (d *day) next(x *actor, t int64) int64 {
	if x.every > 0 { // a machine
		if at := d.start + int64(x.from); t < at {
			return at + int64(x.r.IntN(int(time.Minute)))
		}
		if x.every >= 24*time.Hour {
			return d.end
		}
		return t + int64(x.every) - int64(time.Second) + int64(x.r.IntN(int(2*time.Second)))
	}
	rate := x.rate * busiest / float64(24*time.Hour)
	factor := d.season.bank
	if x.shop {
		factor = d.season.shop
	}
	if rush := d.season.sale && x.shop; rush {
		factor *= saleRush
	}
	for {
		t += int64(x.r.ExpFloat64() / (rate * max(factor, 1)))
		if t >= d.end {
			return t
		}
		hour := (t - d.start) / int64(time.Hour)
		busy := hours[hour] * factor
		if d.season.sale && x.shop && (hour < saleFrom || hour >= saleTo) {
			busy /= saleRush
		}
		if x.r.Float64()*busiest*max(factor, 1) < busy {
			return t
		}
	}
}

func (d *day) inSale() bool {
	h := (d.now - d.start) / int64(time.Hour)
	return d.season.sale && h >= saleFrom && h < saleTo
}

// newAPI says whether the deploy has been; refusing whether it broke the login just
// now, on the day of it.
func (d *day) newAPI() bool {
	return d.season.deployed && (!slices.Contains(d.w.o.Deploys, d.n) || d.now >= d.start+deployAt*int64(time.Hour))
}

func (d *day) refusing() bool {
	at := d.start + deployAt*int64(time.Hour)
	return slices.Contains(d.w.o.Deploys, d.n) && d.now >= at && d.now < at+int64(broken)
}
