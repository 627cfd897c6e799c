package console

import (
	"fmt"
	"html"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/finding"
	sequence "github.com/miradorhq/mirador/pkg/flow"
)

// transfers are the flows of the bank: a login, accounts looked at, a transfer prepared,
// confirmed and looked up, with a way back and one without confirmation.
func (w *world) transfers() sequence.Graph {
	g := sequence.Graph{Tenant: "default", Host: bankHost, Updated: w.now.Truncate(time.Minute), Since: w.now.Add(-9 * 24 * time.Hour)}
	id := func(endpoint string) string {
		method, path, _ := strings.Cut(endpoint, " ")
		return w.match(method, path).ID
	}
	for _, o := range []struct {
		endpoint string
		sessions uint64
	}{{"POST /login", 41200}, {"GET /accounts/4711", 39800}, {"GET /accounts/4711/transfers", 22100}, {"POST /transfers", 8200}, {"POST /transfers/99/confirmation", 8100},
		{"GET /transfers/99", 7900}, {"GET /cards/5b0a6d2e-0000-4000-8000-000000000001", 5100}, {"PATCH /accounts/4711/limits", 900}, {"POST /payees", 1200}, {"GET /payees", 4100}} {
		method, path, _ := strings.Cut(o.endpoint, " ")
		m := w.match(method, path)
		g.Operations = append(g.Operations, sequence.Operation{ID: m.ID, Endpoint: m.Label, Sessions: o.sessions, Last: w.now.Truncate(time.Minute)})
	}
	for _, m := range []struct {
		from, to string
		sessions uint64
	}{{"", "POST /login", 41200}, {"POST /login", "GET /accounts/4711", 39500}, {"GET /accounts/4711", "GET /accounts/4711/transfers", 21000}, {"GET /accounts/4711", "POST /transfers", 5200},
		{"GET /accounts/4711/transfers", "POST /transfers", 2900}, {"POST /transfers", "POST /transfers/99/confirmation", 8100}, {"POST /transfers/99/confirmation", "GET /transfers/99", 7700},
		{"GET /transfers/99", "GET /accounts/4711", 3000}, {"GET /accounts/4711", "GET /cards/5b0a6d2e-0000-4000-8000-000000000001", 4900}, {"GET /accounts/4711", "GET /payees", 3900},
		{"GET /payees", "POST /payees", 1150}, {"POST /payees", "POST /transfers", 800}, {"GET /cards/5b0a6d2e-0000-4000-8000-000000000001", "PATCH /accounts/4711/limits", 700}} {
		v := sequence.Move{To: id(m.to), Sessions: m.sessions}
		if m.from != "" {
			v.From = id(m.from)
		}
		g.Moves = append(g.Moves, v)
	}
	for _, p := range []struct {
		before, operation           string
		sessions, ever, each, holds uint64
	}{{"POST /login", "POST /transfers", 8000, 7999, 2000, 7900}, {"POST /transfers", "POST /transfers/99/confirmation", 7800, 7799, 7798, 7700},
		{"POST /login", "POST /transfers/99/confirmation", 7800, 7800, 1900, 7700}, {"GET /payees", "POST /payees", 700, 690, 680, 0}, {"GET /accounts/4711", "PATCH /accounts/4711/limits", 900, 500, 400, 0}} {
		g.Prerequisites = append(g.Prerequisites, sequence.Prerequisite{Before: id(p.before), Operation: id(p.operation), Sessions: p.sessions, Ever: p.ever, Each: p.each, Held: p.holds})
	}
	return g
}

func (w *world) putFlows(list ...sequence.Graph) {
	w.t.Helper()
	s, err := chsink.NewFlows(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := sequence.Encode(&list[i])
		must(w.t, err)
		w.put(s, string(list[i].Key()), b, list[i].Updated)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}

func TestFlowsPage(t *testing.T) {
	cfg, conn := database(t)
	w := newWorld(t, cfg)
	g := w.transfers()
	other := sequence.Graph{Tenant: "default", Host: "shop.example", Updated: w.now, Since: w.now, Operations: []sequence.Operation{{ID: "x", Endpoint: "GET shop.example/cart", Sessions: 3, Last: w.now}}}
	w.putFlows(g, other)
	confirmation := w.match("POST", "/transfers/99/confirmation")
	f := finding.From(&finding.Rule{ID: "SEQ-01", Title: "Mandatory step skipped", Detector: "behavior", Severity: finding.High}, "default")
	f.ID, f.Confidence, f.Count, f.Time, f.FirstSeen, f.LastSeen, f.Events = "f1", .9, 1, w.now, w.now, w.now, []string{}
	f.Subject = finding.Subject{Principal: "sub:m", Endpoint: confirmation.Label, EndpointID: confirmation.ID}
	w.find = append(w.find, f)
	w.flush()
	_, b := serve(t, conn, &orders{}, nil)
	page := html.UnescapeString(b.page("/flows"))
	for _, want := range []string{"Business flows", "10 operations of " + bankHost, "POST /transfers must come before POST /transfers/{int}/confirmation", "1 skipped", "rule=SEQ-01", "begin with it",
		"mandatory</b>, before each", "mandatory</b>, once a session", "shop.example"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	// Login before the confirmation follows from the two others, and is in words alone.
	if strings.Contains(page, "POST /login must come before POST /transfers/{int}/confirmation") {
		t.Error("what follows from others is drawn")
	}
	if page := b.page("/flows?host=shop.example"); !strings.Contains(page, "/cart") || strings.Contains(page, "/confirmation") {
		t.Error("another host shows the flows of the first")
	}
	if got := b.get("/flows?host=nowhere.example"); got.status != 404 {
		t.Errorf("a host of which nothing is known: %d", got.status)
	}
}

// TestFlowPicture: boxes lie apart, ways lead down but for those that close a circle, and
// a graph in which all leads to all is still drawn.
func TestFlowPicture(t *testing.T) {
	g := sequence.Graph{Host: "h"}
	for i := range 60 {
		g.Operations = append(g.Operations, sequence.Operation{ID: fmt.Sprint(i), Endpoint: fmt.Sprintf("GET h/%d", i), Sessions: uint64(1000 - i)})
		for j := range 60 {
			g.Moves = append(g.Moves, sequence.Move{From: fmt.Sprint(i), To: fmt.Sprint(j), Sessions: uint64(60 + i*j%7)})
		}
	}
	g.Prerequisites = []sequence.Prerequisite{{Before: "50", Operation: "51", Sessions: 9, Ever: 9, Each: 9, Held: 9}}
	p := newFlowPicture(&g, map[string]uint64{"55": 2})
	if len(p.Boxes) != drawnOperations+3 || p.Hidden != 60-len(p.Boxes) {
		t.Errorf("%d boxes, %d hidden", len(p.Boxes), p.Hidden)
	}
	for i, a := range p.Boxes {
		if a.X < 0 || a.X+boxWidth > p.Width || a.Y+boxHeight > p.Height {
			t.Errorf("box %d at %v, %v is outside", i, a.X, a.Y)
		}
		for _, b := range p.Boxes[:i] {
			if math.Abs(a.X-b.X) < boxWidth && math.Abs(a.Y-b.Y) < boxHeight {
				t.Errorf("%s and %s overlap", a.Path, b.Path)
			}
		}
	}
	must := 0
	for _, l := range p.Lines {
		if l.Kind == "must" {
			must++
		}
	}
	if must != 1 || len(p.Lines) < 20*20 {
		t.Errorf("%d lines, %d mandatory", len(p.Lines), must)
	}
}
