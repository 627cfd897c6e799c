package regimes

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// Formats are the forms of a report.
var Formats = []string{"html", "csv", "json"}

// Write writes r in one of Formats.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "html":
		return r.html(w)
	case "csv":
		return r.csv(w)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return fmt.Errorf("format %q: one of %s", format, strings.Join(Formats, ", "))
}

//go:embed report.html
var page string

var pages = template.Must(template.New("report").Funcs(template.FuncMap{
	"day": day, "list": func(s []string) string { return strings.Join(s, ", ") },
	"finding": func(r *Report, i int) Finding { return r.Findings[i] }, "field": func(r *Report, i int) Field { return r.Fields[i] },
}).Parse(page))

func (r *Report) html(w io.Writer) error { return pages.Execute(w, r) }

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// csv is one table: a row for each requirement with each thing that touches it, and one
// for a requirement that nothing touches.
func (r *Report) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		_ = c.Write(cells) // kept, and told by Error
	}
	row("regime", "requirement", "title", "touched_by", "what", "endpoint", "place", "path", "exposed", "severity", "first_seen", "last_seen", "count", "masked", "remedy")
	for _, q := range r.Requirements {
		if len(q.Fields)+len(q.Findings) == 0 {
			row(r.Regime, q.ID, q.Title, "", "", "", "", "", "", "", "", "", "", "", q.Remedy)
		}
		for _, i := range q.Fields {
			f := &r.Fields[i]
			row(r.Regime, q.ID, q.Title, "field", f.Class, f.Endpoint, f.Place, f.Path, strings.Join(f.Exposed, " "), "", f.FirstSeen.UTC().Format(time.RFC3339), f.LastSeen.UTC().Format(time.RFC3339),
				strconv.FormatUint(f.Values, 10), strings.Join(f.Masked, " "), q.Remedy)
		}
		for _, i := range q.Findings {
			f := &r.Findings[i]
			row(r.Regime, q.ID, q.Title, "finding "+f.ID, f.Rule+": "+f.Summary, f.Endpoint, "", "", "", f.Severity, f.FirstSeen.UTC().Format(time.RFC3339), f.LastSeen.UTC().Format(time.RFC3339),
				strconv.FormatUint(f.Count, 10), strings.Join(f.Masked, " "), f.Remediation)
		}
	}
	c.Flush()
	return c.Error()
}

// inert keeps a spreadsheet from taking text for a formula: paths and names come from
// whoever sends requests.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
