package inspect

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/services/discovery/openapi"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/segmentio/encoding/json"
)

// writer keeps the first error, so that a broken pipe is told once, at the end.
type writer struct {
	b   *bufio.Writer
	err error
}

func newWriter(w io.Writer) writer { return writer{b: bufio.NewWriterSize(w, 64<<10)} }

func (w *writer) json(v any) {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = w.b.Write(append(b, '\n'))
	}
	w.err = cmp.Or(w.err, err)
}

func (w *writer) printf(format string, args ...any) {
	_, err := fmt.Fprintf(w.b, format, args...)
	w.err = cmp.Or(w.err, err)
}

// verdict is a line of --out verdicts.
type verdict struct {
	ID      json.RawMessage `json:"id"`
	Verdict string          `json:"verdict"`
	Attack  bool            `json:"attack"`
	// Score is 0 to 1: the chance that one of the findings is right, weighed by
	// severity.
	Score    float64  `json:"score"`
	Findings []string `json:"findings"`
	// Class, Rules and Terms are the signature detector's: the class of the attack, what
	// matched, and what each term of the score added.
	Class string           `json:"class,omitempty"`
	Rules []string         `json:"rules,omitempty"`
	Terms []finding.Number `json:"terms,omitempty"`
}

// explain adds what the signature detector's finding says of its score.
func (v *verdict) explain(f *finding.Finding) {
	if f.Detector != signature.Name || v.Class != "" {
		return
	}
	v.Class = strings.ToLower(strings.TrimPrefix(f.Rule, "SIG-"))
	for _, n := range f.Features {
		if name, ok := strings.CutPrefix(n.Name, signature.FeatureTerm); ok {
			v.Terms = append(v.Terms, finding.Number{Name: name, Value: n.Value})
		} else if id, ok := strings.CutPrefix(n.Name, signature.FeaturePack); ok {
			v.Rules = append(v.Rules, id)
		} else if strings.HasPrefix(n.Name, signature.FeatureCRS) {
			v.Rules = append(v.Rules, n.Name)
		}
	}
}

// attackFrom is the least severity that makes a transaction an attack.
var attackFrom = finding.Medium.Weight()

// verdicts writes a line for each event of the batch, in input order.
func (r *inspection) verdicts() {
	by := make(map[string][]*finding.Finding)
	for i := range r.raised {
		f := &r.raised[i]
		if len(r.batch) == 1 {
			by[""] = append(by[""], f)
		}
		for _, id := range f.Events {
			by[id] = append(by[id], f)
		}
	}
	for _, b := range r.batch {
		key := b.event.IDString()
		if len(r.batch) == 1 {
			key = "" // whatever was raised, this event raised it
		}
		v := verdict{ID: b.meta.RawID, Verdict: "clean", Findings: []string{}}
		if v.ID == nil {
			v.ID, _ = json.Marshal(cmp.Or(b.meta.ID, b.event.IDString())) // text always marshals
		}
		miss := 1.0
		for _, f := range by[key] {
			if w := f.Severity.Weight(); w >= attackFrom && !slices.Contains(v.Findings, f.Rule) {
				v.Verdict, v.Attack = "attack", true
				v.explain(f)
				v.Findings = append(v.Findings, f.Rule)
				miss *= 1 - f.Confidence*w
			}
		}
		if v.Verdict == "attack" {
			v.Score = math.Round((1-miss)*1e6) / 1e6 // the rest is noise of the float
			r.sum.Attacks++
		}
		r.out.json(v)
	}
}

