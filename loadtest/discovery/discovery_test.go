package main

import (
	"bytes"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/loadtest/traffic"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/services/discovery"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/prometheus/client_golang/prometheus"
)

// shop is an API of our own: literals beside parameters, names, slugs, short ids.
var shop = []operation{
	{Method: "GET", Template: "/v1/products"},
	{Method: "POST", Template: "/v1/products"},
	{Method: "GET", Template: "/v1/products/{slug}"},
	{Method: "PUT", Template: "/v1/products/{slug}"},
	{Method: "GET", Template: "/v1/products/{slug}/reviews"},
	{Method: "POST", Template: "/v1/products/search"},
	{Method: "GET", Template: "/v1/customers/{username}"},
	{Method: "GET", Template: "/v1/customers/{username}/orders"},
	{Method: "GET", Template: "/v1/customers/me"},
	{Method: "GET", Template: "/v1/orders/{order_id}", Params: []parameter{{Name: "order_id", In: "path", Type: "integer"}}},
	{Method: "POST", Template: "/v1/orders/{order_id}/cancel", Params: []parameter{{Name: "order_id", In: "path", Type: "integer"}}},
	{Method: "POST", Template: "/v1/orders/{order_id}/refund", Params: []parameter{{Name: "order_id", In: "path", Type: "integer"}}},
	{Method: "GET", Template: "/v1/carts/{cart_id}", Params: []parameter{{Name: "cart_id", In: "path", Type: "string", Format: "uuid"}}},
	{Method: "GET", Template: "/v1/vouchers/{code}", Params: []parameter{{Name: "code", In: "path", Type: "string", Pattern: "^[A-Z]{6}$"}}},
	{Method: "GET", Template: "/health"},
}

func TestShopIsLearned(t *testing.T) {
	for i := range shop {
		shop[i].Provider = "shop.example"
	}
	ops := byProvider(shop)["shop.example"]
	if len(ops) != 15 {
		t.Fatalf("%d operations", len(ops))
	}
	for k := range 4 {
		bodies, second := k&1 == 1, k&2 != 0
		for seed := range uint64(3) {
			all := transactions("shop.example", ops, settings{seed: seed, perOperation: 60, bodies: bodies, zipf: 0.5, actors: 9, second: second})
			sc, err := measure(all, true, learn.Weights{})
			if err != nil {
				t.Fatal(err)
			}
			if sc.truth != 15 || sc.right != 15 || sc.predicted != 15 || sc.placed != sc.transactions || sc.grouped != sc.transactions || sc.over+sc.under != 0 {
				t.Errorf("bodies %v, second generator %v, seed %d: %+v\nmissed %q\nwrong %q", bodies, second, seed, sc, sc.missed, sc.wrong)
			}
			// And without the learner it must be worse, or this measures nothing.
			if sc, err = measure(all, false, learn.Weights{}); err != nil || sc.predicted <= 30 || sc.right == 15 {
				t.Errorf("the lexer alone: %d of %d right, %v", sc.right, sc.predicted, err)
			}
		}
	}
}

// The demo bank's endpoints are what they are: at no moment is one merged.
func TestBankStaysAsItIs(t *testing.T) {
	cfg := discovery.Defaults()
	cfg.LearnEvery = time.Second
	want := map[string]bool{}
	for seed := range uint64(3) {
		all := traffic.Generate(traffic.Options{Seed: seed + 1, Events: 2500, Start: time.Unix(1_760_000_000, 0), Span: 30 * time.Minute})
		records := 0
		o := runner.DefaultOptions()
		o.Matcher, o.Logger, o.Registry, o.Workers = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), 1
		got := map[string]bool{}
		local, err := runner.NewLocal(runner.LocalOptions{
			Options: o, Partitions: 2, FlushEvery: 3,
			Detect: []runner.DetectStage{{Name: "discovery", New: discovery.Factory(cfg), PartialKinds: []string{discovery.Kind}}},
			Merge:  []runner.MergeStage{{Name: "discovery-merge", Kind: discovery.Kind, New: discovery.MergerFactory(cfg)}},
			Record: func(_ string, r detect.Record) {
				records++
				e, err := catalog.DecodeEndpoint(r.Value)
				if err != nil || len(e.Supersedes) > 0 || strings.Contains(e.Template, "{string}") {
					t.Fatalf("%s: %+v, %v", r.Key, e, err)
				}
				got[e.Method+" "+e.Template] = true
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			local.Feed(all[i].Event, time.Time{})
			if all[i].Template != "" {
				want[string(all[i].Event.Method)+" "+all[i].Template] = true
			}
		}
		local.Close()
		if records < 100 || len(got) < 5 {
			t.Errorf("seed %d: %d records of %d endpoints", seed, records, len(got))
		}
	}
	if len(want) < 5 {
		t.Errorf("the bank has %d endpoints", len(want))
	}
}

func TestGeneratorRepeats(t *testing.T) {
	s := settings{seed: 4, perOperation: 20, examples: 0.5, bodies: true, zipf: 0.8, actors: 5}
	paths := func(s settings) (out []string) {
		for _, x := range transactions("shop.example", byProvider(shop)["shop.example"], s) {
			out = append(out, string(x.event.Path)+string(x.event.ResponseBody.Data))
		}
		return out
	}
	first := paths(s)
	s.second = true
	one := paths(s)
	if slices.Equal(one, first) {
		t.Error("both generators gave the same traffic")
	}
	if !slices.Equal(one, paths(s)) {
		t.Error("one seed gave two kinds of traffic")
	}
	s.seed++
	if slices.Equal(one, paths(s)) {
		t.Error("two seeds gave the same traffic")
	}
}

func TestPatterns(t *testing.T) {
	for pattern, ok := range map[string]bool{`^[A-Z]{3}-\d{2,4}$`: true, `(red|green)[0-9]+`: true, `[`: false, `^a b$`: false, ``: false} {
		d := newDrawer(parameter{Name: "x", Type: "string", Pattern: pattern}, 0, rand.New(rand.NewPCG(1, 1)))
		if (d.class == "pattern") != ok {
			t.Errorf("%q makes values of class %s", pattern, d.class)
		}
	}
}

func TestCommand(t *testing.T) {
	t.Setenv("MIRADOR_CORPORA", t.TempDir())
	var out, complaints bytes.Buffer
	if err := run(nil, &out, &complaints); err != nil || !strings.HasPrefix(out.String(), "NOT MEASURED") {
		t.Errorf("without a corpus: %v %q", err, out.String())
	}
	if err := run([]string{"--help"}, &out, &complaints); err == nil || !strings.Contains(complaints.String(), "-bodies") {
		t.Errorf("--help: %v %q", err, complaints.String())
	}
	if err := run([]string{"-generator", "c"}, &out, &complaints); err == nil || !strings.Contains(err.Error(), `"c"`) {
		t.Errorf("a generator that is none: %v", err)
	}
	if err := run([]string{"-operations", "main.go"}, &out, &complaints); err == nil || !strings.Contains(err.Error(), "main.go") {
		t.Errorf("a file that is none: %v", err)
	}
}
