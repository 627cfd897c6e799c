package console

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/miradorhq/mirador/pkg/risk"
	"golang.org/x/sync/errgroup"
)

// pager is the foot of a list.
type pager struct {
	Page, Pages  int
	First, Last  int
	All          uint64
	Previous, To string // addresses; empty where there is none
}

func newPager(path string, q url.Values, page, size, got int, all uint64) pager {
	p := pager{Page: page, All: all, Pages: max(1, int((all+uint64(size)-1)/uint64(size)))}
	if got > 0 {
		p.First, p.Last = size*(page-1)+1, size*(page-1)+got
	}
	at := func(n int) string {
		q.Set("page", strconv.Itoa(n))
		if n == 1 {
			q.Del("page")
		}
		if len(q) == 0 {
			return path
		}
		return path + "?" + q.Encode()
	}
	if page > 1 {
		p.Previous = at(min(page-1, p.Pages))
	}
	if page < min(p.Pages, maxPage) {
		p.To = at(page + 1)
	}
	return p
}

type findingsBody struct {
	Filter  findingFilter
	Rows    []findingRow
	Sums    findingSums
	Choices choices
	Pager   pager
}

func (c *Console) findingsPage(w http.ResponseWriter, r *http.Request, v session) {
	b := findingsBody{Filter: parseFindingFilter(r.URL.Query())}
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Rows, err = c.store.findings(ctx, b.Filter, c.cfg.PageRows); return })
	g.Go(func() (err error) { b.Sums, err = c.store.findingSums(ctx, b.Filter); return })
	g.Go(func() (err error) { b.Choices, err = c.store.findingChoices(ctx); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	b.Pager = newPager("/findings", b.Filter.values(), b.Filter.Page, c.cfg.PageRows, len(b.Rows), b.Sums.All)
	c.show(w, v, "findings", "Findings", "findings", b)
}

type findingBody struct {
	*findingFull
	Now      time.Time
	Support  []eventRow
	Missing  int // supporting events that the audit log does not hold
	Actions  []actionRow
	Related  []findingRow
	Timeline []step

	Verdict   *risk.Verdict // what was said of it last
	CanJudge  bool
	Sum       bool // it is made of other findings, which people judge instead
	FixedName string
	Done      string
	Feared    *principalRow // nil where nothing speaks against the principal
}

// step is one line of a finding's history.
type step struct {
	Time       time.Time
	What, Link string
	State      string
}

func (c *Console) findingPage(w http.ResponseWriter, r *http.Request, v session) {
	f, err := c.store.finding(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	b := findingBody{findingFull: f, Now: c.store.now().UTC(), CanJudge: c.verdicts != nil, Sum: isSum(f), FixedName: c.cfg.User}
	if r.URL.Query().Get("done") == "verdict" {
		b.Done = "Published: it counts from now on, here and for all findings of " + f.Rule + "."
	}
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() (err error) { b.Support, err = c.store.supporting(ctx, f.Events); return })
	g.Go(func() (err error) { b.Actions, err = c.store.causedBy(ctx, f.ID); return })
	g.Go(func() (err error) { b.Related, err = c.store.related(ctx, f); return })
	g.Go(func() (err error) { b.Verdict, err = c.verdictOf(r, f.ID); return })
	g.Go(func() (err error) { b.Feared, err = c.store.principal(ctx, f.Principal); return })
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	b.Missing = len(f.Events) - len(b.Support)
	b.Timeline = history(f, b.Actions)
	c.show(w, v, "finding", f.Title, "findings", b)
}

func (c *Console) eventPage(w http.ResponseWriter, r *http.Request, v session) {
	e, err := c.store.event(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	about, err := c.store.aboutEvent(r.Context(), e.ID)
	if err != nil {
		c.fail(w, r, v, "findings", err)
		return
	}
	c.show(w, v, "event", e.Method+" "+e.Path, "findings", struct {
		*eventFull
		Now      time.Time
		Findings []findingRow
	}{e, c.store.now().UTC(), about})
}
