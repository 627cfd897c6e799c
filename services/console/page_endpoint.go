package console

import (
	"net/http"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"golang.org/x/sync/errgroup"
)

type endpointBody struct {
	*catalog.Endpoint
	Label      string
	Now        time.Time
	Span       span
	Chart      chart
	Top        []callerRow
	TooMany    bool // events to count the callers of in time
	Params     []schemaTree
	Requests   []schemaTree
	Answers    []schemaTree
	Fields     []fieldRow
	Findings   []findingRow
	Superseded []supersededRow
	Wishes     []wishChoice // none where nothing can be ordered
	Pins       []pinned     // what people said of the template
	FixedName  string
	Done       string
	Unnamed    int // merged templates beyond those that are listed
}

// endpointSpans are the ranges of an endpoint's chart: its counts are by minute.
func endpointSpans() []span { return spans()[1:] }

func (c *Console) endpointPage(w http.ResponseWriter, r *http.Request, v session) {
	e, err := c.store.endpoint(r.Context(), r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	b := endpointBody{Endpoint: e, Pins: pins(e), Label: e.Label(), Now: c.store.now().UTC(), Params: paramTrees(e), Requests: bodyTrees(e.Request), Answers: bodyTrees(e.Responses)}
	b.Span, _ = spanByName("24h")
	for _, sp := range endpointSpans() {
		if sp.Name == r.URL.Query().Get("range") {
			b.Span = sp
		}
	}
	if c.templates != nil {
		b.Wishes, b.FixedName = wishes(e.Template), c.cfg.User
	}
	if r.URL.Query().Get("done") == "ordered" {
		b.Done = "Sent. It takes effect within seconds: the endpoint may have another template then. A finding (INV-03) says what came of it."
	}
	from := b.Span.from(b.Now)
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() error {
		points, err := c.store.endpointTraffic(ctx, e.ID, b.Span, from)
		if err == nil {
			b.Chart = trafficChart(points, b.Span, from, b.Now)
		}
		return err
	})
	g.Go(func() (err error) {
		b.Top, err = c.store.callers(ctx, e.ID, from)
		if b.TooMany = troubleOf(err) == tooMuch; b.TooMany { // the rest of the page holds
			err = nil
		}
		return
	})
	g.Go(func() (err error) {
		b.Fields, err = c.store.fields(ctx, listFilter{All: true, Page: 1}, e.ID, 100)
		return
	})
	g.Go(func() (err error) {
		b.Findings, err = c.store.findings(ctx, findingFilter{Endpoint: e.ID, Page: 1}, 10)
		return
	})
	g.Go(func() (err error) {
		b.Superseded, err = c.store.superseded(ctx, e.Supersedes, e.FirstSeen.Truncate(time.Minute))
		return
	})
	if err := g.Wait(); err != nil {
		c.fail(w, r, v, "endpoints", err)
		return
	}
	b.Unnamed = len(e.Supersedes) - len(b.Superseded)
	c.show(w, v, "endpoint", b.Label, "endpoints", b)
}

// Spans are those to choose from.
func (b endpointBody) Spans() []span { return endpointSpans() }

// Band of the risk.
func (b endpointBody) Band() string { return riskBand(b.Risk.Score) }

// Sum of all transactions of the tallies, for shares.
func (b endpointBody) Sum(t []catalog.Tally) uint64 {
	var n uint64
	for _, v := range t {
		n += v.Count
	}
	return n
}

// measure is one line of the table of quantiles.
type measure struct {
	Name  string
	Bytes bool // else milliseconds
	catalog.Quantiles
}

// Took are the measures of which something was counted.
func (b endpointBody) Took() []measure {
	var out []measure
	for _, m := range []measure{
		{"Time to respond", false, b.Measures.Latency}, {"Request size", true, b.Measures.Request}, {"Response size", true, b.Measures.Response},
	} {
		if m.Count > 0 {
			out = append(out, m)
		}
	}
	return out
}
