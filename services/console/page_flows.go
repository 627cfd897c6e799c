package console

import (
	"cmp"
	"net/http"
	"slices"

	sequence "github.com/miradorhq/mirador/pkg/flow"
	"golang.org/x/sync/errgroup"
)

// flowsBody is the page of business flows.
type flowsBody struct {
	Hosts      []flowHost
	Host       string
	Graph      *sequence.Graph // nil where nothing is known
	Picture    flowPicture
	Operations []flowOperation
	Before     []flowBefore
}

// flowOperation is an operation in words: how many sessions came to it, and from where.
type flowOperation struct {
	sequence.Operation
	From     []flowSource
	Findings uint64
}

// flowSource is where sessions came from to an operation. An empty endpoint: they began
// with it.
type flowSource struct {
	ID, Endpoint string
	Sessions     uint64
}

// flowBefore is a prerequisite in words.
type flowBefore struct {
	sequence.Prerequisite
	Name, BeforeName string
	Each             bool // it comes before each, not just once
	Findings         uint64
}

// Had is how many sessions had it, once or each time.
func (b flowBefore) Had() uint64 {
	if b.Each {
		return b.Prerequisite.Each
	}
	return b.Ever
}

const (
	flowSources = 3    // of an operation that are told
	flowUsual   = 0.95 // part of sessions from which what came before is told
	flowBefores = 100
)

func (c *Console) flowsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := flowsBody{Host: r.URL.Query().Get("host")}
	var skipped map[string]uint64
	hosts, err := c.store.flowHosts(r.Context())
	if err == nil && len(hosts) > 0 {
		if b.Host == "" {
			b.Host = hosts[0].Host
		}
		g, ctx := errgroup.WithContext(r.Context())
		g.Go(func() (err error) { b.Graph, err = c.store.flowOf(ctx, b.Host); return })
		g.Go(func() (err error) { skipped, err = c.store.skippedSteps(ctx, dataSpan); return })
		if err = g.Wait(); err == nil && b.Graph == nil {
			err = errNotFound
		}
	}
	if err != nil {
		c.fail(w, r, v, "flows", err)
		return
	}
	b.Hosts = hosts
	if b.Graph != nil {
		b.Picture = newFlowPicture(b.Graph, skipped)
		b.Operations, b.Before = flowWords(b.Graph, skipped)
	}
	c.show(w, v, "flows", "Business flows", "flows", b)
}

// flowWords says what the picture shows, and what it has no room for.
func flowWords(g *sequence.Graph, skipped map[string]uint64) (os []flowOperation, bs []flowBefore) {
	names, at := map[string]string{}, map[string]int{}
	for i, o := range g.Operations {
		names[o.ID], at[o.ID] = o.Endpoint, i
		os = append(os, flowOperation{Operation: o, Findings: skipped[o.ID]})
	}
	moves := slices.Clone(g.Moves)
	slices.SortStableFunc(moves, func(a, b sequence.Move) int { return cmp.Compare(b.Sessions, a.Sessions) })
	for _, m := range moves {
		if i, ok := at[m.To]; ok && len(os[i].From) < flowSources {
			os[i].From = append(os[i].From, flowSource{ID: m.From, Endpoint: names[m.From], Sessions: m.Sessions})
		}
	}
	for _, p := range g.Prerequisites {
		b := flowBefore{Prerequisite: p, Name: names[p.Operation], BeforeName: names[p.Before], Findings: skipped[p.Operation]}
		b.Each = float64(p.Each) >= flowUsual*float64(p.Sessions)
		if b.Name == "" || b.BeforeName == "" || float64(b.Had()) < flowUsual*float64(p.Sessions) {
			continue
		}
		bs = append(bs, b)
	}
	slices.SortStableFunc(bs, func(a, b flowBefore) int {
		return cmp.Or(-cmp.Compare(held(&a.Prerequisite), held(&b.Prerequisite)), cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.Name, b.Name), cmp.Compare(a.BeforeName, b.BeforeName))
	})
	return os, bs[:min(len(bs), flowBefores)]
}

func held(p *sequence.Prerequisite) int {
	if p.Mandatory() {
		return 1
	}
	return 0
}
