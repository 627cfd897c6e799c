package console

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
)

func TestSentences(t *testing.T) {
	cases := []struct{ topic, kind, where, before, after, want string }{
		{"Risk", riskChanged, "", "low", "high", "Risk went from low to high."},
		{"Identity", catalog.AuthChanged, "", "jwt", "jwt, none", "Answered with identity jwt, none, before jwt."},
		{"Exposure", catalog.ExposureChanged, "", "", "public", "Answered to networks public, before none."},
		{"Data classes", catalog.DataClassesChanged, "", "email", "", "Sensitive data none, before email."},
		{"Parameters", catalog.ParameterAdded, "query page", "", "integer", "New parameter query page, integer."},
		{"Parameters", catalog.ParameterAdded, "header x-a", "", "", "New parameter header x-a."},
		{"Parameters", catalog.ParameterRemoved, "query page", "integer", "", "Parameter query page is gone, integer."},
		{"Bodies", catalog.BodyAdded, "request text/csv", "", "string", "New body request text/csv, string."},
		{"Bodies", catalog.BodyRemoved, "2xx application/json", "object", "", "Body 2xx application/json is gone, object."},
		{"Fields and types", catalog.FieldAdded, "2xx application/json a.b", "", "string", "New field 2xx application/json a.b, string."},
		{"Fields and types", catalog.FieldRemoved, "2xx application/json a.b", "string", "", "Field 2xx application/json a.b is gone, string."},
		{"Fields and types", catalog.TypeChanged, "query page", "integer", "integer, string", "Type of query page is integer, string, before integer."},
		{"Fields and types", catalog.FormatChanged, "query id", "uuid", "", "Format of query id is none, before uuid."},
		{"Fields and types", catalog.EnumChanged, "query state", "a, b", "", "Values of query state are any, before a, b."},
		{"Fields and types", catalog.RequiredChanged, "query page", "false", "true", "query page is required now."},
		{"Fields and types", catalog.RequiredChanged, "query page", "true", "false", "query page is required no more."},
		{"Statuses", catalog.StatusAdded, "status 5xx", "", "5xx", "Answers 5xx are new."},
		{"Statuses", catalog.StatusRemoved, "status 5xx", "5xx", "", "Answers 5xx are gone."},
		{"Fields and types", "a-later-kind", "x", "a", "b", "a-later-kind x: b, before a."},
		{"Fields and types", catalog.EnumChanged, "q", "a", strings.Repeat("é", 300), "Values of q are " + strings.Repeat("é", briefRunes) + "…, before a."},
	}
	if len(cases) != 20 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		if got := sentence(&catalog.Change{Kind: c.kind, Where: c.where, Before: c.before, After: c.after}); got != c.want || topicOf(c.kind) != c.topic {
			t.Errorf("%s: %q of %q, want %q of %q", c.kind, got, topicOf(c.kind), c.want, c.topic)
		}
	}
}
