package regimes

import (
	"cmp"
	"slices"
	"time"
)

// How an endpoint is reached.
const (
	Unauthenticated = "unauthenticated"
	Public          = "public"
	Partner         = "partner"
	Internal        = "internal"
)

// Seen is what a report is made from: what ClickHouse holds of one tenant.
type Seen struct {
	Tenant string
	// Since and Until bound the findings by their newest event, and the fields by the time
	// at which they were last seen.
	Since, Until time.Time
	Fields       []Field
	Findings     []Finding
}

// Field is a place at which data of a class was found, with how its endpoint is reached.
type Field struct {
	ID         string    `json:"id"`
	Class      string    `json:"class"`
	Kind       string    `json:"kind"`
	Endpoint   string    `json:"endpoint"`
	EndpointID string    `json:"endpoint_id"`
	Place      string    `json:"place"` // direction.location
	Path       string    `json:"path,omitempty"`
	Confidence float64   `json:"confidence"`
	Values     uint64    `json:"values"` // that passed the check
	Masked     []string  `json:"masked,omitempty"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
	// Exposed is who was served: unauthenticated, public, partner, internal.
	Exposed  []string `json:"exposed"`
	Callers  uint64   `json:"callers"` // principals, estimated
	Services []string `json:"services,omitempty"`
	also     []string // ids of the fields that are part of it, as their endpoints are
}

// Is says whether the field of that id is this one, or became part of it.
func (f *Field) Is(id string) bool { return f.ID == id || slices.Contains(f.also, id) }

// Finding is one that is about the time of the report.
type Finding struct {
	ID          string    `json:"id"`
	Rule        string    `json:"rule"`
	Title       string    `json:"title"`
	Severity    string    `json:"severity"`
	Summary     string    `json:"summary"`
	Endpoint    string    `json:"endpoint,omitempty"`
	EndpointID  string    `json:"endpoint_id,omitempty"`
	Count       uint64    `json:"count"`
	FirstSeen   time.Time `json:"first_seen"`
	LastSeen    time.Time `json:"last_seen"`
	Events      []string  `json:"events,omitempty"`
	Masked      []string  `json:"masked,omitempty"`
	Remediation string    `json:"remediation,omitempty"`
}

// Notice stands on every report.
const Notice = "An engineering aid, not legal advice: it lists what was observed in copies of API traffic and which requirements that touches. It does not say that a requirement is met."

// Report is what one regime is told.
type Report struct {
	Regime       string    `json:"regime"`
	Name         string    `json:"name"`
	Version      string    `json:"version"`
	About        string    `json:"about"`
	Notice       string    `json:"notice"`
	Tenant       string    `json:"tenant"`
	Since        time.Time `json:"since"`
	Until        time.Time `json:"until"`
	Endpoints    int       `json:"endpoints"` // in scope
	Open         int       `json:"open"`      // requirements that something touches
	Requirements []Touched `json:"requirements"`
	Fields       []Field   `json:"fields"`   // data in scope, where it flows
	Findings     []Finding `json:"findings"` // that touch a requirement
	Flow         Flow      `json:"-"`        // of Fields
}

// Touched is a requirement with what touches it, as places in the report's lists.
type Touched struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Remedy   string `json:"remedy"`
	Fields   []int  `json:"fields"`
	Findings []int  `json:"findings"`
}

// Report makes the report of r from what was seen.
func (s *Set) Report(r *Regime, seen *Seen) *Report {
	out := &Report{Regime: r.ID, Name: r.Name, Version: r.Version, About: r.About, Notice: Notice, Tenant: seen.Tenant, Since: seen.Since, Until: seen.Until,
		Fields: []Field{}, Findings: []Finding{}}
	scope := map[string]bool{} // endpoints
	for _, f := range seen.Fields {
		if k := s.KindOf(f.Class); k != nil && slices.Contains(r.anchors(), k.Name) {
			scope[f.EndpointID] = true
		}
	}
	for _, f := range seen.Fields {
		k := s.KindOf(f.Class)
		if k == nil || !slices.Contains(r.Kinds, k.Name) || !scope[f.EndpointID] {
			continue
		}
		f.Kind = k.Name
		out.Fields = append(out.Fields, f)
	}
	slices.SortFunc(out.Fields, func(a, b Field) int {
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Class, b.Class))
	})
	out.Endpoints, out.Flow = len(scope), NewFlow(s, out.Fields)

	findings := slices.Clone(seen.Findings)
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank(b.Severity), rank(a.Severity)), b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID, b.ID))
	})
	at := map[string]int{} // of a finding in the report
	for _, q := range r.Requirements {
		t := Touched{ID: q.ID, Title: q.Title, Remedy: q.Remedy, Fields: []int{}, Findings: []int{}}
		for i := range out.Fields {
			if q.Fields.touch(&out.Fields[i]) {
				t.Fields = append(t.Fields, i)
			}
		}
		for _, f := range findings {
			// A scan is about no endpoint, and so about each of them.
			all := q.Anywhere || f.EndpointID == "" && len(scope) > 0
			if !q.names(f.Rule) || !all && !scope[f.EndpointID] {
				continue
			}
			i, ok := at[f.ID]
			if !ok {
				i = len(out.Findings)
				at[f.ID] = i
				out.Findings = append(out.Findings, f)
			}
			t.Findings = append(t.Findings, i)
		}
		if len(t.Fields)+len(t.Findings) > 0 {
			out.Open++
		}
		out.Requirements = append(out.Requirements, t)
	}
	return out
}

func (r *Regime) anchors() []string {
	if len(r.Anchor) > 0 {
		return r.Anchor
	}
	return r.Kinds
}

func (q *Requirement) names(rule string) bool {
	return slices.ContainsFunc(q.Rules, func(pattern string) bool { return fits(pattern, rule) })
}

func (f *Fields) touch(x *Field) bool {
	return f != nil && (len(f.Kinds) == 0 || slices.Contains(f.Kinds, x.Kind)) && (len(f.Where) == 0 || slices.Contains(f.Where, x.Place)) &&
		(len(f.Exposed) == 0 || slices.ContainsFunc(f.Exposed, func(e string) bool { return slices.Contains(x.Exposed, e) }))
}

func rank(severity string) int {
	return slices.Index([]string{"info", "low", "medium", "high", "critical"}, severity)
}
