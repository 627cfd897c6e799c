package verdict

import (
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
)

// known is a catalog of one endpoint whose body has a field "value".
type known struct{ value catalog.Schema }

func (k known) Endpoint(tenant, id string) (e catalog.Endpoint, ok bool) {
	e.Request = []catalog.Body{{Media: "application/json", Seen: 100, Schema: catalog.Schema{Properties: []catalog.Property{{Name: "value", Schema: k.value}}}}}
	return e, tenant == "default" && id == "things"
}

func of(kind string, n, others uint64) catalog.Schema {
	s := catalog.Schema{Seen: n + others, Types: []catalog.Tally{{Name: kind, Count: n}}}
	if others > 0 {
		s.Types = append(s.Types, catalog.Tally{Name: "string", Count: others})
	}
	return s
}

func formatted(format string) catalog.Schema {
	s := of("string", 100, 0)
	s.Format = format
	return s
}

// What the field is known to hold makes the same value weigh more or less; where nothing is
// known, it changes nothing.
func TestLearnedSchema(t *testing.T) {
	words := of("string", 100, 0)
	words.Enum = []string{"create", "drop", "; drop table users--"}
	const sqli, address = "1; select 1", "https://example.test/a?q=<script>alert(1)</script>"
	cases := []struct {
		schema         catalog.Schema
		value          string
		term, expected string
	}{
		{of("integer", 100, 0), sqli, "schema.breaks", "a value of type integer"},
		{of("integer", 100, 1), sqli, "schema.breaks", "a value of type integer"}, // what attackers sent before
		{of("integer", 60, 40), sqli, "", ""},
		{of("integer", 5, 0), sqli, "", ""},
		{of("number", 100, 0), sqli, "schema.breaks", "a value of type number"},
		{of("boolean", 100, 0), sqli, "schema.breaks", "a value of type boolean"},
		{of("string", 100, 0), sqli, "", ""},
		{formatted("uuid"), "7c9e6679-7425-40de-944b-e07fc1f90ae7' or 1=1--", "schema.breaks", "a value of type uuid"},
		{formatted("date"), "2026-01-01' or 1=1--", "schema.breaks", "a value of type date"},
		{formatted("ipv4"), "127.0.0.1; cat /etc/passwd", "schema.breaks", "a value of type ipv4"},
		{formatted("email"), "a@example.test' or 1=1--", "schema.breaks", "a value of type email"},
		{words, sqli, "schema.breaks", "one of 3 words"},
		{words, "; drop table users--", "schema.enum", ""},
		{formatted("uri"), "https://example.test/?q=union+select+1,2,3--", "schema.url", ""},
		{formatted("uri"), "http://169.254.169.254/latest/meta-data/", "", ""}, // where it leads is no matter of form
		{formatted("uri"), sqli, "", ""},
	}
	s := newStages(t)
	ran := 0
	for _, c := range cases {
		j, err := New(Config{Catalog: known{c.schema}})
		if err != nil {
			t.Fatal(err)
		}
		e := inJSON(t, c.value)
		res, err := s.engine.Match(e)
		if err != nil {
			t.Fatal(err)
		}
		content.ParseRequest(e, &s.doc, content.DefaultLimits)
		plain, v := j.Judge(e, "other", &s.doc, res), j.Judge(e, "things", &s.doc, res)
		if plain.Score == 0 {
			t.Errorf("%q: nothing matches, the case shows nothing", c.value)
		}
		got := ""
		for _, name := range []string{"schema.breaks", "schema.enum", "schema.url"} {
			if _, ok := term(&v, name); ok {
				got += name
			}
		}
		if got != c.term || v.Expected != c.expected {
			t.Errorf("%q in %+v: %q %q, want %q %q: %+v", c.value, c.schema.Types, got, v.Expected, c.term, c.expected, v.Terms)
		}
		if more := c.term == "schema.breaks"; c.term != "" && more != (v.Score > plain.Score) || c.term == "" && v.Score != plain.Score {
			t.Errorf("%q: %.3f, with what is known %.3f", c.value, plain.Score, v.Score)
		}
		ran++
	}
	if ran != 16 {
		t.Errorf("%d cases, want 16", ran)
	}
}

func TestFits(t *testing.T) {
	f := func(kind, value string, want bool) {
		t.Helper()
		if fits(value, kind) != want {
			t.Errorf("%q fits %s: %v", value, kind, !want)
		}
	}
	f("integer", "-12", true)
	f("integer", "1,2,3", true)
	f("integer", "123456789012345678901234567890", true)
	f("integer", "1 or 1=1", false)
	f("integer", "", false)
	f("number", "1.5e3", true)
	f("number", "NaN", false)
	f("number", "1.5'", false)
	f("boolean", "true", true)
	f("boolean", "true--", false)
	f("date-time", "2026-01-01T10:00:00+01:00", true)
	f("date-time", "2026-01-01T10:00:00Z' or '1", false)
	f("ipv6", "::1", true)
	f("email", "anna@example.test", true)
	f("email", "anna@example.test<script>", false)
	f("unheard-of", "anything", true)
}
