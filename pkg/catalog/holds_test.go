package catalog

import "testing"

func TestHolds(t *testing.T) {
	of := func(name string) Schema { return Schema{Types: []Tally{{Name: name, Count: 9}}, Seen: 9} }
	list := of("string")
	card := Schema{Properties: []Property{{"pan", of("integer")}}}
	rows := Schema{Items: &card}
	grid := Schema{Items: &rows}
	other := of("boolean")
	e := Endpoint{
		Params: []Param{{In: "query", Name: "page", Schema: &list}, {In: "body", Name: "a"}},
		Request: []Body{
			{Media: "application/xml", Seen: 1, Schema: Schema{Properties: []Property{{"a", of("string")}}}},
			{Media: "application/json", Seen: 5, Schema: Schema{Properties: []Property{
				{"a", of("number")}, {"cards", rows}, {"grid", grid}, {"tags", Schema{Additional: &other}},
			}}},
		},
	}
	for place, want := range map[[2]string]string{
		{"query", "page"}: "string", {"body", "a"}: "number", {"body", "cards[].pan"}: "integer", {"body", "grid[][].pan"}: "integer", {"body", "tags.x"}: "boolean",
		{"header", "page"}: "", {"query", "a"}: "", {"body", "cards.pan"}: "", {"body", "a.b"}: "", {"body", "b"}: "", {"body", ".a"}: "", {"body", "a[]"}: "",
	} {
		got := ""
		if s := e.Holds(place[0], place[1]); s != nil && len(s.Types) > 0 {
			got = s.Types[0].Name
		}
		if got != want {
			t.Errorf("%v holds %q, want %q", place, got, want)
		}
	}
}
