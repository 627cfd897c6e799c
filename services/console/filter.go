package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of what a filter takes from a URL.
const (
	maxTerm = 200 // bytes of one term
	maxPage = 200 // pages that can be turned; further back a narrower filter is faster
)

// severities, the worst first.
func severities() []string { return []string{"critical", "high", "medium", "low", "info"} }

// findingFilter is the state of the findings page. The URL holds all of it. Any
// URL gives a filter: what is not understood is left out and named in Ignored.
type findingFilter struct {
	Text      string // anywhere in the statement or the subject
	Severity  []string
	Detector  string
	Rule      string
	Principal string
	Endpoint  string // id in the catalog
	Span      string // name of a span; empty is all time, unless From or To is set
	From, To  time.Time
	Page      int // from 1
	Ignored   []string
}

// dateLayout is what <input type="datetime-local"> sends.
const dateLayout = "2006-01-02T15:04"

func parseFindingFilter(q url.Values) findingFilter {
	var f findingFilter
	term := func(name string) string {
		v := q.Get(name)
		if len(v) > maxTerm || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			f.Ignored = append(f.Ignored, name)
			return ""
		}
		return strings.TrimSpace(v)
	}
	f.Text, f.Detector, f.Rule = term("q"), term("detector"), term("rule")
	f.Principal, f.Endpoint = term("principal"), term("endpoint")
	for _, s := range severities() {
		if slices.Contains(q["severity"], s) {
			f.Severity = append(f.Severity, s)
		}
	}
	for _, s := range q["severity"] {
		if s != "" && !slices.Contains(severities(), s) {
			f.Ignored = append(f.Ignored, "severity")
			break
		}
	}
	if s := q.Get("range"); s != "" {
		if _, ok := spanByName(s); ok {
			f.Span = s
		} else {
			f.Ignored = append(f.Ignored, "range")
		}
	}
	moment := func(name string) time.Time {
		v := q.Get(name)
		if v == "" {
			return time.Time{}
		}
		for _, layout := range []string{dateLayout, time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
				return t.UTC()
			}
		}
		f.Ignored = append(f.Ignored, name)
		return time.Time{}
	}
	f.From, f.To = moment("from"), moment("to")
	if !f.From.IsZero() || !f.To.IsZero() {
		f.Span = "" // dates say it more exactly
	}
	f.Page = parsePage(q)
	return f
}

func parsePage(q url.Values) int {
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxPage)
}

// values is the filter as a URL holds it: parse of it is the filter again.
func (f findingFilter) values() url.Values {
	q := url.Values{}
	set := func(name, v string) {
		if v != "" {
			q.Set(name, v)
		}
	}
	set("q", f.Text)
	set("detector", f.Detector)
	set("rule", f.Rule)
	set("principal", f.Principal)
	set("endpoint", f.Endpoint)
	set("range", f.Span)
	for _, s := range f.Severity {
		q.Add("severity", s)
	}
	if !f.From.IsZero() {
		q.Set("from", f.From.Format(time.RFC3339))
	}
	if !f.To.IsZero() {
		q.Set("to", f.To.Format(time.RFC3339))
	}
	if f.Page > 1 {
		q.Set("page", strconv.Itoa(f.Page))
	}
	return q
}

// Active says whether anything is filtered at all.
func (f findingFilter) Active() bool {
	f.Page = 1
	return len(f.values()) > 0
}

// Has says whether severity s is asked for.
func (f findingFilter) Has(s string) bool { return slices.Contains(f.Severity, s) }

// bounds are the times that the filter lets through at now.
func (f findingFilter) bounds(now time.Time) (from, to time.Time) {
	from, to = time.Unix(0, 0).UTC(), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	if s, ok := spanByName(f.Span); ok {
		from = now.Add(-s.Length)
	}
	if !f.From.IsZero() {
		from = f.From
	}
	if !f.To.IsZero() {
		to = f.To
	}
	return from, to
}

// listFilter is the state of the page of fields.
type listFilter struct {
	ID    string // of one row alone; not from the address
	Text  string
	Kind  string // type
	Place string // direction
	All   bool   // also those not confirmed
	Page  int
}

func parseListFilter(q url.Values) listFilter {
	term := func(name string) string {
		if v := q.Get(name); len(v) <= maxTerm && utf8.ValidString(v) && !strings.ContainsRune(v, 0) {
			return strings.TrimSpace(v)
		}
		return ""
	}
	return listFilter{Text: term("q"), Kind: term("kind"), Place: term("place"), All: q.Get("all") == "1", Page: parsePage(q)}
}

func (f listFilter) values() url.Values {
	q := url.Values{}
	for _, p := range [][2]string{{"q", f.Text}, {"kind", f.Kind}, {"place", f.Place}} {
		if p[1] != "" {
			q.Set(p[0], p[1])
		}
	}
	if f.All {
		q.Set("all", "1")
	}
	if f.Page > 1 {
		q.Set("page", strconv.Itoa(f.Page))
	}
	return q
}

// Active says whether anything is filtered at all.
func (f listFilter) Active() bool { return f.Text != "" || f.Kind != "" || f.Place != "" }
