package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

func at(line int) Place { return Place{File: "o.yaml", Line: line} }

func TestConstraints(t *testing.T) {
	number := func(low, high float64, n int) catalog.Schema {
		return catalog.Schema{Types: types("integer", n), Minimum: &low, Maximum: &high}
	}
	text := func(short, long uint64, format string, n int) catalog.Schema {
		return catalog.Schema{Types: types("string", n), MinLength: short, MaxLength: long, Format: format}
	}
	words := func(list ...string) catalog.Schema {
		return catalog.Schema{Types: types("string", 100), Enum: list, MinLength: 1, MaxLength: 20}
	}
	bounds := func(low, high float64) *Schema {
		return &Schema{Types: []string{"integer"}, Minimum: &low, Maximum: &high, Places: map[string]Place{"minimum": at(31), "maximum": at(32)}}
	}
	lengths := &Schema{Types: []string{"string"}, MinLength: 3, MaxLength: 10, Places: map[string]Place{"minLength": at(33), "maxLength": at(34)}}
	formatted := func(name string) *Schema {
		return &Schema{Types: []string{"string"}, Format: name, Places: map[string]Place{"format": at(35)}}
	}
	pattern := func(p string) *Schema {
		return &Schema{Types: []string{"string"}, Pattern: p, Places: map[string]Place{"pattern": at(36)}}
	}
	cases := []struct {
		name string
		seen catalog.Schema
		doc  *Schema
		want string // "aspect place count/of"
		says string
	}{
		{"numbers within", number(1, 9, 100), bounds(1, 9), "", ""},
		{"one above", number(1, 12, 100), bounds(1, 9), "maximum o.yaml:32 1/100", "held numbers up to 12, and o.yaml:32 permits none above 9"},
		{"one below", number(-2.5, 5, 100), bounds(1, 9), "minimum o.yaml:31 1/100", "held numbers down to -2.5, and o.yaml:31 permits none below 1"},
		{"above and below", number(0, 12, 100), bounds(1, 9), "minimum o.yaml:31 1/100, maximum o.yaml:32 1/100", ""},
		{"all above", number(10, 12, 100), bounds(1, 9), "maximum o.yaml:32 100/100", ""},
		{"seen too seldom", number(10, 12, 2), bounds(1, 9), "", ""},
		{"without bounds in the record", catalog.Schema{Types: types("integer", 100)}, bounds(1, 9), "", ""},
		{"too large for int32", number(1, 1<<31, 100), &Schema{Types: []string{"integer"}, Format: "int32"}, "maximum o.yaml:11 1/100", "permits none above 2147483647"},
		{"int64 is not told", number(1, 1<<40, 100), &Schema{Types: []string{"integer"}, Format: "int64"}, "", ""},
		{"texts within", text(3, 10, "", 100), lengths, "", ""},
		{"one longer", text(3, 11, "", 100), lengths, "maxLength o.yaml:34 1/100", "held texts of 11 characters, and o.yaml:34 permits at most 10"},
		{"one empty", text(0, 10, "", 100), lengths, "minLength o.yaml:33 1/100", "held texts of 0 characters, and o.yaml:33 requires at least 3"},
		{"all longer", text(11, 20, "", 100), lengths, "maxLength o.yaml:34 100/100", ""},
		{"without lengths in the record", text(0, 0, "", 100), lengths, "", ""},
		{"of the format", text(36, 36, "uuid", 100), formatted("uuid"), "", ""},
		{"the same by another name", text(36, 36, "uuid", 100), formatted("guid"), "", ""},
		{"either address", text(7, 15, "ipv4", 100), formatted("ip"), "", ""},
		{"another format", text(9, 40, "email", 100), formatted("uuid"), "format o.yaml:35 95/100", "held email values, and o.yaml:35 says uuid"},
		{"another format, and empty texts", text(0, 40, "email", 100), formatted("uuid"), "format o.yaml:35 1/100", ""},
		{"no format", text(1, 40, "", 100), formatted("uuid"), "format o.yaml:35 6/100", "at least 6 of 100 texts of field \"v\" of the request body are no uuid, as o.yaml:35 says"},
		{"no format: too few to say", text(1, 40, "", 19), formatted("uuid"), "", ""},
		{"no format: empty texts have none", text(0, 40, "", 100), formatted("uuid"), "", ""},
		{"no format: of URIs not all are told", text(1, 40, "", 100), formatted("uri"), "", ""},
		{"a format that nobody tells", text(1, 40, "email", 100), formatted("hostname"), "", ""},
		{"words of the pattern", words("A1", "B2"), pattern("^[A-Z][0-9]$"), "", ""},
		{"words that are not", words("A1", "b2", "c3"), pattern("^[A-Z][0-9]$"), "value o.yaml:36 100/100", `values such as ["b2" "c3"], which are not of the pattern "^[A-Z][0-9]$" at o.yaml:36`},
		{"a pattern that is not read here", words("A1"), pattern("^(?=.*x)"), "", ""},
		{"values that discovery does not list", text(1, 9, "", 100), pattern("^x$"), "", ""},
		{"a list before a pattern", words("b"), &Schema{Types: []string{"string"}, Enum: []string{"a"}, Pattern: "b", Places: map[string]Place{"enum": at(37)}}, "value o.yaml:37 100/100", "not among those at o.yaml:37"},
	}
	for _, c := range cases {
		c.doc.Where = at(11)
		s := orders()
		s.Operations[0].Request = []Body{{Media: "application/json", Where: at(5), Schema: &Schema{Types: []string{"object"}, Properties: []Property{{Name: "v", Schema: c.doc}}, Where: at(10)}}}
		o := seen(func(o *observed) { o.request = body("", "application/json", prop("v", 100, c.seen)) })
		var got []string
		all := compare([]*Specification{s}, []observed{o}, noon.Add(2*time.Hour), Defaults())
		ids := map[string]bool{}
		for _, d := range all {
			got = append(got, fmt.Sprintf("%s %s %s", d.Aspect, d.Where, ratio(d)))
			ids[Finding("t", d, noon).ID] = true
			if d.Name != "request body:v" {
				t.Errorf("%s: name %q", c.name, d.Name)
			}
		}
		if strings.Join(got, ", ") != c.want || c.says != "" && !strings.Contains(all[0].Summary, c.says) || len(ids) != len(all) {
			t.Errorf("%s: got %q, want %q; %+v", c.name, strings.Join(got, ", "), c.want, all)
		}
	}
	if len(cases) != 29 {
		t.Errorf("%d cases", len(cases))
	}
}

