package spec

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// What counted bodies, callers and GraphQL operations show: cases on what the
// comparison works on, whatever of it the catalog has.

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func types(pairs ...any) (out []catalog.Tally) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, catalog.Tally{Name: pairs[i].(string), Count: uint64(pairs[i+1].(int))})
	}
	return out
}

func prop(name string, seen uint64, s catalog.Schema) catalog.Property {
	s.Seen = seen
	return catalog.Property{Name: name, Schema: s}
}

func order() *Schema {
	text := &Schema{Types: []string{"string"}, Where: Place{"o.yaml", "/text", 20}}
	return &Schema{Types: []string{"object"}, Where: Place{"o.yaml", "/order", 10}, Properties: []Property{
		{Name: "id", Required: true, Schema: &Schema{Types: []string{"integer"}, Where: Place{"o.yaml", "/id", 11}}},
		{Name: "note", Schema: text},
		{Name: "state", Schema: &Schema{Types: []string{"string"}, Enum: []string{"new", "paid"}, Where: Place{"o.yaml", "/state", 13}}},
		{Name: "tags", Schema: &Schema{Types: []string{"object"}, Additional: text, Where: Place{"o.yaml", "/tags", 14}}},
	}}
}

func orders() *Specification {
	at := Place{"o.yaml", "/paths", 5}
	ok := Place{"o.yaml", "/paths/200", 6}
	return &Specification{File: "o.yaml", Format: "openapi 3.1.0", Servers: []Server{{Host: "h"}}, Operations: []Operation{{
		Protocol: "rest", Method: "POST", Template: "/orders", Where: at,
		Request:   []Body{{Media: "application/json", Schema: order(), Where: at}, {Media: "text/*", Where: at}},
		Statuses:  []Status{{"200", ok}, {"4XX", ok}},
		Responses: []Body{{Status: "200", Media: "application/json", Schema: order(), Where: ok}},
	}}}
}

func seen(change func(*observed)) observed {
	o := observed{
		id: "1", label: "POST h/orders", host: "h", method: "POST", template: "/orders", protocol: "rest",
		first: noon, last: noon.Add(2 * time.Hour), hits: 100, answered: 100, statuses: types("2xx", 100),
	}
	change(&o)
	return o
}

func body(status, media string, properties ...catalog.Property) []catalog.Body {
	return []catalog.Body{{Status: status, Media: media, Seen: 100, Schema: catalog.Schema{Types: types("object", 100), Seen: 100, Properties: properties}}}
}

