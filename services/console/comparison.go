package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// riskChanged is a change that catalog.Diff does not tell: a score moves with every
// count, and only its band says something.
const riskChanged = "risk-changed"

// comparison is what differs between the catalogs of two days.
type comparison struct {
	Changed      []endpointChanges
	ChangedAll   int // endpoints
	Told         int // changes within them
	Kinds        []kindCount
	Added, Ended changeList // Ended were merged or removed
	// Untold are endpoints that were seen by the first day, but have no record of it.
	// Left are those that there was no room or time to compare.
	Untold, Left uint64
}

// Cut says whether more endpoints changed than are listed.
func (c *comparison) Cut() bool { return c.ChangedAll > len(c.Changed) }

// endpointChanges are the changes within one endpoint, as sentences: the first of All.
type endpointChanges struct {
	ID, Method, Place string
	Risk              int
	Scored            bool
	Sentences         []string
	All               int
}

func (e *endpointChanges) Band() string { return riskBand(e.Risk) }

// Rest is how many sentences are not shown.
func (e *endpointChanges) Rest() int { return e.All - len(e.Sentences) }

// sentencesEach bounds what is shown of one endpoint: one whose schema is another
// has hundreds.
const sentencesEach = 12

// kindCount counts the changes of one topic, as "Parameters".
type kindCount struct {
	Name  string
	Count int
}

// comparer takes endpoints one by one, so that records need not be in memory all at
// once: what came and went is told at the end from their names alone.
type comparer struct {
	from        time.Time // the end of the first day
	out         comparison
	kinds       map[string]int
	was, is     []catalog.Endpoint
	first, last map[string]*catalog.Endpoint // of what came, and of what ended
}

func newComparer(from time.Time) *comparer {
	return &comparer{from: from, kinds: map[string]int{}, first: map[string]*catalog.Endpoint{}, last: map[string]*catalog.Endpoint{}}
}

// slim is what is kept of an endpoint until the end.
func slim(e *catalog.Endpoint) catalog.Endpoint {
	return catalog.Endpoint{ID: e.ID, Tenant: e.Tenant, Host: e.Host, Method: e.Method, Template: e.Template, Protocol: e.Protocol, Source: e.Source,
		Supersedes: e.Supersedes, FirstSeen: e.FirstSeen, LastSeen: e.LastSeen, Hits: e.Hits, Risk: catalog.Risk{Score: e.Risk.Score, Likelihood: e.Risk.Likelihood, Impact: e.Risk.Impact}}
}

// pair takes what one endpoint was and is; nil where it was not or is not.
func (c *comparer) pair(was, is *catalog.Endpoint) {
	switch {
	case was == nil && is == nil:
	case was == nil && is.FirstSeen.Before(c.from):
		c.out.Untold++
		// It may be what another was merged into, and is no news itself.
		c.was, c.is = append(c.was, slim(is)), append(c.is, slim(is))
	case was == nil:
		e := slim(is)
		c.is, c.first[e.ID] = append(c.is, e), &e
	case is == nil:
		e := slim(was)
		c.was, c.last[e.ID] = append(c.was, e), &e
	default:
		c.within(was, is)
		c.was, c.is = append(c.was, slim(is)), append(c.is, slim(is))
	}
}

func scored(e *catalog.Endpoint) bool { return e.Risk.Likelihood+e.Risk.Impact > 0 }

func (c *comparer) within(was, is *catalog.Endpoint) {
	list := catalog.Diff([]catalog.Endpoint{*was}, []catalog.Endpoint{*is})
	if a, b := riskBand(was.Risk.Score), riskBand(is.Risk.Score); scored(was) && scored(is) && a != b {
		list = slices.Insert(list, 0, catalog.Change{Kind: riskChanged, Before: a, After: b})
	}
	if len(list) == 0 {
		return
	}
	e := endpointChanges{ID: is.ID, Method: is.Method, Place: is.Host + is.Template, Risk: is.Risk.Score, Scored: scored(is), All: len(list)}
	for i := range list {
		c.kinds[topicOf(list[i].Kind)]++
		if len(e.Sentences) < sentencesEach {
			e.Sentences = append(e.Sentences, sentence(&list[i]))
		}
	}
	c.out.Told += len(list)
	c.out.Changed = append(c.out.Changed, e)
}

// end gives the comparison with at most size rows of each kind: what is changed with
// the highest risk, what came and went the newest.
func (c *comparer) end(size int) *comparison {
	o := &c.out
	into := map[string]*catalog.Endpoint{}
	for i := range c.is {
		for _, id := range c.is[i].Supersedes {
			into[id] = &c.is[i]
		}
	}
	for _, d := range catalog.Diff(c.was, c.is) {
		switch d.Kind {
		case catalog.EndpointAdded:
			e := c.first[d.ID]
			o.Added.Rows = append(o.Added.Rows, changeRow{ID: e.ID, Method: e.Method, Place: e.Host + e.Template, What: e.Source, Detail: e.Protocol,
				Sure: true, Hits: e.Hits, Risk: uint64(max(e.Risk.Score, 0)), Scored: scored(e), Time: e.FirstSeen})
		case catalog.EndpointMerged, catalog.EndpointRemoved:
			e := c.last[d.ID]
			r := changeRow{What: e.Method, Detail: e.Host + e.Template, Hits: e.Hits, Time: e.LastSeen}
			if m := into[e.ID]; m != nil {
				r.ID, r.Method, r.Place = m.ID, m.Method, m.Host+m.Template
			}
			o.Ended.Rows = append(o.Ended.Rows, r)
		}
	}
	for _, l := range []*changeList{&o.Added, &o.Ended} {
		slices.SortStableFunc(l.Rows, func(a, b changeRow) int { return b.Time.Compare(a.Time) })
		l.All = uint64(len(l.Rows))
		l.Rows = l.Rows[:min(len(l.Rows), size)]
	}
	slices.SortFunc(o.Changed, func(a, b endpointChanges) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), strings.Compare(a.Place, b.Place), strings.Compare(a.Method, b.Method), strings.Compare(a.ID, b.ID))
	})
	o.ChangedAll = len(o.Changed)
	o.Changed = o.Changed[:min(len(o.Changed), size)]
	for _, name := range topics {
		if n := c.kinds[name]; n > 0 {
			o.Kinds = append(o.Kinds, kindCount{name, n})
		}
	}
	return o
}
