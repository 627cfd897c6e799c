package console

import (
	"net/http"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"golang.org/x/sync/errgroup"
)

type endpointsBody struct {
	Now            time.Time
	Filter         listFilter
	Rows           []endpointRow
	Hosts, Methods []string
	Pager          pager
}

func (c *Console) endpointsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := endpointsBody{Filter: parseListFilter(r.URL.Query()), Now: c.store.now().UTC()}
	var all uint64
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Rows, err = c.store.endpoints(ctx, b.Filter, c.cfg.PageRows); return })
	g.Go(func() (err error) { b.Hosts, b.Methods, all, err = c.store.endpointChoices(ctx, b.Filter); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	b.Pager = newPager("/endpoints", b.Filter.values(), b.Filter.Page, c.cfg.PageRows, len(b.Rows), all)
	c.show(w, v, "endpoints", "Endpoints", "endpoints", b)
}

type endpointBody struct {
	*catalog.Endpoint
	Label    string
	Now      time.Time
	Chart    chart
	Fields   []fieldRow
	Findings []findingRow
}

func (c *Console) endpointPage(w http.ResponseWriter, r *http.Request, v session) {
	e, err := c.store.endpoint(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	b := endpointBody{Endpoint: e, Label: e.Method + " " + e.Host + e.Template, Now: c.store.now().UTC()}
	sp, _ := spanByName("24h")
	from := sp.from(b.Now)
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() error {
		points, err := c.store.endpointTraffic(ctx, e.ID, sp, from)
		if err == nil {
			b.Chart = trafficChart(points, sp, from, b.Now)
		}
		return err
	})
	g.Go(func() (err error) {
		b.Fields, err = c.store.fields(ctx, listFilter{All: true, Page: 1}, e.ID, 100)
		return
	})
	g.Go(func() (err error) {
		b.Findings, err = c.store.findings(ctx, findingFilter{Endpoint: e.ID, Page: 1}, 10)
		return
	})
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	c.show(w, v, "endpoint", b.Label, "endpoints", b)
}

// Sum of all transactions of the tallies, for shares.
func (b endpointBody) Sum(t []catalog.Tally) uint64 {
	var n uint64
	for _, v := range t {
		n += v.Count
	}
	return n
}

type fieldsBody struct {
	Now    time.Time
	Filter listFilter
	Rows   []fieldRow
	Types  []string
	Pager  pager
}

func (c *Console) fieldsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := fieldsBody{Filter: parseListFilter(r.URL.Query()), Now: c.store.now().UTC()}
	var all uint64
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Rows, err = c.store.fields(ctx, b.Filter, "", c.cfg.PageRows); return })
	g.Go(func() (err error) { b.Types, all, err = c.store.fieldChoices(ctx, b.Filter); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "fields", err)
		return
	}
	b.Pager = newPager("/fields", b.Filter.values(), b.Filter.Page, c.cfg.PageRows, len(b.Rows), all)
	c.show(w, v, "fields", "Sensitive fields", "fields", b)
}
