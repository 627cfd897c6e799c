package console

import (
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/order"
)

func TestWishes(t *testing.T) {
	for template, want := range map[string][]string{
		"/":                      nil,
		"/login":                 {"merge:0", "merge-all:0", "pin:-1", "unpin:-1"},
		"/v1/reports/{string}":   {"merge:0", "merge-all:0", "merge:1", "merge-all:1", "split:2", "rename:2", "pin:-1", "unpin:-1"},
		"/users/{int}/x({uuid})": {"merge:0", "merge-all:0", "rename:1", "rename:2", "pin:-1", "unpin:-1"},
		"/{string}.json/{int}:x": {"split:0", "merge:0", "rename:0", "rename:1", "pin:-1", "unpin:-1"},
		"/graphql#query a/{b}":   {"merge:0", "merge-all:0", "pin:-1", "unpin:-1"},
		"/a//":                   {"merge:0", "merge-all:0", "pin:-1", "unpin:-1"},
	} {
		var got []string
		for _, w := range wishes(template) {
			got = append(got, w.Value)
			if w.Text == "" {
				t.Errorf("%s of %s says nothing", w.Value, template)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", template, got, want)
		}
	}
}

func TestTemplateIsOrderedByForm(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	w.older()
	u := &orders{}
	_, b := serve(t, open(t, cfg), u, nil)
	const host = "partners.bank.example"
	path := "/endpoints/" + catalog.ID("default", host, "GET", "/v1/reports/{string}")
	page := html.UnescapeString(b.page(path))
	for _, want := range []string{"Segment 3, {string}, is a name", "Segment 2, reports, is a value", "Rename the parameter in segment 3", "Keep the template as it is", "within seconds", `value="ann"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	csrf := csrfOf(t, page)
	form := func(change url.Values) url.Values {
		f := url.Values{"csrf": {csrf}, "wish": {"split:2"}, "name": {" alpha "}, "person": {"bob"}}
		for k, v := range change {
			f[k] = v
		}
		return f
	}
	f := func(name, path string, change url.Values, status int) {
		t.Helper()
		if a := b.post(path+"/template", form(change)); a.status != status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
		}
	}
	f("no form token", path, url.Values{"csrf": nil}, http.StatusForbidden)
	f("token of another session", path, url.Values{"csrf": {newSessions(testToken, time.Hour, false).csrf(session{})}}, http.StatusForbidden)
	f("no such endpoint", "/endpoints/none", nil, http.StatusNotFound)
	f("a wish that the template does not have", path, url.Values{"wish": {"merge:2"}}, http.StatusBadRequest)
	f("the choice that is none", path, url.Values{"wish": {""}}, http.StatusBadRequest)
	f("no wish", path, url.Values{"wish": nil}, http.StatusBadRequest)
	f("a name with a separator", path, url.Values{"person": {"a|b"}}, http.StatusBadRequest)
	f("a name of a segment with a slash", path, url.Values{"name": {"a/b"}}, http.StatusBadRequest)
	f("too long a name", path, url.Values{"name": {strings.Repeat("x", 201)}}, http.StatusBadRequest)
	if a := b.do("POST", path+"/template", form(nil), http.Header{"Sec-Fetch-Site": {"cross-site"}}); a.status != http.StatusForbidden {
		t.Errorf("a form of another site gives orders: %d", a.status)
	}
	u.err = errors.New("broker 10.1.2.3:9092 is gone")
	if a := b.post(path+"/template", form(nil)); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "10.1.2.3:9092") {
		t.Errorf("Kafka is gone: %d", a.status)
	}
	u.err = nil
	if len(u.templates) != 0 {
		t.Fatalf("orders were given: %+v", u.templates)
	}
	a := b.post(path+"/template", form(nil))
	if a.status != http.StatusSeeOther || !strings.Contains(b.page(a.header.Get("Location")), "It takes effect within seconds") {
		t.Errorf("%d to %s", a.status, a.header.Get("Location"))
	}
	f("every name there", path, url.Values{"wish": {"merge-all:1"}}, http.StatusSeeOther)
	if o := u.templates[1].order; o.Op != order.Merge || o.Segment != 1 || o.Name != order.All {
		t.Errorf("order %+v", o)
	}
	f("a pin takes no name", path, url.Values{"wish": {"pin:-1"}, "person": nil}, http.StatusSeeOther)
	if len(u.templates) != 3 {
		t.Fatalf("orders %+v", u.templates)
	}
	split, pin := u.templates[0], u.templates[2]
	want := order.Order{Op: order.Split, Method: "GET", Template: "/v1/reports/{string}", Segment: 2, Name: "alpha", Person: "bob", At: split.order.At}
	if split.tenant != "default" || split.host != host || split.order != want || split.order.At.IsZero() {
		t.Errorf("order %+v, want %+v", split, want)
	}
	if pin.order.Op != order.Pin || pin.order.Segment != order.Whole || pin.order.Name != "" || pin.order.Person != "ann" {
		t.Errorf("order %+v", pin)
	}
}

// The page lists what people said of the template, each with what takes it back.
func TestPinsAreListedAndTakenBack(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	w.older()
	u := &orders{}
	_, b := serve(t, open(t, cfg), u, nil)
	path := "/endpoints/" + catalog.ID("default", "partners.bank.example", "GET", "/v1/reports/{string}")
	page := html.UnescapeString(b.page(path))
	want := []struct {
		says, wish string
		order      order.Order
	}{
		{"Segment 2, reports, is a name", "unpin:1:reports", order.Order{Op: order.Unpin, Segment: 1, Name: "reports"}},
		{"Segment 3, {string}, is a value whatever stands there", "unpin:2:*", order.Order{Op: order.Unpin, Segment: 2, Name: order.All}},
		{"Segment 3, {string}, is a value where it is alpha", "unpin:2:alpha", order.Order{Op: order.Unpin, Segment: 2, Name: "alpha"}},
		{"The parameter in segment 3, {string}, is called report", "rename:2:", order.Order{Op: order.Rename, Segment: 2}},
	}
	for i, c := range want {
		if !strings.Contains(page, c.says) || !strings.Contains(page, `value="`+c.wish+`"`) {
			t.Errorf("the page lacks %q or what takes it back", c.says)
		}
		// A name in the form is not asked for, whatever a browser sends.
		if a := b.post(path+"/template", url.Values{"csrf": {csrfOf(t, page)}, "wish": {c.wish}, "name": {"zelda"}, "person": {"bob"}}); a.status != http.StatusSeeOther {
			t.Fatalf("%s: status %d: %s", c.wish, a.status, a.body)
		}
		got := u.templates[i].order
		c.order.Method, c.order.Template, c.order.Person, c.order.At = "GET", "/v1/reports/{string}", "bob", got.At
		if got != c.order {
			t.Errorf("order %+v, want %+v", got, c.order)
		}
	}
	if a := b.post(path+"/template", url.Values{"csrf": {csrfOf(t, page)}, "wish": {"unpin:2:beta"}, "person": {"bob"}}); a.status != http.StatusBadRequest {
		t.Errorf("what nobody said is taken back: status %d", a.status)
	}
}

// Without Kafka there is no form, and what is posted all the same says so.
func TestNoTemplateOrdersWithoutKafka(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	w.older()
	_, b := serve(t, open(t, cfg), nil, nil)
	path := "/endpoints/" + catalog.ID("default", "partners.bank.example", "GET", "/v1/reports/{string}")
	page := b.page(path)
	if !strings.Contains(page, "What people said of the template") {
		t.Error("what people said is not listed")
	}
	if strings.Contains(page, "/template") || strings.Contains(page, "Correct it") {
		t.Error("there is a form that nothing is behind")
	}
	if a := b.post(path+"/template", url.Values{"csrf": {csrfOf(t, page)}, "wish": {"pin:-1"}}); a.status != http.StatusBadRequest || !strings.Contains(a.body, "no connection to Kafka") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}
