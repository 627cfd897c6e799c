package catalog

import (
	"strings"
	"testing"
)

func TestAffixes(t *testing.T) {
	for s, want := range map[string]string{
		"report.json": "{}.json", "report.final.json": "{}.json", "report.tar.gz": "{}.tar.gz", ".tar.gz": "{}.gz", "nightly:cancel": "{}:cancel", "nightly:batchGet": "{}:batchGet",
		"@jane": "@{}", "~jane": "~{}", "$count": "${}", "@jane.doe": "@{}", "jane@example.com": "{}.com",
		"": "{}", "@": "{}", "~": "{}", "a": "{}", "report": "{}", ".json": "{}", ":cancel": "{}", "v1.0": "{}", "1.2.3": "{}", "report.": "{}", "nightly:": "{}",
		"user.registered": "{}", "@@": "{}", "@jane:example.org": "{}.org", "image:1": "{}", "a:b:c": "{}:c",
		"{int}.json": "{}.json", "{int}": "{}", "Orders({int})": "Orders({})",
	} {
		if got := around(s); got != want {
			t.Errorf("%q is %s, want %s", s, got, want)
		}
	}
}

func TestTakes(t *testing.T) {
	for _, c := range []struct {
		learned, lexical string
		want             bool
	}{
		{"{string}.json", "jane.json", true},
		{"{string}.json", "{int}.json", true},
		{"{string}.json", "{int}.xml", false},
		{"{string}.json", "jane", false},
		{"{string}.json", ".json", false},
		{"@{string}", "@jane", true},
		{"Orders({string})", "Orders({int})", true},
		{"{int}.json", "{int}.json", true},
		{"{int}.json", "jane.json", false},
		{"jane.json", "jane.json", true},
	} {
		if got := Takes(c.learned, c.lexical); got != c.want {
			t.Errorf("%s takes %s: %v", c.learned, c.lexical, got)
		}
	}
}

func FuzzAffixes(f *testing.F) {
	for _, s := range []string{"@jane", "jane.json", "a.tar.gz", "a:b", "\xff.\xff", "{", "}{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		open, end := Affixes(s)
		if open < 0 || end > len(s) || s != "" && open >= end {
			t.Fatalf("the value of %q is [%d:%d]", s, open, end)
		}
		if !strings.ContainsAny(s, "{}") && s != "" && !Takes(s[:open]+wildSegment+s[end:], s) {
			t.Fatalf("%q is not taken by what it is made of", s)
		}
	})
}
