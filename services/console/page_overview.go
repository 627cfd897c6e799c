package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"
)

type overviewBody struct {
	*overview
	Span     span
	Rate     float64 // events a second now
	Chart    []chart
	Lag      []Lag
	LagError string
	LagKnown bool
	Worst    Lag // by time behind
	Health   []health
	Unwell   int
}

// health is one line of the health list. State is ok, warn or bad, and told by
// words too.
type health struct{ Name, State, Says string }

// lagPatience is how long a page waits for Kafka: its figures are not worth more.
const lagPatience = 2 * time.Second

// behindWarn is when lag is more than the moment between two commits.
const behindWarn = 10 * time.Second

func (c *Console) overviewPage(w http.ResponseWriter, r *http.Request, v session) {
	sp, ok := spanByName(r.URL.Query().Get("range"))
	if !ok {
		sp, _ = spanByName(c.cfg.Range)
	}
	type lagAnswer struct {
		lag []Lag
		err error
	}
	answer := make(chan lagAnswer, 1)
	if c.lag != nil {
		go func() {
			ctx, cancel := context.WithTimeout(r.Context(), min(c.cfg.QueryTimeout, lagPatience))
			defer cancel()
			l, err := c.lag.Lag(ctx)
			answer <- lagAnswer{l, err}
		}()
	}
	o, err := c.store.overview(r.Context(), sp)
	if err != nil {
		c.fail(w, r, v, "overview", err)
		return
	}
	b := overviewBody{overview: o, Span: sp, LagKnown: c.lag != nil}
	for _, s := range o.Sensors {
		b.Rate += float64(s.Recent) / rateWindow.Seconds()
	}
	from := sp.from(o.Now)
	b.Chart = []chart{trafficChart(o.Traffic, sp, from, o.Now), findingsChart(o.Findings, sp.bars(), sp.bars().from(o.Now), o.Now)}
	if c.lag != nil {
		a := <-answer
		b.Lag = a.lag
		if a.err != nil {
			b.LagError = a.err.Error()
		}
		if len(b.Lag) > 0 {
			b.Worst = slices.MaxFunc(b.Lag, func(x, y Lag) int { return cmp.Compare(x.Behind, y.Behind) })
		}
	}
	b.Health = c.health(&b)
	for _, h := range b.Health {
		if h.State != "ok" {
			b.Unwell++
		}
	}
	c.show(w, v, "overview", "Overview", "overview", b)
}

// health judges from what the page has read anyway.
func (c *Console) health(b *overviewBody) []health {
	name := "ClickHouse"
	if c.cfg.ClickHouse != "" {
		name += " " + c.cfg.ClickHouse
	}
	out := []health{{name, "ok", "answers, version " + b.Server.Version + ", up " + duration(b.Server.Uptime)}}
	switch {
	case b.Totals.LastEvent.IsZero():
		out = append(out, health{"Events", "warn", "none was ever recorded"})
	case len(b.Sensors) == 0:
		out = append(out, health{"Events", "bad", "none for " + duration(b.Now.Sub(b.Totals.LastEvent).Truncate(time.Second)) + ": is a shipper running?"})
	default:
		newest := slices.MaxFunc(b.Sensors, func(x, y sensor) int { return x.Newest.Compare(y.Newest) }).Newest
		out = append(out, health{"Events", "ok", "newest received " + ago(b.Now, newest)})
	}
	switch {
	case c.lag == nil:
	case b.LagError != "":
		out = append(out, health{"Kafka", "bad", b.LagError})
	case len(b.Lag) == 0:
		out = append(out, health{"Kafka", "warn", "answers, but no stage has a consumer group there"})
	default:
		out = append(out, health{"Kafka", "ok", "answers"})
	}
	for _, l := range b.Lag {
		switch {
		case l.Members == 0:
			out = append(out, health{l.Group, "bad", "no instance is running"})
		case l.Behind >= behindWarn:
			out = append(out, health{l.Group, "warn", "behind by " + duration(l.Behind) + " on " + l.Topic})
		}
	}
	return out
}

// State of one line of the lag table.
func (l Lag) State() string {
	switch {
	case l.Members == 0:
		return "bad"
	case l.Behind >= behindWarn || !l.Known:
		return "warn"
	}
	return "ok"
}
