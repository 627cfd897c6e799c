//go:build chromium

package console

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/prometheus/client_golang/prometheus"
)

// TestBrowser goes through the console as an analyst does, on real ClickHouse.
func TestBrowser(t *testing.T) {
	cfg, conn := database(t)
	per := 3.0
	if os.Getenv(screenshotsEnv) != "" {
		per = 25 // for the eye
	}
	w := bank(t, cfg, per)
	w.older()
	u := &orders{record: func(o Order) { w.putActions(*o.action(time.Now().UTC())) }}
	settings := Defaults()
	settings.Token, settings.ClickHouse, settings.Refresh, settings.Grace = testToken, "127.0.0.1:9000/mirador", time.Second, 2*time.Hour
	console, err := New(settings, conn, u, u, usualLag(), silent(), prometheus.NewRegistry())
	must(t, err)
	console.TakeVerdicts(&spoken{})
	console.TakeReleases(&released{})
	topic := newBoard()
	console.TakeSpecifications(topic, boardLimits())
	topic.sample(t)
	documents, _ := topic.Documents("default")
	w.differences(documents[0].Specification.Digest)
	srv := httptest.NewServer(console.Handler())
	t.Cleanup(srv.Close)
	c := newChrome(t, srv.URL)
	c.viewport(1440, 900, false)
	c.dark(false)

	c.step("login", func(t *testing.T) {
		c.open("/findings?rule=CRED-01")
		c.picture("login")
		c.typeIn("#token", "not the token at all")
		c.click("button.primary")
		c.visible(".notice.bad")
		c.mu.Lock()
		c.errors = nil // the browser logs the 401
		c.mu.Unlock()
		// The link that is printed brings the token in its fragment.
		c.open("/login?next=%2Ffindings%3Frule%3DCRED-01#token=" + url.PathEscape(testToken))
		if got := eval[string](c, `document.getElementById("token").value`); got != testToken {
			t.Fatalf("the link filled in %q", got)
		}
		if got := eval[string](c, "location.hash"); got != "" {
			t.Fatalf("the token stays in the address: %q", got)
		}
		c.typeIn("#person", "ann")
		c.click("button.primary")
		c.visible("table.findings")
		if got := eval[string](c, "location.search"); got != "?rule=CRED-01" {
			t.Errorf("login led to %q", got)
		}
		c.clean("login")
	})
	c.enter() // where a step is run alone, the one above is not
	c.open("/findings?rule=CRED-01")
	finding := eval[string](c, `document.querySelector("table.findings a.row").getAttribute("href")`)
	list, err := console.store.endpoints(t.Context(), state(t, "q=/accounts/%7Bint%7D&sort=hits"), 1)
	must(t, err)
	event, field := "", ""
	pages := []struct{ name, path, rows, want string }{
		{"overview", "/", "table.findings tbody tr", "Credential stuffing"},
		{"findings", "/findings", "table.findings tbody tr", "SQL injection"},
		{"finding", finding, "table tbody tr", "9 or fewer failed accounts"},
		{"principals", "/principals", "table.principals tbody tr", attacker},
		{"principal", "/principals/one?id=ip:" + attacker, "#terms tbody tr", "Credential stuffing"},
		{"precision", "/precision", "table.precision tbody tr", "Object ids walked in order"},
		{"endpoints", "/endpoints", "table tbody tr", "/accounts/{int}"},
		{"endpoint", "/endpoints/" + list[0].ID, "table tbody tr", "amount"},
		{"endpoint-schemas", "/endpoints/" + catalog.ID("default", bankHost, "GET", "/accounts/{int}") + "?range=1h", "table.tree tbody tr", "tax_id"},
		{"merged", "/endpoints/" + catalog.ID("default", "partners.bank.example", "GET", "/v1/reports/{string}") + "?range=7d", "#superseded li", "/v1/reports/beta"},
		{"flows", "/flows", "table.befores tbody tr", "mandatory, before each"},
		{"releases", "/releases", "table.releases tbody tr", "borne with"},
		{"changes", "/changes", "#changed tbody tr", "New parameter query page, integer."},
		{"specifications", "/specifications", "table.specs tbody tr", "openapi 3.1.0"},
		{"specification", "/specifications/bank.yaml", "table.differences tbody tr", "query:page"},
		{"document", "/specifications/bank.yaml/document?line=10#L10", ".source li.on", "deprecated: true"},
		{"fields", "/fields?all=1", "table tbody tr", "411111******1111"},
		{"data", "/data", "table.matrix tbody tr", "email"},
		{"class", "/data/email", "table tbody tr", "GDPR"},
		{"field", "", "dl.list dt", "Requirements that it touches"},
		{"regimes", "/regimes", "table tbody tr", "PCI DSS"},
		{"regime", "/regimes/gdpr", ".requirement", "5(1)(f)"},
		{"actions", "/actions", "table.actions tbody tr", enumerator},
		{"event", "", "dl.list dt", attacker},
	}
	for _, p := range pages {
		c.step(p.name, func(t *testing.T) {
			switch p.name {
			case "event":
				p.path = event
			case "field":
				p.path = field
			}
			c.viewport(1440, 900, false)
			c.dark(false)
			c.open(p.path)
			if n := eval[int](c, fmt.Sprintf("document.querySelectorAll(%q).length", p.rows)); n == 0 {
				t.Errorf("no rows: %s", c.text("main"))
			}
			if !strings.Contains(c.text("main"), p.want) {
				t.Errorf("%q is not on the page:\n%s", p.want, c.text("main"))
			}
			if p.name == "finding" {
				event = eval[string](c, `document.querySelector('a[href^="/events/"]').getAttribute("href")`)
			}
			if p.name == "class" {
				field = eval[string](c, `document.querySelector('a[href^="/fields/"]').getAttribute("href")`)
			}
			light := eval[string](c, "getComputedStyle(document.body).backgroundColor")
			c.picture(p.name + "-light")
			if p.name == "overview" {
				c.window("console")
			}
			c.dark(true)
			if dark := eval[string](c, "getComputedStyle(document.body).backgroundColor"); dark == light {
				t.Errorf("dark is the same as light: %s", dark)
			}
			c.picture(p.name + "-dark")
			c.dark(false)
			c.viewport(390, 844, true)
			c.open(p.path)
			if over := eval[int](c, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				wide := eval[string](c, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".tablebox, pre")).slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("\n")`)
				t.Errorf("the page is %d px wider than a phone:\n%s", over, wide)
			}
			c.picture(p.name + "-phone")
			c.clean(p.name)
		})
	}
	c.viewport(1440, 900, false)
	c.step("charts", func(t *testing.T) {
		c.open("/")
		c.visible("#canvas-traffic[data-drawn] canvas")
		c.visible("#canvas-findings-over-time[data-drawn] canvas")
		if !eval[bool](c, `(() => { const c = document.querySelector("#canvas-traffic canvas"); return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0) })()`) {
			t.Error("the canvas is empty")
		}
		// It stays drawn, and the same node, when news come in.
		c.run(`document.querySelector("#canvas-traffic canvas").dataset.mine = "1"`)
		was := c.text("#as-of")
		c.until(fmt.Sprintf(`document.querySelector("#as-of").textContent !== %q`, was))
		if got := eval[string](c, `document.querySelector("#canvas-traffic canvas")?.dataset.mine || "gone"`); got != "1" {
			t.Errorf("after a refresh the chart is %s", got)
		}
		c.clean("charts")
	})
	c.step("theme", func(t *testing.T) {
		c.open("/")
		before := eval[string](c, "getComputedStyle(document.body).backgroundColor")
		c.click("#theme")
		if after := eval[string](c, "getComputedStyle(document.body).backgroundColor"); after == before {
			t.Error("the button changes nothing")
		}
		c.open("/findings")
		if got := eval[string](c, "document.documentElement.dataset.theme"); got != "dark" {
			t.Errorf("the theme is forgotten on the next page: %q", got)
		}
		c.click("#theme")
		c.clean("theme")
	})
	c.step("filter", func(t *testing.T) {
		c.open("/findings")
		c.run(`document.querySelector("#rule").value = "ENUM-01"`)
		c.click(".filter button.primary")
		c.until(`location.search.includes("rule=ENUM-01") && document.querySelectorAll("table.findings tbody tr").length === 1`)
		c.click("input[name=severity][value=low]")
		c.click(".filter button.primary")
		c.visible(".empty")
		if !strings.Contains(c.text(".empty"), "Nothing matches") {
			t.Errorf("the empty list says %q", c.text(".empty"))
		}
		c.picture("empty")
		c.clean("filter")
	})
	c.step("facets", func(t *testing.T) {
		c.open("/endpoints")
		c.click(`.facets a[href="/endpoints?host=partners.bank.example"]`)
		c.until(`document.querySelectorAll("#rows tbody tr").length === 4`)
		c.picture("facets")
		c.run(`document.querySelector("#q").value = "v1 get"`)
		c.click(".filter button.primary")
		c.until(`location.search.includes("host=partners") && document.querySelectorAll("#rows tbody tr").length === 2`)
		// On a phone the facets are folded away, and stay open when news come in.
		c.viewport(390, 844, true)
		c.open("/endpoints")
		if eval[bool](c, `document.querySelector(".facets").checkVisibility()`) {
			t.Error("the facets push the list off a phone")
		}
		c.click(`label[for="show-facets"]`)
		c.visible(".facets")
		c.picture("facets-phone")
		was := c.text("#as-of")
		c.until(fmt.Sprintf(`document.querySelector("#as-of").textContent !== %q`, was))
		c.visible(".facets")
		c.viewport(1440, 900, false)
		c.clean("facets")
	})
	c.step("schema", func(t *testing.T) {
		c.open("/endpoints/" + list[0].ID)
		in := func(name string) float64 {
			return eval[float64](c, fmt.Sprintf(`[...document.querySelectorAll("#response-0 .tree b")].find(b => b.textContent === %q).getBoundingClientRect().left`, name))
		}
		if a, b := in("owner"), in("email"); b <= a {
			t.Errorf("a field stands at %v, what holds it at %v", b, a)
		}
		if eval[bool](c, `document.querySelector("#response-1 .tree").checkVisibility()`) {
			t.Error("the second body is unfolded")
		}
		c.click("#response-1 > summary")
		c.visible("#response-1 .tree")
		c.visible("#canvas-traffic[data-drawn] canvas")
		c.click(`.ranges a[href$="range=7d"]`)
		c.until(`document.querySelector(".ranges [aria-current]").textContent === "7d" && document.querySelector("#canvas-traffic canvas") !== null`)
		c.clean("schema")
	})
	c.step("template", func(t *testing.T) {
		c.viewport(1440, 900, false)
		merged := "/endpoints/" + catalog.ID("default", "partners.bank.example", "GET", "/v1/reports/{string}")
		c.open(merged)
		if eval[bool](c, `document.querySelector("#template form").checkVisibility()`) {
			t.Error("the form is unfolded")
		}
		c.click("#template summary")
		c.visible("#template form")
		c.picture("template-form")
		c.viewport(390, 844, true)
		if over := eval[int](c, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("the form is %d px wider than a phone", over)
		}
		c.picture("template-form-phone")
		c.viewport(1440, 900, false)
		c.run(`document.querySelector("#template select").value = "split:2"`)
		c.typeIn("#template input[name=name]", "beta")
		c.click("#template form button")
		c.visible("#done")
		c.picture("template-sent")
		if len(u.templates) != 1 || u.templates[0].order.Name != "beta" || u.templates[0].order.Op != order.Split || u.templates[0].order.Person != "ann" {
			t.Errorf("orders %+v", u.templates)
		}
		c.clean("template")
	})
	c.step("changes", func(t *testing.T) {
		c.open("/changes")
		c.run(`document.querySelector("#since").value = "2020-01-01"`)
		c.click(".filter button.primary")
		c.until(`location.search.startsWith("?since=2020-01-01&until=2") && document.querySelectorAll("#added tbody tr").length === 13`)
		c.click(`.ranges a[href="/changes?since=` + time.Now().UTC().AddDate(0, 0, -7).Format(time.DateOnly) + `"]`)
		c.until(`document.querySelectorAll("#changed .told li").length === 4`)
		c.click("#changed a.row")
		c.until(`location.pathname.startsWith("/endpoints/") && document.querySelector("h1").textContent.includes("/graphql")`)
		c.clean("changes")
	})
	c.step("upload", func(t *testing.T) {
		next := filepath.Join(t.TempDir(), "bank.yaml")
		send := func(text string) {
			t.Helper()
			must(t, os.WriteFile(next, []byte(text), 0o600))
			c.open("/specifications")
			c.within(patience, "choose a file", chromedp.SetUploadFiles(chromedp.CSS("#document"), []string{next}))
			c.click("form[enctype] button.primary")
		}
		send("openapi: 3.0.0\npaths: [\n")
		c.visible("#upload-error")
		if got := c.text("#upload-error"); !strings.Contains(got, "bank.yaml:2") {
			t.Errorf("a fault is told as %q", got)
		}
		c.picture("upload-error")
		c.mu.Lock()
		c.errors = nil // the browser logs the 400
		c.mu.Unlock()
		send(nextBankSpec())
		c.visible("#publish")
		for _, id := range []string{"#added", "#removed", "#changed"} {
			c.visible(id)
		}
		c.picture("candidate-light")
		c.dark(true)
		c.picture("candidate-dark")
		c.dark(false)
		c.viewport(390, 844, true)
		if over := eval[int](c, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
			t.Errorf("what changes is %d px wider than a phone", over)
		}
		c.picture("candidate-phone")
		c.viewport(1440, 900, false)
		c.click("#publish")
		c.until(`location.pathname === "/specifications/bank.yaml" && document.querySelector("#done") !== null`)
		c.click("details.do summary")
		c.picture("withdraw-form")
		c.click("#withdraw")
		c.until(`location.search === "?done=withdrawn"`)
		if list, _ := topic.Documents("default"); len(list) != 2 {
			t.Errorf("%d documents are left, want 2", len(list))
		}
		c.clean("upload")
	})
	c.step("unblock", func(t *testing.T) {
		c.open("/actions")
		row := fmt.Sprintf(`[...document.querySelectorAll("table.actions tbody tr")].find(r => r.textContent.includes(%q) && r.querySelector(".op-block"))`, enumerator)
		c.run(row + `.querySelector("summary").click()`)
		c.picture("unblock-form")
		c.run(row + `.querySelector("form select").value = "24h"`)
		c.run(row + `.querySelector("form button").click()`)
		c.visible("#done")
		text := c.text("#active")
		if !strings.Contains(text, "person/ann") || !strings.Contains(text, "overruled by person/ann") || !strings.Contains(strings.ToLower(text), "allow") {
			t.Errorf("the allow is not shown as live:\n%s", text)
		}
		if len(u.given) != 1 || u.given[0].Target.Value != enumerator || u.given[0].Person != "ann" || time.Until(u.given[0].NotAfter) < 23*time.Hour {
			t.Errorf("orders %+v", u.given)
		}
		c.picture("unblocked")
		c.clean("unblock")
	})
}

// sample publishes bankSpec, a GraphQL schema, and what cannot be read any more.
func (b *board) sample(t testing.TB) {
	for name, text := range map[string]string{
		"bank.yaml": bankSpec, "statements.graphql": "type Query { statement(id: ID!): Statement }\ntype Statement { id: ID! total: Float }\n", "partners-2024-export.json": "{\"openapi\": \"3.0.1\",\n \"paths\": [",
	} {
		d := uploaded.Document{Tenant: "default", Name: name, Person: "ann", At: time.Now().Add(-26 * time.Hour), Media: uploaded.Media(name), Bytes: []byte(text)}
		must(t, b.Publish(t.Context(), &d))
	}
}
