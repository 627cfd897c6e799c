package console

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/miradorhq/mirador/services/regimes"
)

// dataSpan is how far back the map and the reports look.
const dataSpan = 30 * 24 * time.Hour

// dataFields asks for the confirmed fields of that time.
func (c *Console) dataFields(ctx context.Context) ([]regimes.Field, error) {
	ctx, cancel := context.WithTimeout(ctx, c.store.timeout)
	defer cancel()
	now := c.store.now()
	fields, err := regimes.ReadFields(ctx, c.store.conn, c.store.tenant, now.Add(-dataSpan), now)
	if err != nil {
		return nil, &queryError{name: "data map", err: err}
	}
	return fields, nil
}

type dataBody struct {
	Map   dataMap
	Class string // of one class alone
	Kind  string
	// Fields are those of the class, Regimes those whose scope it is in.
	Fields  []regimes.Field
	Regimes []regimes.Regime
	Now     time.Time
}

func (c *Console) dataPage(w http.ResponseWriter, r *http.Request, v session) {
	fields, err := c.dataFields(r.Context())
	if err != nil {
		c.fail(w, r, v, "data", err)
		return
	}
	c.show(w, v, "data", "Data map", "data", dataBody{Map: newDataMap(c.regimes, fields), Now: c.store.now().UTC()})
}

func (c *Console) classPage(w http.ResponseWriter, r *http.Request, v session) {
	fields, err := c.dataFields(r.Context())
	if err != nil {
		c.fail(w, r, v, "data", err)
		return
	}
	class := r.PathValue("class")
	fields = slices.DeleteFunc(fields, func(f regimes.Field) bool { return f.Class != class })
	if len(fields) == 0 {
		c.fail(w, r, v, "data", errNotFound)
		return
	}
	b := dataBody{Class: class, Kind: c.regimes.Title(class), Fields: fields, Map: newDataMap(c.regimes, fields), Now: c.store.now().UTC()}
	if k := c.regimes.KindOf(class); k != nil {
		for _, g := range c.regimes.Regimes {
			if slices.Contains(g.Kinds, k.Name) {
				b.Regimes = append(b.Regimes, g)
			}
		}
	}
	c.show(w, v, "data", class, "data", b)
}

type fieldBody struct {
	Field   fieldRow
	Exposed []string
	Touched []touchedBy
	Now     time.Time
}

// touchedBy is a requirement of a regime.
type touchedBy struct{ Regime, Name, ID, Title, Remedy string }

// fieldPage is one field: where, why, and which requirements it touches.
func (c *Console) fieldPage(w http.ResponseWriter, r *http.Request, v session) {
	rows, err := c.store.fields(r.Context(), listFilter{ID: r.PathValue("id"), All: true}, "", 1)
	if err == nil && len(rows) == 0 {
		err = errNotFound
	}
	var all []regimes.Field
	if err == nil {
		all, err = c.dataFields(r.Context())
	}
	if err != nil {
		c.fail(w, r, v, "fields", err)
		return
	}
	b := fieldBody{Field: rows[0], Now: c.store.now().UTC()}
	same := func(f regimes.Field) bool { return f.Is(b.Field.ID) }
	if i := slices.IndexFunc(all, same); i >= 0 {
		b.Exposed = all[i].Exposed
	}
	for i := range c.regimes.Regimes {
		report := c.regimes.Report(&c.regimes.Regimes[i], &regimes.Seen{Fields: all})
		own := slices.IndexFunc(report.Fields, same)
		for _, q := range report.Requirements {
			if own >= 0 && slices.Contains(q.Fields, own) {
				b.Touched = append(b.Touched, touchedBy{report.Regime, report.Name, q.ID, q.Title, q.Remedy})
			}
		}
	}
	c.show(w, v, "field", b.Field.Type, "fields", b)
}

func (c *Console) seen(ctx context.Context) (*regimes.Seen, error) {
	ctx, cancel := context.WithTimeout(ctx, c.store.timeout)
	defer cancel()
	now := c.store.now()
	seen, err := regimes.Read(ctx, c.store.conn, c.store.tenant, now.Add(-dataSpan), now)
	if err != nil {
		return nil, &queryError{name: "regimes", err: err}
	}
	return seen, nil
}

func (c *Console) regimesPage(w http.ResponseWriter, r *http.Request, v session) {
	seen, err := c.seen(r.Context())
	if err != nil {
		c.fail(w, r, v, "regimes", err)
		return
	}
	var reports []*regimes.Report
	for i := range c.regimes.Regimes {
		reports = append(reports, c.regimes.Report(&c.regimes.Regimes[i], seen))
	}
	c.show(w, v, "regimes", "Regimes", "regimes", reports)
}

// regimePage is a report, or with ?as= the file of it.
func (c *Console) regimePage(w http.ResponseWriter, r *http.Request, v session) {
	regime, err := c.regimes.Regime(r.PathValue("id"))
	if err != nil {
		c.fail(w, r, v, "regimes", errNotFound)
		return
	}
	seen, err := c.seen(r.Context())
	if err != nil {
		c.fail(w, r, v, "regimes", err)
		return
	}
	report := c.regimes.Report(regime, seen)
	as := r.URL.Query().Get("as")
	kind := map[string]string{"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8", "json": "application/json"}[as]
	if kind == "" {
		c.show(w, v, "regime", regime.Name, "regimes", report)
		return
	}
	var b bytes.Buffer
	if err := report.Write(&b, as); err != nil {
		c.fail(w, r, v, "regimes", err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "attachment; filename="+url.PathEscape(regime.ID+"-"+seen.Until.Format(time.DateOnly)+"."+as))
	_, _ = b.WriteTo(w) // who is gone needs no answer
}