func TestBodies(t *testing.T) {
	integer, text := catalog.Schema{Types: types("integer", 100)}, catalog.Schema{Types: types("string", 100)}
	id := prop("id", 100, integer)
	cases := []struct {
		name   string
		change func(*observed)
		want   []string
	}{
		{"as documented", func(o *observed) {
			o.request = body("", "application/json", id, prop("note", 3, text), prop("tags", 5, catalog.Schema{Types: types("object", 5), Additional: &catalog.Schema{Types: types("string", 5)}}))
		}, nil},
		{"required at times", func(o *observed) {
			o.request = body("", "application/json", prop("id", 80, integer), prop("note", 100, text))
		},
			[]string{"required request body:id o.yaml:10 20/100"}},
		{"required nearly always: truncation", func(o *observed) { o.request = body("", "application/json", prop("id", 98, integer)) }, nil},
		{"required never", func(o *observed) { o.responses = body("2xx", "application/json", prop("note", 100, text)) },
			[]string{"required response 2xx:id o.yaml:10 100/100"}},
		{"null where it is not documented", func(o *observed) {
			o.request = body("", "application/json", id, prop("note", 100, catalog.Schema{Types: types("null", 10, "string", 90)}))
		}, []string{"type request body:note o.yaml:20 10/100"}},
		{"a number for a text", func(o *observed) { o.request = body("", "application/json", id, prop("note", 100, integer)) },
			[]string{"type request body:note o.yaml:20 100/100"}},
		{"a value that is not listed", func(o *observed) {
			o.request = body("", "application/json", id, prop("state", 100, catalog.Schema{Types: types("string", 100), Enum: []string{"lost", "new"}}))
		}, []string{"value request body:state o.yaml:13 100/100"}},
		{"an undocumented field", func(o *observed) { o.responses = body("2xx", "application/json", id, prop("secret", 50, text)) },
			[]string{"parameter response 2xx:secret o.yaml:10 100/100"}},
		{"a map of another type", func(o *observed) {
			o.request = body("", "application/json", id, prop("tags", 9, catalog.Schema{Types: types("object", 9), Additional: &catalog.Schema{Types: types("integer", 9)}}))
		}, []string{"type request body:tags.{...} o.yaml:20 9/9"}},
		{"another media type", func(o *observed) { o.request = body("", "application/xml", id) },
			[]string{"media request body:application/xml o.yaml:5 100/100"}},
		{"a range of media types", func(o *observed) { o.request = body("", "text/plain", id) }, nil},
		{"a status that is not documented is said once", func(o *observed) {
			o.responses = body("5xx", "application/json", id)
			o.statuses, o.hits = types("2xx", 90, "5xx", 10), 100
		}, []string{"status 5xx o.yaml:5 10/100"}},
		{"a body of a status that has none", func(o *observed) { o.responses = body("404", "application/json", id) },
			[]string{"body response 404 o.yaml:6 100/100"}},
		{"fields by number, as without descriptors", func(o *observed) {
			o.request = body("", "application/json", prop("1", 100, text), prop("12", 100, text))
		}, nil},
		{"few callers", func(o *observed) { o.callers, o.request = 2, body("", "application/xml", id) }, nil},
	}
	for _, c := range cases {
		var got []string
		for _, d := range compare([]*Specification{orders()}, []observed{seen(c.change)}, noon.Add(2*time.Hour), Defaults()) {
			got = append(got, strings.TrimSpace(strings.Join([]string{d.Aspect, d.Name, d.Where.String(), ratio(d)}, " ")))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if len(cases) != 15 {
		t.Errorf("%d cases", len(cases))
	}
}

// What the catalog knows of bodies, callers and identities is compared, not only what
// older records had.
func TestWhatTheCatalogKnowsIsCompared(t *testing.T) {
	e := catalog.Endpoint{
		ID: "1", Tenant: "t", Host: "h", Method: "POST", Template: "/orders", Protocol: "rest", Source: catalog.Learned, FirstSeen: noon, LastSeen: noon.Add(2 * time.Hour),
		Hits: 100, Statuses: types("2xx", 100), Auth: types("jwt", 99, "none", 1), AuthServed: types("jwt", 95, "none", 5), Callers: 9,
		Params:    []catalog.Param{{In: "body", Name: "older", Types: types("string", 100), Count: 100}},
		Request:   body("", "application/xml", prop("id", 100, catalog.Schema{Types: types("integer", 100)})),
		Responses: body("2xx", "application/json", prop("note", 100, catalog.Schema{Types: types("string", 100)})),
	}
	s := orders()
	s.Operations[0].Auth = []Auth{{Kind: "bearer"}}
	aspects := func() (got []string) {
		for _, d := range Compare([]*Specification{s}, []catalog.Endpoint{e}, noon.Add(2*time.Hour), Defaults()) {
			got = append(got, strings.TrimSpace(d.Aspect+" "+d.Name+" "+ratio(d)))
		}
		return got
	}
	if got, want := aspects(), []string{"auth none 5/100", "media request body:application/xml 100/100", "required response 2xx:id 100/100"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	e.Callers = 2
	if got := aspects(); got != nil {
		t.Errorf("two callers: %q", got)
	}
}

func ratio(d Difference) string {
	n := func(v uint64) string {
		var b []byte
		for ; v > 9; v /= 10 {
			b = append([]byte{byte('0' + v%10)}, b...)
		}
		return string(append([]byte{byte('0' + v)}, b...))
	}
	return n(d.Count) + "/" + n(d.Of)
}

func TestCallers(t *testing.T) {
	for callers, want := range map[uint64]int{0: 1, 1: 0, 2: 0, 3: 1, 1000: 1} {
		o := seen(func(o *observed) { o.template, o.label, o.callers = "/internal", "POST h/internal", callers })
		if got := compare([]*Specification{orders()}, []observed{o}, noon, Defaults()); len(got) != want {
			t.Errorf("%d callers: %+v", callers, got)
		}
	}
}

// GraphQL operations are compared by name, and only where they are observed.
func TestGraphQLOperations(t *testing.T) {
	at := Place{"g.graphql", "Query.user", 3}
	s := &Specification{File: "g.graphql", Format: "graphql", Operations: []Operation{
		{Protocol: "graphql", Name: "query user", Method: "POST", Template: "/graphql", Where: at, Deprecated: true},
		{Protocol: "graphql", Name: "query users", Method: "POST", Template: "/graphql", Where: at},
	}}
	run := func(operations ...string) (kinds []string) {
		var list []observed
		for _, name := range operations {
			o := seen(func(o *observed) { o.protocol, o.template, o.label = "graphql", "/graphql", "POST h/graphql#"+name })
			if name != "" {
				o.operations = []string{name}
			}
			list = append(list, o)
		}
		o := Defaults()
		o.OrphanAfter = time.Hour
		for _, d := range compare([]*Specification{s}, list, noon.Add(2*time.Hour), o) {
			kinds = append(kinds, string(d.Kind)+" "+d.Operation)
		}
		return kinds
	}
	if got := run(""); got != nil {
		t.Errorf("unknown operations: %v", got)
	}
	if got := run("query user", "query users", "query secret"); !slices.Equal(got, []string{"zombie query user", "shadow "}) {
		t.Errorf("%v", got)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"{id}", "x", true}, {"{id}", "", false}, {"a", "a", true}, {"a", "b", false}, {"{id}.json", "{int}.json", true}, {"{id}.json", ".json", false},
		{"Orders({id})", "Orders({int})", true}, {"Orders({id})", "Orders()", false}, {"{a}-{b}", "x-y", true}, {"{a}-{b}", "x-", false},
		{"{a}-{b}", "-y", false}, {"{a}{b}", "x", true}, {"v{major}", "v2", true}, {"v{major}", "w2", false}, {"{open", "{open", true}, {"{a}.b.{c}", "1.b.2", true},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("%q and %q: %v", c.pattern, c.text, got)
		}
	}
}

func TestSegment(t *testing.T) {
	for _, c := range []struct {
		want, learned string
		is            relation
	}{
		{"a", "a", same}, {"a", "b", different}, {"{id}", "a", covered}, {"{id}", "{int}", same}, {"a", "{string}", merged}, {"a", "{int}", different},
		{"{id}.json", "{string}.json", same}, {"{id}.json", "{string}.xml", different}, {"{id}.json", "a.json", covered},
		{"{id}", "{string}.json", covered}, {"{id}", "{int}:cancel", covered}, {"@{id}", "@{string}", same},
		{"a.json", "{string}.json", merged}, {"a.xml", "{string}.json", different}, {"{id}.json", "{string}", merged}, {"{id}.json", "{int}", different},
		{"2010-04-01", "{date}", same},
	} {
		if got := segment(c.want, c.learned); got != c.is {
			t.Errorf("documented %s and learned %s: %d, want %d", c.want, c.learned, got, c.is)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("{a}-{b}", "x-y")
	f.Add("v{x}.json", "v1.json")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		glob(pattern, text)
		p := newPattern(nil, &Operation{Template: pattern}, Server{})
		p.covers(segments(text))
		shape(pattern)
		// A template of parameters alone covers itself.
		if literal := !strings.ContainsAny(text, "{}"); literal && text != "" && !glob("{p}", text) {
			t.Fatalf("{p} does not cover %q", text)
		}
	})
}

// The index finds what comparing with every pattern finds.
func TestMatcher(t *testing.T) {
	words := []string{"a", "b", "{x}", "{y}.json", "2010-04-01", "{rest+}"}
	learned := []string{"a", "b", "{int}", "{string}", "{uuid}.json", "c.json", "{date}", "{rest}"}
	var ops []Operation
	var paths []string
	for _, x := range words {
		for _, y := range words {
			ops = append(ops, Operation{Method: "GET", Template: "/" + x + "/" + y}, Operation{Method: "GET", Template: "/" + y + "/b/" + x})
		}
	}
	for _, x := range learned {
		for _, y := range learned {
			paths = append(paths, "/"+x+"/"+y, "/"+x+"/b/"+y)
		}
	}
	m := newMatcher([]*Specification{{Operations: ops}})
	found := 0
	for _, path := range paths {
		var want *pattern
		var how fit
		for i := range m.patterns {
			if f, ok := m.patterns[i].covers(segments(path)); ok && (want == nil || f.less(how)) {
				want, how = &m.patterns[i], f
			}
		}
		got, f := m.find("h", "GET", segments(path), nil)
		if got != want || f != how {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
		if got != nil {
			found++
		}
	}
	if found != len(paths) {
		t.Errorf("%d of %d found", found, len(paths))
	}
}
