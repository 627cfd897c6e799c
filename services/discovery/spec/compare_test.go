package spec_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
	"github.com/segmentio/encoding/json"
)

var start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)

type observed struct {
	Label    string
	Hits     uint64
	Hours    *float64
	Statuses map[string]uint64
	Auth     map[string]uint64
	Params   []string
	Carries  []catalog.Carried
	Source   string
}

type compareCase struct {
	Name      string
	Specs     []string
	Hosts     []string
	Endpoints []observed
	Hours     float64
	OrphanH   float64 `json:"orphan_h"`
	MaxDrifts int     `json:"max_drifts"`
	Want      []string
}

func (o observed) endpoint() catalog.Endpoint {
	method, rest, _ := strings.Cut(o.Label, " ")
	host, template, _ := strings.Cut(rest, "/")
	hours := 2.0
	if o.Hours != nil {
		hours = *o.Hours
	}
	e := catalog.Endpoint{
		ID: catalog.ID("t", host, method, "/"+template), Tenant: "t", Host: host, Method: method, Template: "/" + template, Protocol: "rest",
		Source: catalog.Learned, Carries: o.Carries, FirstSeen: start, LastSeen: start.Add(time.Duration(hours * float64(time.Hour))),
	}
	if o.Source != "" {
		e.Source = o.Source
	}
	if o.Statuses == nil {
		o.Statuses = map[string]uint64{"2xx": 10}
	}
	for _, name := range []string{"2xx", "3xx", "4xx", "5xx"} {
		if n := o.Statuses[name]; n > 0 {
			e.Statuses = append(e.Statuses, catalog.Tally{Name: name, Count: n})
			e.Hits += n
		}
	}
	for _, name := range []string{"basic", "jwt", "none"} {
		if n := o.Auth[name]; n > 0 {
			e.Auth = append(e.Auth, catalog.Tally{Name: name, Count: n})
		}
	}
	for _, text := range o.Params { // in:name:type:count
		parts := strings.Split(text, ":")
		n := len(parts)
		count, err := strconv.ParseUint(parts[n-1], 10, 64)
		if err != nil {
			panic(text)
		}
		p := catalog.Param{In: parts[0], Name: strings.Join(parts[1:n-2], ":"), Count: count, Types: []catalog.Tally{{Name: parts[n-2], Count: count}}}
		e.Params = append(e.Params, p)
	}
	return e
}

func load(t testing.TB, names ...string) []*spec.Specification {
	t.Helper()
	var out []*spec.Specification
	for _, name := range names {
		b, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := read.Bytes(name, b, document.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func cases(t testing.TB) []compareCase {
	t.Helper()
	f, err := os.Open("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []compareCase
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var c compareCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if len(c.Specs) == 0 {
			c.Specs = []string{"shop.yaml"}
		}
		if c.Hours == 0 {
			c.Hours = 2
		}
		out = append(out, c)
	}
	return out
}

func (c compareCase) run(t testing.TB, shuffle bool) []spec.Difference {
	o := spec.Defaults()
	o.Hosts = c.Hosts
	if c.OrphanH > 0 {
		o.OrphanAfter = time.Duration(c.OrphanH * float64(time.Hour))
	}
	if c.MaxDrifts > 0 {
		o.MaxDrifts = c.MaxDrifts
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	var endpoints []catalog.Endpoint
	for _, e := range c.Endpoints {
		endpoints = append(endpoints, e.endpoint())
	}
	if shuffle {
		rand.Shuffle(len(endpoints), func(i, j int) { endpoints[i], endpoints[j] = endpoints[j], endpoints[i] })
	}
	return spec.Compare(load(t, c.Specs...), endpoints, start.Add(time.Duration(c.Hours*float64(time.Hour))), o)
}

// line is a difference as the cases write it.
func line(d spec.Difference) string {
	subject := d.Endpoint
	if subject == "" {
		subject = d.Operation
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", d.Kind, d.Aspect, d.Name, d.Where, subject))
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestCompare(t *testing.T) {
	kinds := map[spec.Kind]int{}
	negative := 0
	list := cases(t)
	for _, c := range list {
		differences := c.run(t, false)
		got := []string{}
		for _, d := range differences {
			kinds[d.Kind]++
			got = append(got, words(line(d)))
			if !strings.HasSuffix(d.Summary, ".") || !strings.Contains(d.Summary, d.Where.File) {
				t.Errorf("%s: summary %q", c.Name, d.Summary)
			}
		}
		want := []string{}
		for _, w := range c.Want {
			want = append(want, words(w))
		}
		if len(want) == 0 {
			negative++
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", c.Name, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
		if again := c.run(t, true); !reflect.DeepEqual(differences, again) {
			t.Errorf("%s: the order of the endpoints shows", c.Name)
		}
	}
	if len(list) != 43 || negative != 18 || kinds[spec.Shadow] != 9 || kinds[spec.Zombie] != 1 || kinds[spec.Orphan] != 7 || kinds[spec.Drift] != 19 || kinds[spec.Leak] != 4 {
		t.Errorf("%d cases, %d negative, %v", len(list), negative, kinds)
	}
}

func TestFinding(t *testing.T) {
	at := start.Add(3 * time.Hour)
	ids := map[string]string{}
	for _, c := range cases(t) {
		for _, d := range c.run(t, false) {
			f := spec.Finding("t", d, at)
			key := fmt.Sprint(c.Specs, line(d))
			if other, ok := ids[f.ID]; ok && other != key {
				t.Errorf("%s and %s have one id", other, key)
			}
			ids[f.ID] = key
			b, err := finding.Encode(&f)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := finding.Decode(b); err != nil {
				t.Error(err)
			}
			rule, owasp, cwe := "INV-01", []string{"API9"}, []string{"CWE-1059"}
			if d.Kind == spec.Leak {
				rule, owasp, cwe = "DATA-10", []string{"API3"}, []string{"CWE-213", "CWE-200"}
			}
			if f.Rule != rule || f.Detector != "discovery" || f.Summary == "" || f.FirstSeen.IsZero() || f.LastSeen.IsZero() || f.Count == 0 ||
				!slices.Equal(f.OWASP, owasp) || !slices.Equal(f.CWE, cwe) || f.Confidence <= 0 || f.Confidence > 1 || f.Severity.Weight() == 0 {
				t.Errorf("%s: %+v", c.Name, f)
			}
			// Lines move and counts grow; it is the same finding.
			moved := d
			moved.Where.Line, moved.Count = d.Where.Line+7, d.Count+1
			if spec.Finding("t", moved, at.Add(time.Hour)).ID != f.ID {
				t.Errorf("%s: the id changes with line and count", c.Name)
			}
			if spec.Finding("u", d, at).ID == f.ID {
				t.Errorf("%s: two tenants share an id", c.Name)
			}
		}
	}
	if len(ids) < 30 {
		t.Errorf("%d findings", len(ids))
	}
}

func TestValidate(t *testing.T) {
	o := spec.Options{MinCallers: -1, MinObserved: -1, OrphanAfter: -1, MissingShare: 2}
	err := o.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{"min_callers", "min_observed", "min_count", "orphan_after", "missing_share", "max_drifts"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not in %v", name, err)
		}
	}
}
