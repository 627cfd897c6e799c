package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// inventory is the state of the endpoints page. The URL holds all of it, and any
// URL gives one: what is not understood is left out and named in Ignored.
type inventory struct {
	Text string // words; each stands somewhere in "METHOD host/template"
	// Picked are values by facet, in the order of facets(). Within a facet any of
	// them will do, and every facet must be content.
	Picked  [][]string
	Sort    string
	Page    int // from 1
	Ignored []string
}

// facet is one way to narrow the inventory. Values are those it has; none means
// that the catalog says. With One a value takes the place of the one before.
type facet struct {
	Name, Label string
	Values      []facetValue
	One         bool
}

type facetValue struct{ Name, Label string }

// facets in the order in which the query makes them: see store_inventory.go.
func facets() []facet {
	return []facet{
		{Name: "risk", Label: "Risk", Values: []facetValue{{"high", "high, 60 and more"}, {"medium", "medium, 30 to 59"}, {"low", "low, below 30"}}},
		{Name: "exposure", Label: "Exposure"},
		{Name: "auth", Label: "Identity"},
		{Name: "sensitive", Label: "Sensitive fields", Values: []facetValue{{"yes", "has confirmed ones"}}, One: true},
		{Name: "new", Label: "New", Values: []facetValue{{"1", "since a day"}, {"7", "since 7 days"}, {"30", "since 30 days"}}, One: true},
		{Name: "unseen", Label: "Not seen", Values: []facetValue{{"1", "for a day"}, {"7", "for 7 days"}, {"30", "for 30 days"}}, One: true},
		{Name: "method", Label: "Method"},
		{Name: "protocol", Label: "Protocol"},
		{Name: "host", Label: "Host"},
	}
}

func facetIndex(name string) int {
	return slices.IndexFunc(facets(), func(f facet) bool { return f.Name == name })
}

// names are those of the values.
func (f *facet) names() []string {
	var out []string
	for _, v := range f.Values {
		out = append(out, v.Name)
	}
	return out
}

// What a band of risk starts at.
const (
	highRisk   = 60
	mediumRisk = 30
)

// riskBand names the band of a score.
func riskBand(score int) string {
	switch {
	case score >= highRisk:
		return "high"
	case score >= mediumRisk:
		return "medium"
	}
	return "low"
}

// sortOrder is one order of the inventory. Its SQL is ours, never a reader's.
type sortOrder struct{ Name, Label, sql string }

func sortOrders() []sortOrder {
	return []sortOrder{
		{"risk", "Risk", "risk DESC, hits DESC"},
		{"hits", "Requests", "hits DESC"},
		{"last", "Last seen", "last_seen DESC"},
		{"first", "Newest", "first_seen DESC"},
		{"name", "Name", "host, template, method"},
	}
}

// maxPicked bounds the values of one facet.
const maxPicked = 20

func parseInventory(q url.Values) inventory {
	f := inventory{Picked: make([][]string, len(facets())), Sort: "risk", Page: parsePage(q)}
	plain := func(v string) bool { return len(v) <= maxTerm && utf8.ValidString(v) && !strings.ContainsRune(v, 0) }
	if v := q.Get("q"); plain(v) {
		f.Text = strings.TrimSpace(v)
	} else {
		f.Ignored = append(f.Ignored, "q")
	}
	for i, kind := range facets() {
		known, bad := kind.names(), false
		for _, v := range q[kind.Name] {
			switch {
			case v == "" || slices.Contains(f.Picked[i], v):
			case !plain(v) || known != nil && !slices.Contains(known, v) || len(f.Picked[i]) == maxPicked || kind.One && len(f.Picked[i]) > 0:
				bad = true
			default:
				f.Picked[i] = append(f.Picked[i], v)
			}
		}
		slices.Sort(f.Picked[i])
		if bad {
			f.Ignored = append(f.Ignored, kind.Name)
		}
	}
	if v := q.Get("sort"); slices.ContainsFunc(sortOrders(), func(s sortOrder) bool { return s.Name == v }) {
		f.Sort = v
	} else if v != "" {
		f.Ignored = append(f.Ignored, "sort")
	}
	return f
}

// values is the state as a URL holds it: parse of it is the state again.
func (f inventory) values() url.Values {
	q := url.Values{}
	if f.Text != "" {
		q.Set("q", f.Text)
	}
	for i, kind := range facets() {
		for _, v := range f.Picked[i] {
			q.Add(kind.Name, v)
		}
	}
	if f.Sort != "risk" {
		q.Set("sort", f.Sort)
	}
	if f.Page > 1 {
		q.Set("page", strconv.Itoa(f.Page))
	}
	return q
}

// Active says whether anything is filtered at all.
func (f inventory) Active() bool {
	return f.Text != "" || slices.ContainsFunc(f.Picked, func(v []string) bool { return len(v) > 0 })
}

// toggled is f with value v of facet i put in, or taken out where it is in.
func (f inventory) toggled(i int, v string) inventory {
	f.Picked, f.Page = slices.Clone(f.Picked), 1
	switch at := slices.Index(f.Picked[i], v); {
	case at >= 0:
		f.Picked[i] = slices.Delete(slices.Clone(f.Picked[i]), at, at+1)
	case facets()[i].One:
		f.Picked[i] = []string{v}
	default:
		f.Picked[i] = append(slices.Clone(f.Picked[i]), v)
		slices.Sort(f.Picked[i])
	}
	return f
}

// address of the page in this state.
func (f inventory) address() string {
	if q := f.values(); len(q) > 0 {
		return "/endpoints?" + q.Encode()
	}
	return "/endpoints"
}

// order is the SQL of Sort; the rest makes it total.
func (f inventory) order() string {
	for _, s := range sortOrders() {
		if s.Name == f.Sort {
			return s.sql + ", host, template, method, id"
		}
	}
	return "id"
}
