package catalog

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func typed(names ...string) Schema {
	var s Schema
	for _, n := range names {
		s.Types = append(s.Types, Tally{n, 1})
	}
	return s
}

func holding(properties ...Property) Schema {
	s := typed("object")
	s.Properties = properties
	return s
}

func diffBase() Endpoint {
	page := typed("integer")
	item := holding(Property{"id", typed("integer")}, Property{"state", typed("string")})
	list := typed("array")
	list.Items = &item
	return Endpoint{
		Tenant: "t", ID: "1", Method: "GET", Host: "h", Template: "/a", Hits: 10, Statuses: []Tally{{"2xx", 9}}, AuthServed: []Tally{{"jwt", 9}},
		Exposure: []Tally{{Internal, 9}}, Params: []Param{{In: "query", Name: "page", Count: 3, Schema: &page}, {In: "response", Name: "items[].id", Count: 3}},
		Responses: []Body{{Status: "2xx", Media: "application/json", Seen: 9, Schema: holding(Property{"items", list})}},
	}
}

// Each case changes one thing, and exactly that must be told.
func TestDiff(t *testing.T) {
	item := func(e *Endpoint) *Schema { return e.Responses[0].Schema.Properties[0].Schema.Items }
	cases := []struct {
		name   string
		change func(e *Endpoint)
		want   string
	}{
		{"counts are none", func(e *Endpoint) { e.Hits, e.Statuses[0].Count, e.Responses[0].Seen = 99, 50, 80 }, ""},
		{"status", func(e *Endpoint) { e.Statuses = append(e.Statuses, Tally{"5xx", 1}) }, "status-added status 5xx: > 5xx"},
		{"status gone", func(e *Endpoint) { e.Statuses = nil }, "status-removed status 2xx: 2xx >"},
		{"auth", func(e *Endpoint) { e.AuthServed = append(e.AuthServed, Tally{"none", 1}) }, "auth-changed : jwt > jwt, none"},
		{"exposure", func(e *Endpoint) { e.Exposure = append(e.Exposure, Tally{Public, 1}) }, "exposure-changed : internal > internal, public"},
		{"data", func(e *Endpoint) { e.DataClasses = []string{"email"} }, "data-classes-changed : > email"},
		{"parameter", func(e *Endpoint) {
			s := typed("string")
			e.Params = append(e.Params, Param{In: "query", Name: "q", Schema: &s})
		}, "parameter-added query q: > string"},
		{"parameter gone", func(e *Endpoint) { e.Params = e.Params[1:] }, "parameter-removed query page: integer >"},
		{"parameter type", func(e *Endpoint) {
			s := typed("string")
			e.Params[0].Schema = &s
		}, "type-changed query page: integer > string"},
		{"parameter required", func(e *Endpoint) {
			s := *e.Params[0].Schema
			s.Required = true
			e.Params[0].Schema = &s
		}, "required-changed query page: false > true"},
		{"body", func(e *Endpoint) { e.Request = []Body{{Media: "text/csv", Schema: typed("string")}} }, "body-added request text/csv: > string"},
		{"body gone", func(e *Endpoint) { e.Responses = nil }, "body-removed 2xx application/json: object >"},
		{"field", func(e *Endpoint) {
			s := item(e)
			s.Properties = append(s.Properties, Property{"z", typed("boolean")})
		}, "field-added 2xx application/json items[].z: > boolean"},
		{"field gone", func(e *Endpoint) { item(e).Properties = item(e).Properties[1:] }, "field-removed 2xx application/json items[].id: integer >"},
		{"field nullable", func(e *Endpoint) { item(e).Properties[0].Schema.Types = typed("integer", "null").Types },
			"type-changed 2xx application/json items[].id: integer > integer, null"},
		{"format", func(e *Endpoint) { item(e).Properties[1].Schema.Format = "uuid" }, "format-changed 2xx application/json items[].state: > uuid"},
		{"enum", func(e *Endpoint) { item(e).Properties[1].Schema.Enum = []string{"a", "b"} }, "enum-changed 2xx application/json items[].state: > a, b"},
		{"map", func(e *Endpoint) {
			s := typed("number")
			e.Responses[0].Schema.Additional = &s
		}, "field-added 2xx application/json {}: > number"},
		{"list gone", func(e *Endpoint) { e.Responses[0].Schema.Properties[0].Schema.Items = nil }, "field-removed 2xx application/json items[]: object >"},
	}
	if len(cases) != 19 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			after := diffBase()
			c.change(&after)
			var got []string
			for _, x := range Diff([]Endpoint{diffBase()}, []Endpoint{after}) {
				if x.Endpoint != "GET h/a" || x.ID != "1" || x.Tenant != "t" {
					t.Errorf("head of %+v", x)
				}
				got = append(got, strings.TrimSpace(x.Kind+" "+x.Where+": "+strings.TrimSpace(x.Before+" > "+x.After)))
			}
			if strings.Join(got, "\n") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDiffOfEndpoints(t *testing.T) {
	make := func(tenant, id, template string, supersedes ...string) Endpoint {
		return Endpoint{Tenant: tenant, ID: id, Method: "GET", Host: "h", Template: template, Supersedes: supersedes}
	}
	before := []Endpoint{make("t", "1", "/a/x"), make("t", "2", "/gone"), make("t", "3", "/same"), make("u", "3", "/same")}
	after := []Endpoint{make("t", "3", "/same"), make("t", "4", "/a/{string}", "1"), make("u", "3", "/same"), make("u", "1", "/new")}
	want := []string{
		"t endpoint-merged GET h/a/x > GET h/a/{string}", "t endpoint-added  > GET h/a/{string}", "t endpoint-removed GET h/gone > ", "u endpoint-added  > GET h/new",
	}
	for range 20 {
		rand.Shuffle(len(before), func(i, j int) { before[i], before[j] = before[j], before[i] })
		rand.Shuffle(len(after), func(i, j int) { after[i], after[j] = after[j], after[i] })
		var got []string
		for _, c := range Diff(before, after) {
			got = append(got, c.Tenant+" "+c.Kind+" "+c.Before+" > "+c.After)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %q", got)
		}
	}
}
