package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
	"golang.org/x/sync/errgroup"
)

type principalsBody struct {
	Rows  []principalRow
	Pager pager
}

// Families are what speaks against a principal now, the strongest first.
func (p *principalRow) Families(now time.Time) []risk.Family {
	var out []risk.Family
	for _, f := range risk.Families(p.Parts, now) {
		if f.Share >= 0.01 {
			out = append(out, f)
		}
	}
	return out
}

func (c *Console) principalsPage(w http.ResponseWriter, r *http.Request, v session) {
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || page < 1 || page > maxPage {
		page = 1
	}
	rows, all, err := c.store.principals(r.Context(), c.cfg.PageRows, c.cfg.PageRows*(page-1))
	if err != nil {
		c.fail(w, r, v, "principals", err)
		return
	}
	c.show(w, v, "principals", "Principals by risk", "principals", principalsBody{rows, newPager("/principals", url.Values{}, page, c.cfg.PageRows, len(rows), all)})
}

type principalBody struct {
	*principalRow
	At       time.Time
	Terms    []term
	Findings []findingRow
}

// term is one part of a risk, written out.
type term struct {
	*risk.Part
	Decayed, Now float64
	Counts       bool // it is the strongest of its family
}

func (c *Console) principalPage(w http.ResponseWriter, r *http.Request, v session) {
	id := r.URL.Query().Get("id")
	b := principalBody{At: c.store.now().UTC()}
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.principalRow, err = c.store.principal(ctx, id); return })
	g.Go(func() (err error) {
		b.Findings, err = c.store.related(ctx, &findingFull{findingRow: findingRow{Principal: id}})
		return
	})
	err := g.Wait()
	if err == nil && b.principalRow == nil {
		err = errNotFound
	}
	if err != nil {
		c.fail(w, r, v, "principals", err)
		return
	}
	strongest := map[*risk.Part]bool{}
	for _, f := range risk.Families(b.Parts, b.At) {
		strongest[f.Part] = true
	}
	for i := range b.Parts {
		p := &b.Parts[i]
		b.Terms = append(b.Terms, term{p, p.Decay(b.At), p.Share(b.At), strongest[p]})
	}
	c.show(w, v, "principal", id, "principals", b)
}

func (c *Console) precisionPage(w http.ResponseWriter, r *http.Request, v session) {
	rows, err := c.store.rules(r.Context(), c.cfg.Prior)
	if err != nil {
		c.fail(w, r, v, "principals", err)
		return
	}
	c.show(w, v, "precision", "How right each rule is", "principals", rows)
}
