package console

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

func TestInventory(t *testing.T) {
	f := func(query, again string, ignored ...string) {
		t.Helper()
		q, err := url.ParseQuery(query)
		must(t, err)
		got := parseInventory(q)
		if back := got.values().Encode(); back != again || !slices.Equal(got.Ignored, ignored) {
			t.Errorf("%s: %q, ignored %v; want %q, %v", query, back, got.Ignored, again, ignored)
		}
	}
	f("", "")
	f("q=+a+b+&sort=hits&page=3", "page=3&q=a+b&sort=hits")
	f("host=b&host=a&host=b&host=", "host=a&host=b")
	f("risk=high&risk=worst", "risk=high", "risk")
	f("new=7&new=30&unseen=8", "new=7", "new", "unseen")
	f("sort=id%3Bdrop", "", "sort")
	f("auth=a%00b&q=%ff", "", "q", "auth")
	f("sensitive=1", "", "sensitive")
	f("host="+strings.Repeat("a", maxTerm+1), "", "host")

	v := state(t, "host=a&new=7&q=x&page=4")
	host, fresh := facetIndex("host"), facetIndex("new")
	for want, got := range map[string]inventory{
		"/endpoints?host=a&host=b&new=7&q=x": v.toggled(host, "b"),
		"/endpoints?new=7&q=x":               v.toggled(host, "a"),
		"/endpoints?host=a&new=30&q=x":       v.toggled(fresh, "30"),
		"/endpoints?host=a&q=x":              v.toggled(fresh, "7"),
	} {
		if got.address() != want {
			t.Errorf("%s, want %s", got.address(), want)
		}
	}
	if v.address() != "/endpoints?host=a&new=7&page=4&q=x" {
		t.Errorf("toggling changed what it came from: %s", v.address())
	}
}

func TestFacetViews(t *testing.T) {
	counts := make([][]facetCount, len(facets()))
	for i := range 30 {
		counts[facetIndex("host")] = append(counts[facetIndex("host")], facetCount{string(rune('a' + i)), uint64(60 - i)})
	}
	counts[facetIndex("risk")] = []facetCount{{"low", 9}, {"high", 2}}
	got := facetViews(state(t, "host=z&host=gone&method=GET"), counts)
	byName := map[string]facetView{}
	for _, v := range got {
		byName[v.Name] = v
	}
	h := byName["host"]
	if len(h.Choices) != shownChoices || len(h.More) != 31-shownChoices || !h.Choices[0].On || h.Choices[0].Label != "gone" || h.Choices[1] != (facetChoice{"z", "/endpoints?host=gone&method=GET", 35, true}) || h.Choices[2].On {
		t.Errorf("hosts %+v", h)
	}
	// Bands keep their order, and those of nothing are left out.
	if r := byName["risk"].Choices; len(r) != 2 || !strings.HasPrefix(r[0].Label, "high") || r[0].Count != 2 || r[1].Count != 9 {
		t.Errorf("risk %+v", r)
	}
	if m := byName["method"].Choices; len(m) != 1 || !m[0].On || m[0].Count != 0 {
		t.Errorf("a picked value of which nothing is left: %+v", m)
	}
	if _, ok := byName["protocol"]; ok {
		t.Error("a facet without values is shown")
	}
}

func FuzzInventory(f *testing.F) {
	f.Add("q=accounts+get&host=a.example&host=b.example&risk=high&new=7&sort=name&page=2")
	f.Add("auth=%ff&exposure=a%00b&risk=&unseen=30&sensitive=yes")
	f.Add("method=POST&method=GET&protocol=grpc&sort=%27%3B--")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		got := parseInventory(q)
		if len(got.Picked) != len(facets()) || got.Page < 1 || got.Page > maxPage || len(got.Text) > maxTerm || !strings.HasSuffix(got.order(), ", id") {
			t.Fatalf("out of bounds: %+v", got)
		}
		got.Ignored = nil
		if again := parseInventory(got.values()); !reflect.DeepEqual(again, got) {
			t.Fatalf("%+v came back as %+v", got, again)
		}
		for i := range got.Picked {
			if len(got.Picked[i]) > maxPicked {
				t.Fatalf("%d values of one facet", len(got.Picked[i]))
			}
			for _, v := range got.Picked[i] {
				// What is taken out and put in again is as before.
				there := got
				there.Page = 1
				if back := got.toggled(i, v).toggled(i, v); !reflect.DeepEqual(back.values(), there.values()) {
					t.Fatalf("%+v, toggled twice %+v", there, back)
				}
			}
		}
		now := time.Unix(1_800_000_000, 0)
		if since, until, _ := parseDays(q, now); since.Unix() < 0 || !since.Before(until) || until.After(now) {
			t.Fatalf("from %s to %s", since, until)
		}
	})
}

