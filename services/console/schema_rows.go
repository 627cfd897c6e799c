package console

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// schemaRow is one line of a schema that is laid out as a tree.
type schemaRow struct {
	Depth    int    // 0 is a parameter, or what stands at the top of a body
	Name     string // "[]" is an element of a list, "{…}" a value under any name
	Types    string
	Format   string
	Required bool
	Enum     []string // up to shownEnum
	Others   int      // values of the enumeration beyond these
	Range    string
	Seen, Of uint64 // Of is 0 where the parent was not counted
	Old      bool   // a specification calls it deprecated
}

const (
	maxSchemaRows = 400 // of one tree; the rest is in the exported document
	maxDepth      = 24
	shownEnum     = 12
)

// schemaTree is the rows of a body, or of the parameters in one place.
type schemaTree struct {
	Title, Media string
	Seen         uint64
	Rows         []schemaRow
	More         int // rows beyond maxSchemaRows
	all          int
}

// add lays s out, under name, at depth; of is how often its parent was there.
func (t *schemaTree) add(depth int, name string, s *catalog.Schema, of uint64) {
	t.row(schemaRow{Depth: depth, Name: name, Types: byCount(s.Types), Format: s.Format, Required: s.Required, Enum: s.Enum[:min(len(s.Enum), shownEnum)],
		Others: max(0, len(s.Enum)-shownEnum), Range: ranges(s), Seen: s.Seen, Of: of, Old: s.Deprecated})
	t.inside(depth+1, s)
}

func (t *schemaTree) row(r schemaRow) {
	if t.all++; t.all <= maxSchemaRows {
		t.Rows = append(t.Rows, r)
	} else {
		t.More++
	}
}

// inside lays out what s contains.
func (t *schemaTree) inside(depth int, s *catalog.Schema) {
	if depth > maxDepth {
		return
	}
	for i := range s.Properties {
		p := &s.Properties[i]
		t.add(depth, p.Name, &p.Schema, countOf(s.Types, "object"))
	}
	if s.Additional != nil {
		t.add(depth, "{…}", s.Additional, 0)
	}
	if s.Items != nil {
		t.add(depth, "[]", s.Items, 0)
	}
}

// bodyTrees are the trees of message bodies. The root has no line of its own where
// it is just an object: its fields start at the margin.
func bodyTrees(bodies []catalog.Body) []schemaTree {
	var out []schemaTree
	for i := range bodies {
		b := &bodies[i]
		t := schemaTree{Title: b.Status, Media: b.Media, Seen: b.Seen}
		if len(b.Schema.Properties) > 0 && byCount(b.Schema.Types) == "object" {
			t.inside(0, &b.Schema)
		} else {
			t.add(0, "body", &b.Schema, b.Seen)
		}
		out = append(out, t)
	}
	return out
}

// paramTrees are the parameters by where they stand. Fields of bodies are left to
// the bodies, where the record has these; served is how many transactions could
// have had each.
func paramTrees(e *catalog.Endpoint) []schemaTree {
	served := countOf(e.Statuses, "2xx") + countOf(e.Statuses, "3xx")
	var out []schemaTree
	for _, in := range []string{"path", "query", "header", "cookie", "body", "response"} {
		if in == "body" && len(e.Request) > 0 || in == "response" && len(e.Responses) > 0 {
			continue
		}
		t := schemaTree{Title: in}
		for i := range e.Params {
			p := &e.Params[i]
			switch {
			case p.In != in:
			case p.Schema == nil:
				t.row(schemaRow{Name: p.Name, Types: byCount(p.Types), Seen: p.Count})
			default:
				s := *p.Schema
				s.Seen = max(s.Seen, p.Count)
				t.add(0, p.Name, &s, served)
			}
		}
		if len(t.Rows) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// byCount joins names, the most frequent first.
func byCount(list []catalog.Tally) string {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b catalog.Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
	return typeNames(sorted)
}

func countOf(list []catalog.Tally, name string) uint64 {
	var n uint64
	for _, t := range list {
		if t.Name == name {
			n += t.Count
		}
	}
	return n
}

// ranges are the bounds of numbers and of lengths.
func ranges(s *catalog.Schema) string {
	var out []string
	if s.Minimum != nil || s.Maximum != nil {
		out = append(out, fromTo(bound(s.Minimum), bound(s.Maximum)))
	}
	if s.MaxLength > 0 {
		out = append(out, fromTo(strconv.FormatUint(s.MinLength, 10), strconv.FormatUint(s.MaxLength, 10))+" characters")
	}
	return strings.Join(out, ", ")
}

func bound(v *float64) string {
	switch {
	case v == nil:
		return "…"
	case math.Abs(*v) < 1e15:
		return strconv.FormatFloat(*v, 'f', -1, 64)
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}

func fromTo(low, high string) string {
	if low == high {
		return low
	}
	return low + "\u2009–\u2009" + high
}

// Share of the times its parent was there that r was; empty where that is unknown.
func (r *schemaRow) Share() string {
	if r.Of == 0 || r.Seen == 0 {
		return ""
	}
	return percent(min(1, float64(r.Seen)/float64(r.Of)))
}
