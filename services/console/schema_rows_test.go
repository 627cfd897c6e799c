package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// lines are the rows of a tree as text.
func lines(trees []schemaTree) []string {
	var out []string
	for _, t := range trees {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s (%d)", t.Title, t.Media, t.Seen)))
		for _, r := range t.Rows {
			out = append(out, strings.TrimRight(fmt.Sprintf("%s%s: %s|%s|%v|%v+%d|%s|%d|%s", strings.Repeat("  ", r.Depth+1), r.Name, r.Types, r.Format, r.Required, r.Enum, r.Others, r.Range, r.Seen, r.Share()), " "))
		}
	}
	return out
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestBodyTrees(t *testing.T) {
	scalar := func(kind string, seen uint64) catalog.Schema {
		return catalog.Schema{Types: []catalog.Tally{tally(kind, seen)}, Seen: seen}
	}
	id := scalar("integer", 300)
	id.Required, id.Minimum, id.Maximum = true, pointer(1), pointer(1e20)
	kind := scalar("string", 30)
	for i := range 14 {
		kind.Enum = append(kind.Enum, string(rune('a'+i)))
	}
	element := catalog.Schema{Types: []catalog.Tally{tally("object", 300)}, Seen: 300, Properties: []catalog.Property{{Name: "id", Schema: id}, {Name: "kind", Schema: kind}}}
	rate := scalar("number", 70)
	rate.Minimum = pointer(.5)
	compare(t, lines(bodyTrees([]catalog.Body{
		{Status: "2xx", Media: "application/json", Seen: 100, Schema: catalog.Schema{Types: []catalog.Tally{tally("object", 100)}, Seen: 100, Properties: []catalog.Property{
			{Name: "items", Schema: catalog.Schema{Types: []catalog.Tally{tally("array", 60), tally("null", 39)}, Seen: 99, Items: &element}},
			{Name: "rates", Schema: catalog.Schema{Types: []catalog.Tally{tally("object", 10)}, Seen: 10, Additional: &rate}},
		}}},
		{Status: "404", Media: "text/plain", Seen: 3, Schema: catalog.Schema{Types: []catalog.Tally{tally("string", 3)}, Seen: 3, MinLength: 9, MaxLength: 9}},
		{Status: "5xx", Schema: catalog.Schema{Deprecated: true}},
	})), []string{
		"2xx application/json (100)",
		"  items: array, null||false|[]+0||99|99\u00a0%",
		"    []: object||false|[]+0||300|",
		"      id: integer||true|[]+0|1\u2009–\u20091e+20|300|100\u00a0%",
		"      kind: string||false|[a b c d e f g h i j k l]+2||30|10\u00a0%",
		"  rates: object||false|[]+0||10|10\u00a0%",
		"    {…}: number||false|[]+0|0.5\u2009–\u2009…|70|",
		"404 text/plain (3)",
		"  body: string||false|[]+0|9 characters|3|100\u00a0%",
		"5xx  (0)",
		"  body: ||false|[]+0||0|",
	})
}

// TestTreesAreBounded: a schema of an attacker's making must not make a page of
// megabytes.
func TestTreesAreBounded(t *testing.T) {
	s := catalog.Schema{Types: []catalog.Tally{tally("object", 1)}}
	for i := range 2 * maxSchemaRows {
		s.Properties = append(s.Properties, catalog.Property{Name: fmt.Sprint(i)})
	}
	for range 10 * maxDepth {
		inner := s
		s = catalog.Schema{Types: []catalog.Tally{tally("array", 1)}, Items: &inner}
	}
	deep := bodyTrees([]catalog.Body{{Schema: s}})[0]
	if len(deep.Rows) != maxDepth+1 || deep.More != 0 {
		t.Errorf("%d rows of a schema that is too deep, %d more", len(deep.Rows), deep.More)
	}
	for s.Items != nil {
		s = *s.Items
	}
	wide := bodyTrees([]catalog.Body{{Schema: s}})[0]
	if len(wide.Rows) != maxSchemaRows || wide.More != maxSchemaRows {
		t.Errorf("%d rows of a schema that is too wide, %d more", len(wide.Rows), wide.More)
	}
}

func TestParamTrees(t *testing.T) {
	schema := &catalog.Schema{Types: []catalog.Tally{tally("string", 50)}, Format: "uuid", Required: true, Seen: 50}
	e := catalog.Endpoint{Statuses: []catalog.Tally{tally("2xx", 60), tally("3xx", 40), tally("4xx", 900)}, Params: []catalog.Param{
		{In: "body", Name: "amount", Types: []catalog.Tally{tally("number", 9), tally("string", 10)}, Count: 19},
		{In: "path", Name: "id", Count: 50, Schema: schema}, {In: "query", Name: "page", Types: []catalog.Tally{tally("integer", 2)}, Count: 2}}}
	path := []string{"path  (0)", "  id: string|uuid|true|[]+0||50|50\u00a0%", "query  (0)", "  page: integer||false|[]+0||2|"}
	compare(t, lines(paramTrees(&e)), append(slices.Clone(path), "body  (0)", "  amount: string, number||false|[]+0||19|"))
	e.Request = []catalog.Body{{Media: "application/json"}}
	compare(t, lines(paramTrees(&e)), path)
}