func TestParseDays(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	const usual = "2026-11-18 2026-11-25 "
	for query, want := range map[string]string{
		"": usual + "true", "since=2026-11-24": "2026-11-24 2026-11-25 true", "since=2026-02-01": "2026-02-01 2026-11-25 true",
		"since=2026-02-01&until=2026-03-01": "2026-02-01 2026-03-01 true", "until=2026-03-08": "2026-03-01 2026-03-08 true",
		"since=2026-11-25": usual + "false", "since=2026-11-26": usual + "false", "until=2026-11-26": usual + "false",
		"since=yesterday": usual + "false", "until=yesterday": usual + "false", "since=2026-13-01": usual + "false", "since=1600-01-01": usual + "false",
		"since=2026-03-02&until=2026-03-01": usual + "false", "until=1970-01-02": usual + "false", "since=1970-01-01&until=1970-01-02": "1970-01-01 1970-01-02 true",
	} {
		q, err := url.ParseQuery(query)
		must(t, err)
		since, until, ok := parseDays(q, now)
		if got := fmt.Sprint(since.Format(time.DateOnly), " ", until.Format(time.DateOnly), " ", ok); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// TestInventoryPage walks by links alone, as a reader without scripts does.
func TestInventoryPage(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	w.older()
	_, b := serve(t, open(t, cfg), &orders{}, func(c *Config) { c.PageRows = 5 })
	f := func(path string, wants ...string) string {
		t.Helper()
		page := html.UnescapeString(b.page(path))
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
		return page
	}
	link := func(page, label string) string {
		t.Helper()
		m := regexp.MustCompile(`href="(/endpoints\?[^"]*)"[^>]*>(?:<[^>]*>)*` + regexp.QuoteMeta(label) + `<`).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no link %q", label)
		}
		return m[1]
	}
	page := f("/endpoints", "1–5 of 13", "Narrow down", "high, 60 and more", "has confirmed ones", "partners.bank.example", `href="/changes"`, "<b>72</b> high", "callers", "partner <span class=\"muted\">8\u00a0%")
	page = f(link(page, "partners.bank.example"), "1–4 of 4", "/<wbr>v1/<wbr>reports/<wbr>{string}")
	page = f(link(page, "POST"), "1–1 of 1", "/<wbr>v1/<wbr>batch", `type="hidden" name="host" value="partners.bank.example"`, `type="hidden" name="method" value="POST"`)
	f(link(page, "Name"), "1–1 of 1", "sort=name")
	f("/endpoints?sort=name&page=2", "6–10 of 13", `href="/endpoints?page=3&sort=name"`)
	f("/endpoints?risk=high&risk=medium&unseen=30", "Nothing matches")
	f("/endpoints?risk=worst&sort=x", "Not understood", "risk, sort")
	f("/endpoints?page=150", "Past the end")
	f("/changes", "Changes since "+w.now.Truncate(24*time.Hour).AddDate(0, 0, -7).Format(time.DateOnly), "The newest 5 of 9", "partners.bank.example/<wbr>v1/<wbr>reports/<wbr>alpha", "nothing: it was removed", "partners.bank.example/<wbr>v1/<wbr>batch",
		"Risk went from low to medium.", "Answered to networks partner, before internal.", "New parameter query page, integer.", "no record of that time is kept: 1 endpoints")
	for _, days := range []string{"since=2999-01-01", "until=x", "since=1-1-1", "since=" + w.now.Format(time.DateOnly), "since=2020-01-02&until=2020-01-02"} {
		f("/changes?"+days, "Not two days")
	}
	f("/changes?since=2020-01-01&until=2020-01-02", "Changes since 2020-01-01 until 2020-01-02", "None.")
	if a := b.get("/endpoints?host=" + url.QueryEscape(`<script>alert(1)</script>`)); a.status != http.StatusOK || strings.Contains(a.body, "<script>alert") {
		t.Errorf("a picked value is markup: %d", a.status)
	}
}

func TestEndpointPage(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .5)
	w.older()
	_, b := serve(t, open(t, cfg), &orders{}, nil)
	f := func(method, host, template string, wants ...string) {
		t.Helper()
		id := catalog.ID("default", host, method, template)
		page := html.UnescapeString(b.page("/endpoints/" + id + "?range=6h"))
		for _, want := range append(wants, "range=6h\" aria-current", "Events a second, 5\u00a0min a point") {
			if !strings.Contains(page, want) {
				t.Errorf("%s%s lacks %q", host, template, want)
			}
		}
	}
	f("POST", bankHost, "/transfers", "<b>72</b> high", "<b>66</b>", "<b>80</b>", "POST changes data.", "Asked with: jwt 97\u00a0%", "31\u00a0%", "1.2\u00a0s", "0.01\u2009–\u200950000", "SIG-SQLI", "required", "data-chart")
	f("GET", bankHost, "/accounts/{int}", "application/problem+json", "email", "iban", ">closed<", "-1250.5\u2009–\u200998000", "d2\"", "11 characters", "30\u00a0%", "j***@m***.example", "40\u00a0KiB")
	f("GET", "partners.bank.example", "/v1/reports/{string}", "Templates that became part of this one", "partners.bank.example/<wbr>v1/<wbr>reports/<wbr>alpha", "None were learned.")
	if a := b.get("/endpoints/none"); a.status != http.StatusNotFound {
		t.Errorf("an endpoint that is not there: %d", a.status)
	}
}
