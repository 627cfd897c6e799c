package behavior_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/flow"
	"github.com/miradorhq/mirador/schemas"
)

// orders are sessions of a shop: n customers, one a minute, of whom every tenth looks at
// the cart only, and who poll the status of their order.
func orders(n int) (es []*event.Event) {
	var seq uint64
	for i := range n {
		t := float64(60 * i)
		who := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		at := func(after float64, m, u string) {
			es = append(es, (&step{T: t + after, N: 1, IP: "192.0.2.7", Sub: who, M: m, U: u}).events(&seq)...)
		}
		at(0, "GET", "/products")
		at(1, "POST", "/cart")
		if i%10 == 9 {
			continue
		}
		at(2, "POST", "/payments")
		at(3, "POST", "/orders")
		for p := range 5 {
			at(4+float64(p), "GET", "/orders/status")
		}
	}
	slices.SortStableFunc(es, func(a, b *event.Event) int { return a.Time().Compare(b.Time()) })
	return es
}

// graphs runs es through so many partitions, cut as cut says with everything saved and
// restored at each, and gives the last record of each host.
func graphs(t *testing.T, es []*event.Event, partitions int, cut func(i int) bool) map[string]flow.Graph {
	t.Helper()
	cfg := defaults()
	cfg.Seq.Sessions = 50
	factory, mergers := newStage(t, cfg)
	ds, m := make([]detect.Detector, partitions), mergers(0)
	for p := range ds {
		ds[p] = factory(int32(p))
	}
	out := map[string]flow.Graph{}
	var now event.Event
	flush := func() {
		var o detect.Out
		for _, p := range rand.Perm(partitions) {
			ds[p].(detect.Flusher).Flush(&o)
		}
		for i := range o.Partials {
			m.Merge(&o.Partials[i], &o)
		}
		m.(detect.Advancer).Advance(now.Time(), &o)
		for _, r := range o.Records {
			if r.Topic != schemas.TopicFlows {
				t.Fatalf("record for %s", r.Topic)
			}
			g, err := flow.Decode(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[g.Host] = g
		}
	}
	for i, e := range es {
		if cut(i) {
			flush()
			for p := range ds {
				fresh := factory(int32(p))
				restore(t, ds[p], fresh)
				ds[p] = fresh
			}
			fresh := mergers(0)
			restore(t, m, fresh)
			m = fresh
		}
		var o detect.Out
		var tx detect.Tx
		tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
		p := ds[hashOf(e.Principal())%uint32(partitions)]
		p.(detect.Preparer).Prepare(&tx)
		p.Detect(&tx, &o)
		now.RequestTime = e.RequestTime
	}
	now.RequestTime += 3 * 60e9
	flush()
	return out
}

func TestFlowsAreDrawn(t *testing.T) {
	es := orders(300)
	got := graphs(t, es, 1, func(int) bool { return false })
	g, ok := got["api.bank.example"]
	if !ok || len(got) != 1 {
		t.Fatalf("flows of %v", got)
	}
	sessions, ids := map[string]uint64{}, map[string]string{}
	for _, o := range g.Operations {
		sessions[o.Endpoint], ids[o.ID] = o.Sessions, o.Endpoint
	}
	// The last minute is told with the next, which does not come: the last customer is
	// missing. Who polls counts once.
	for name, n := range map[string]uint64{"GET api.bank.example/products": 299, "POST api.bank.example/cart": 299, "POST api.bank.example/orders": 270, "GET api.bank.example/orders/status": 270} {
		if sessions[name] != n {
			t.Errorf("%d sessions came to %s, want %d", sessions[name], name, n)
		}
	}
	moves := map[string]uint64{}
	for _, m := range g.Moves {
		moves[ids[m.From]+" > "+ids[m.To]] = m.Sessions
	}
	if moves[" > GET api.bank.example/products"] != 299 || moves["POST api.bank.example/payments > POST api.bank.example/orders"] != 270 || len(moves) != 5 {
		t.Errorf("moves %v", moves)
	}
	found := false
	for _, p := range g.Prerequisites {
		if ids[p.Before] == "POST api.bank.example/payments" && ids[p.Operation] == "POST api.bank.example/orders" {
			found = true
			if p.Each != p.Sessions || p.Sessions < 260 || p.Mandatory() {
				t.Errorf("%+v: every order was paid, and less than a day of history makes no rule", p)
			}
		}
	}
	if !found {
		t.Errorf("no word of what comes before orders: %+v", g.Prerequisites)
	}
	// Two days on it is a rule.
	for _, e := range orders(300) {
		e.RequestTime += 2 * 86400e9
		e.ID[0] = 1
		es = append(es, e)
	}
	g = graphs(t, es, 1, func(int) bool { return false })["api.bank.example"]
	mandatory := 0
	for i := range g.Prerequisites {
		if g.Prerequisites[i].Held > 200 {
			mandatory++
		}
	}
	if mandatory == 0 {
		t.Errorf("none of %+v is held", g.Prerequisites)
	}
}

// However traffic is cut, saved and restored, the graph is the same.
func TestFlowsAddUpAlike(t *testing.T) {
	es := orders(200)
	for _, partitions := range []int{1, 3} {
		want := graphs(t, es, partitions, func(int) bool { return false })
		for seed := range uint64(3) {
			r := rand.New(rand.NewPCG(seed, 5))
			got := graphs(t, es, partitions, func(int) bool { return r.IntN(80) == 0 })
			for host, g := range want {
				h := got[host]
				a, _ := flow.Encode(&g)
				b, _ := flow.Encode(&h)
				if string(a) != string(b) {
					t.Errorf("%d partitions, seed %d:\n%s\n%s", partitions, seed, b, a)
				}
			}
		}
	}
}