// Types of parameters are guessed from text, so less is sure of them; of a list that
// may stand in one value nothing is.
func TestConstraintsOfParameters(t *testing.T) {
	low, high := 1.0, 500.0
	most := 100.0
	s := orders()
	s.Operations[0].Template = "/orders/{id}"
	s.Operations[0].Params = []Param{
		{In: "query", Name: "limit", Schema: &Schema{Types: []string{"integer"}, Maximum: &most}, Where: at(21)},
		{In: "query", Name: "mail", Schema: &Schema{Types: []string{"string"}, Format: "email"}, Where: at(22)},
		{In: "query", Name: "ids", Schema: &Schema{Types: []string{"array"}, Items: &Schema{Types: []string{"string"}, MaxLength: 3}}, Where: at(23)},
		{In: "path", Name: "id", Schema: &Schema{Types: []string{"string"}, Format: "uuid"}, Where: at(24)},
	}
	param := func(in, name string, s catalog.Schema) catalog.Param {
		return catalog.Param{In: in, Name: name, Count: 100, Types: s.Types, Schema: &s}
	}
	o := seen(func(o *observed) {
		o.template = "/orders/{string}"
		o.params = []catalog.Param{
			param("path", "orders_id", catalog.Schema{Types: types("string", 100), Format: "date", MinLength: 10, MaxLength: 10}),
			param("query", "ids", catalog.Schema{Types: types("string", 100), MinLength: 1, MaxLength: 300}),
			param("query", "limit", catalog.Schema{Types: types("integer", 100), Minimum: &low, Maximum: &high}),
			param("query", "mail", catalog.Schema{Types: types("string", 100), MinLength: 3, MaxLength: 9}),
		}
	})
	var got []string
	for _, d := range compare([]*Specification{s}, []observed{o}, noon.Add(2*time.Hour), Defaults()) {
		got = append(got, d.Aspect+" "+d.Name+" "+d.Where.String()+" "+ratio(d))
	}
	if want := []string{"maximum query:limit o.yaml:21 1/100", "format path:id o.yaml:24 1/100"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