// finish writes the results that are known only at the end.
func (r *inspection) finish() (Summary, error) {
	r.sum.Findings, r.sum.Endpoints, r.sum.Fields = len(r.order), len(r.endpoints), len(r.fields)
	r.sum.Principals, r.sum.Actions = len(r.risks), len(r.actions)
	switch r.o.Out {
	case Findings:
		for _, id := range r.order {
			if r.o.JSON {
				r.out.json(r.withInputIDs(*r.findings[id]))
			} else {
				r.readable(r.findings[id])
			}
		}
	case Endpoints:
		for _, e := range r.sortedEndpoints() {
			if r.o.JSON {
				r.out.json(endpointLine{e, e.Path(), append([]catalog.Param{}, e.Params...)})
			} else {
				r.out.printf("%8d  %-7s %s%s\n", e.Hits, e.Method, e.Host, e.Path())
			}
		}
	case Risk:
		for _, p := range r.sortedRisks() {
			if r.o.JSON {
				r.out.json(p)
			} else {
				r.out.printf("%5.1f  %-9s %s\n       %s\n", p.Risk, p.Level, p.Principal, p.Summary)
			}
		}
	case Actions:
		for i := range r.actions {
			a := &r.actions[i]
			if r.o.JSON {
				r.out.json(a)
			} else {
				r.out.printf("%s  %-9s %-7s %s %s, %s, for %s\n         %s: %s\n", a.NotBefore.Format(time.RFC3339), a.Op, a.Mode, a.Target.Type, a.Target.Value, scopeWords(a.Scope), a.NotAfter.Sub(a.NotBefore), a.Issuer, a.Evidence)
			}
		}
	case OpenAPI:
		write := openapi.YAML
		if r.o.JSON {
			write = openapi.JSON
		}
		doc, err := write(r.sortedEndpoints())
		if err != nil {
			return r.sum, err
		}
		r.out.printf("%s", doc)
	case Fields:
		for _, f := range r.sortedFields() {
			if r.o.JSON {
				r.out.json(f)
			} else {
				r.out.printf("%-10s %.2f  %s %s %s of %s  %s\n", f.Type, f.Confidence, f.Direction, f.Location, f.Path, f.Endpoint, strings.Join(f.Masked, " "))
			}
		}
	}
	return r.sum, cmp.Or(r.err, r.out.err, r.out.b.Flush())
}

// endpointLine is a line of --out endpoints: the record, with the template as clients
// spell it and a list of parameters even where there are none.
type endpointLine struct {
	catalog.Endpoint
	Template string          `json:"template"`
	Params   []catalog.Param `json:"params"`
}

// withInputIDs names events by the ids of their records. A record without one
// keeps the id that its verdict line has too.
func (r *inspection) withInputIDs(f finding.Finding) finding.Finding {
	events := make([]string, len(f.Events)) // a list even where it is empty
	for i, id := range f.Events {
		events[i] = id
		if u, err := uuid.Parse(id); err == nil {
			events[i] = cmp.Or(r.named[u], id)
		}
	}
	f.Events = events
	return f
}

func (r *inspection) readable(f *finding.Finding) {
	r.out.printf("%-8s %s  %s\n         %s\n", strings.ToUpper(string(f.Severity)), f.Rule, f.Title, f.Summary)
	for _, e := range f.Evidence {
		r.out.printf("         %s %s %s %s\n", e.Location, e.Path, e.Masked, e.Note)
	}
	if f.Counterfactual != "" {
		r.out.printf("         %s\n", f.Counterfactual)
	}
}

func scopeWords(scope string) string {
	if scope == "*" {
		return "everywhere"
	}
	return "at " + scope
}

// sortedRisks are the principals, those of the highest risk first.
func (r *inspection) sortedRisks() []risk.Principal {
	list := slices.Collect(maps.Values(r.risks))
	slices.SortFunc(list, func(a, b risk.Principal) int {
		return cmp.Or(cmp.Compare(b.Risk, a.Risk), cmp.Compare(a.Principal, b.Principal))
	})
	return list
}

func (r *inspection) sortedEndpoints() []catalog.Endpoint {
	list := make([]catalog.Endpoint, 0, len(r.endpoints))
	for _, e := range r.endpoints {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b catalog.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Template, b.Template), cmp.Compare(a.Method, b.Method))
	})
	return list
}

func (r *inspection) sortedFields() []catalog.Field {
	list := make([]catalog.Field, 0, len(r.fields))
	for _, f := range r.fields {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b catalog.Field) int {
		return cmp.Or(cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Type, b.Type))
	})
	return list
}
