package regimes

import (
	"bytes"
	"encoding/csv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/services/behavior"
	"github.com/miradorhq/mirador/services/classifier"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/segmentio/encoding/json"
	"golang.org/x/net/html"
)

func load(t *testing.T) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Nine regimes, and every class of the classifier is of a kind in at least one, or of none
// by intention.
func TestRegimesCoverTheClasses(t *testing.T) {
	s := load(t)
	if len(s.Regimes) != 9 {
		t.Errorf("%d regimes", len(s.Regimes))
	}
	n := 0
	for _, r := range s.Regimes {
		n += len(r.Requirements)
	}
	if n != 54 {
		t.Errorf("%d requirements, want 54", n)
	}
	tables, err := classifier.NewTables(nil)
	if err != nil {
		t.Fatal(err)
	}
	known := tables.Classes()
	for _, class := range known {
		kinds := 0
		for _, k := range s.Kinds {
			if slices.ContainsFunc(k.Classes, func(p string) bool { return fits(p, class) }) {
				kinds++
			}
		}
		neutral := slices.Contains(s.Neutral, class)
		if kinds != 1 && !neutral || neutral && kinds != 0 {
			t.Errorf("class %s is of %d kinds, neutral %v", class, kinds, neutral)
		}
	}
	for _, k := range s.Kinds {
		if k.Name == "security" {
			continue // companies and papers: told apart so that they are in no regime
		}
		if !slices.ContainsFunc(s.Regimes, func(r Regime) bool { return slices.Contains(r.Kinds, k.Name) }) {
			t.Errorf("kind %s is in no regime", k.Name)
		}
	}
}

// Every rule touches a requirement, and none is named that does not exist. Discovery's
// rules have names of their own, which stand here; its news of an endpoint is none.
func TestRegimesNameTheRules(t *testing.T) {
	rules := []string{"INV-02", "INV-03"}
	for _, r := range slices.Concat(classifier.Rules(), spec.Rules()) {
		rules = append(rules, r.ID)
	}
	for _, r := range slices.Concat(behavior.Rules(), signature.Rules()) {
		rules = append(rules, r.ID)
	}
	named := map[string]bool{}
	for _, r := range load(t).Regimes {
		for _, q := range r.Requirements {
			for _, pattern := range q.Rules {
				named[pattern] = true
			}
		}
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(named)), func(p string) bool { return fits(p, rule) }) {
			t.Errorf("%s touches nothing", rule)
		}
	}
	for pattern := range named {
		if !slices.ContainsFunc(rules, func(rule string) bool { return fits(pattern, rule) }) {
			t.Errorf("there is no rule %s", pattern)
		}
	}
}

// A finding about a source and no endpoint touches what is asked for on endpoints in
// scope, if there are any.
func TestAFindingAboutNoEndpoint(t *testing.T) {
	s := load(t)
	scan := Finding{ID: "f", Rule: "RECON-01"}
	for _, c := range []struct {
		class string
		want  []int
	}{{"gb.nhs", []int{0}}, {"isbn", []int{}}} {
		r, err := s.Regime("hipaa")
		if err != nil {
			t.Fatal(err)
		}
		rep := s.Report(r, &Seen{Fields: []Field{{Class: c.class, EndpointID: "e"}}, Findings: []Finding{scan}})
		for _, q := range rep.Requirements {
			if q.ID == "164.308(a)(6)(ii)" && !slices.Equal(q.Findings, c.want) {
				t.Errorf("beside %s: findings %v, want %v", c.class, q.Findings, c.want)
			}
		}
	}
}

// A field whose endpoint became part of another's is found by its own id as well.
func TestJoinedFieldsAreFound(t *testing.T) {
	f := Field{ID: "a", Values: 2, FirstSeen: day0, LastSeen: day0}
	f.join(&Field{ID: "b", Values: 3, FirstSeen: day0.Add(-time.Hour), LastSeen: day0.Add(time.Hour)})
	if !f.Is("a") || !f.Is("b") || f.Is("c") || f.Values != 5 || !f.FirstSeen.Equal(day0.Add(-time.Hour)) || !f.LastSeen.Equal(day0.Add(time.Hour)) {
		t.Errorf("joined %+v", f)
	}
}

func TestCellsAreNoFormulas(t *testing.T) {
	for _, cell := range []string{"=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"} {
		if got := inert(cell); got != "'"+cell {
			t.Errorf("%q became %q", cell, got)
		}
	}
}

func TestABadFileIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"kinds: [{name: a, clases: [b]}]":        "clases",
		"regimes: [{id: x, kinds: [a]}]":         `x: "a" is not known`,
		"regimes: [{id: x}, {id: x}]":            "twice",
		"regimes: [{id: x, requirements: [{}]}]": "has no title",
		"kinds: [{name: a}]\nregimes: [{id: x, kinds: [a], requirements: [{id: y, title: t, remedy: r, fields: {kinds: [a], where: [response.head]}}]}]": "response.head",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

