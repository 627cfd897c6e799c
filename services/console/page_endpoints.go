package console

import (
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

type endpointsBody struct {
	Now    time.Time
	Filter inventory
	Rows   []endpointRow
	Facets []facetView
	Pager  pager
}

func (c *Console) endpointsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := endpointsBody{Filter: parseInventory(r.URL.Query()), Now: c.store.now().UTC()}
	var counts [][]facetCount
	var all uint64
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Rows, err = c.store.endpoints(ctx, b.Filter, c.cfg.PageRows); return })
	g.Go(func() (err error) { counts, all, err = c.store.facetCounts(ctx, b.Filter); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	b.Facets = facetViews(b.Filter, counts)
	b.Pager = newPager("/endpoints", b.Filter.values(), b.Filter.Page, c.cfg.PageRows, len(b.Rows), all)
	c.show(w, v, "endpoints", "Endpoints", "endpoints", b)
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