var day0 = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func seen() *Seen {
	at := func(class, endpoint, place, path string, exposed ...string) Field {
		return Field{Class: class, Endpoint: "GET api.test/" + endpoint, EndpointID: endpoint, Place: place, Path: path, Confidence: 0.99, Values: 20, Masked: []string{"401288******1881"},
			FirstSeen: day0, LastSeen: day0.Add(time.Hour), Exposed: exposed, Callers: 3, Services: []string{"shop"}}
	}
	about := func(id, rule, endpoint, severity string) Finding {
		return Finding{ID: id, Rule: rule, Title: "title of " + rule, Severity: severity, Summary: "=1+1 <b>" + id + "</b>", Endpoint: "GET api.test/" + endpoint, EndpointID: endpoint, Count: 2,
			FirstSeen: day0, LastSeen: day0.Add(time.Minute), Masked: []string{"x"}, Remediation: "mend"}
	}
	return &Seen{Tenant: "default", Since: day0, Until: day0.Add(24 * time.Hour),
		Fields: []Field{
			at("card", "pay", "response.body", "card.number", Internal), at("card", "search", "request.query", "q", Public, Unauthenticated),
			at("email", "pay", "response.body", "email", Internal), at("email", "news", "response.body", "email", Public), at("gb.nhs", "patient", "response.body", "nhs", Partner),
			at("email", "patient", "response.body", "email", Partner), at("isbn", "books", "response.body", "isbn", Public),
		},
		Findings: []Finding{about("f1", "BOLA-01", "pay", "high"), about("f2", "SIG-SQLI", "books", "critical"), about("f3", "BOLA-01", "news", "low"), about("f4", "NOT-01", "pay", "low")}}
}

// What touches which requirement, of each regime.
func TestReports(t *testing.T) {
	s := load(t)
	for id, want := range map[string]string{
		"pci":   "2/2: 3.4.1=1+1 3.5.1=1+0 4.2.1=1+0 6.2.4=0+1 6.4.2=0+1 7.2.1=1+1",
		"hipaa": "2/1: 164.502(b)=2+0 164.514(b)(2)=1+0",
		"ferpa": "0/0:",
		"glba":  "5/4: 314.4(c)(1)=1+2 314.4(c)(3)=1+0 314.4(c)(8)=0+3",
	} {
		r, err := s.Regime(id)
		if err != nil {
			t.Fatal(err)
		}
		rep := s.Report(r, seen())
		got := ""
		for _, q := range rep.Requirements {
			if len(q.Fields)+len(q.Findings) > 0 {
				got += " " + q.ID + "=" + string(rune('0'+len(q.Fields))) + "+" + string(rune('0'+len(q.Findings)))
			}
		}
		if got = string(rune('0'+len(rep.Fields))) + "/" + string(rune('0'+rep.Endpoints)) + ":" + got; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if _, err := s.Regime("sox"); err == nil || !strings.Contains(err.Error(), "pci, hipaa") {
		t.Errorf("a regime that is not there: %v", err)
	}
}

// Each form holds the notice or the statement, and what strangers wrote stays text.
func TestFormats(t *testing.T) {
	s := load(t)
	r, err := s.Regime("pci")
	if err != nil {
		t.Fatal(err)
	}
	rep := s.Report(r, seen())
	for _, format := range Formats {
		var b bytes.Buffer
		if err := rep.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		switch format {
		case "html":
			if _, err := html.Parse(bytes.NewReader(b.Bytes())); err != nil {
				t.Error(err)
			}
			text := b.String()
			for _, want := range []string{"not legal advice", "PCI DSS", "3.5.1", "401288******1881", "BOLA-01", "2026-11-01", "mend", `<svg class="flow"`, "Payment cards", "Payment cards to "} {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in the page", want)
				}
			}
			if strings.Contains(text, "<b>f1</b>") || strings.Contains(text, "http://") || strings.Contains(text, "src=") {
				t.Error("the page holds markup of a finding, or asks for something elsewhere")
			}
		case "csv":
			rows, err := csv.NewReader(&b).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			// 10 requirements, 4 untouched, 4 fields and 4 findings, a head.
			if len(rows) != 1+4+4+4 {
				t.Errorf("%d rows", len(rows))
			}
			for _, cells := range rows {
				for _, c := range cells {
					if strings.HasPrefix(c, "=") {
						t.Errorf("a formula: %s", c)
					}
				}
			}
		case "json":
			var back Report
			if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Open != rep.Open || back.Notice != Notice || len(back.Fields) != len(rep.Fields) {
				t.Errorf("%v %+v", err, back)
			}
		}
	}
	if err := rep.Write(&bytes.Buffer{}, "pdf"); err == nil || !strings.Contains(err.Error(), "html, csv, json") {
		t.Errorf("pdf: %v", err)
	}
}
