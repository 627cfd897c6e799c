package discovery

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// shop is the API of tenants; each asks for all of it.
var shop = strings.Fields("/v1/orders /v1/orders/7 /v1/items /v1/items/7/photos /v1/customers/zelda /health")

func hostEvents(host string, paths ...string) (out []*event.Event) {
	for i, p := range paths {
		out = append(out, request{Host: host, URI: p, Status: 200}.event(i))
	}
	return out
}

// labels are the endpoints of a run.
func labels(t *testing.T, res *result) (out []string) {
	for _, e := range res.endpoints(t) {
		out = append(out, fmt.Sprintf("%s%s %d", e.Host, e.Template, e.Hits))
	}
	return out
}

// Which hosts are one API. What is put out for each is told by its templates.
func TestHostTemplates(t *testing.T) {
	tenants := func(n int, domain string, paths ...string) (out []*event.Event) {
		for i := range n {
			out = append(out, hostEvents(fmt.Sprintf("t%c.%s", 'a'+i, domain), paths...)...)
		}
		return out
	}
	services := func(n int) (out []*event.Event) {
		for _, name := range strings.Fields("billing payments invoices shipping catalog search reviews notifications accounts sessions reports inventory")[:n] {
			out = append(out, hostEvents(name+".shop.example.com", "/health", "/metrics", "/"+name, "/"+name+"/7", "/v1/"+name+"/export")...)
		}
		return out
	}
	for _, c := range []struct {
		name      string
		events    []*event.Event
		change    func(*Config)
		templates map[string]int // hosts in braces, with the endpoints that they have
		hosts     int            // that stand for themselves
	}{
		{"tenants", tenants(8, "shop.example.com", shop...), nil, map[string]int{"{string}.shop.example.com": 6}, 0},
		{"the label is not the first", append(tenants(4, "api.example.com", "/x/y"), func() (out []*event.Event) {
			for i := range 9 {
				out = append(out, hostEvents(fmt.Sprintf("api.t%d.example.com", i), shop...)...)
			}
			return out
		}()...), nil, map[string]int{"api.{string}.example.com": 6}, 4},
		{"too few", tenants(7, "shop.example.com", shop...), nil, nil, 7},
		{"different owners", tenants(12, "co.uk", shop...), nil, nil, 12},
		{"different owners below", func() (out []*event.Event) {
			for i := range 12 {
				out = append(out, hostEvents(fmt.Sprintf("api.t%d.co.uk", i), shop...)...)
			}
			return out
		}(), nil, nil, 12},
		{"hosts of a cloud's customers", tenants(12, "execute-api.us-east-1.amazonaws.com", shop...), nil, nil, 12},
		{"addresses", func() (out []*event.Event) {
			for i := range 12 {
				out = append(out, hostEvents(fmt.Sprintf("10.0.0.%d", i), shop...)...)
			}
			return out
		}(), nil, nil, 12},
		{"services that have their own", services(12), nil, nil, 12},
		{"nothing but what every server has", tenants(12, "shop.example.com", "/health", "/metrics", "/version", "/"), nil, nil, 12},
		{"tenants among services", append(tenants(9, "shop.example.com", shop...), services(12)...), nil, map[string]int{"{string}.shop.example.com": 6}, 12},
		{"two APIs, as many hosts", append(tenants(8, "shop.example.com", shop...), func() (out []*event.Event) {
			for i := range 8 {
				out = append(out, hostEvents(fmt.Sprintf("blog%c.shop.example.com", 'a'+i), "/posts", "/posts/7", "/tags")...)
			}
			return out
		}()...), nil, nil, 16},
		{"two APIs, more hosts of one", append(tenants(12, "shop.example.com", shop...), func() (out []*event.Event) {
			for i := range 8 {
				out = append(out, hostEvents(fmt.Sprintf("blog%c.shop.example.com", 'a'+i), "/posts", "/posts/7", "/tags")...)
			}
			return out
		}()...), nil, map[string]int{"{string}.shop.example.com": 6}, 8},
		{"some asked for little", slices.Concat(tenants(8, "shop.example.com", shop...), hostEvents("small.shop.example.com", "/v1/orders", "/v1/items"), hostEvents("one.shop.example.com", "/v1/orders")),
			nil, map[string]int{"{string}.shop.example.com": 6}, 1},
		{"off", tenants(12, "shop.example.com", shop...), func(c *Config) { c.MinHosts = 0 }, nil, 12},
		{"nothing is learned", tenants(12, "shop.example.com", shop...), func(c *Config) { c.Learn = false }, nil, 12},
		{"apart", tenants(12, "shop.example.com", shop...), func(c *Config) { c.HostsApart = []string{"ta.shop.example.com", "tb.shop.example.com"} },
			map[string]int{"{string}.shop.example.com": 6}, 2},
		{"given", append(tenants(2, "shop.example.com", "/v1/orders", "/v1/items"), hostEvents("other.shop.example.com", "/else")...),
			func(c *Config) { c.Hosts = []string{"{tenant}.shop.example.com"}; c.MinHosts = 0 }, map[string]int{"{tenant}.shop.example.com": 3}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Defaults()
			if c.change != nil {
				c.change(&cfg)
			}
			if err := cfg.Validate(); err != nil {
				t.Fatal(err)
			}
			res := run(t, cfg, c.events, 2, nil)
			templates, hosts := map[string]int{}, map[string]bool{}
			var hits uint64
			for _, e := range res.endpoints(t) {
				hits += e.Hits
				if strings.Contains(e.Host, "{") {
					templates[e.Host]++
				} else {
					hosts[e.Host] = true
				}
			}
			if !maps.Equal(templates, c.templates) || len(hosts) != c.hosts {
				t.Errorf("templates %v and %d hosts, want %v and %d:\n%s", templates, len(hosts), c.templates, c.hosts, strings.Join(labels(t, res), "\n"))
			}
			if hits != uint64(len(c.events)) {
				t.Errorf("%d hits of %d events", hits, len(c.events))
			}
		})
	}
}

// Hosts come, are joined and crash, in any cuts: no transaction is lost or counted
// twice, and what names a group knows under its parts' ids is told.
func TestJoinedHostsAreExact(t *testing.T) {
	cfg := Defaults()
	cfg.MaxParts, cfg.MaxSupersedes = 5, 7
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 3))
		var events []*event.Event
		for i := range 1200 {
			p := shop[r.IntN(len(shop))]
			if strings.HasSuffix(p, "zelda") {
				p = "/v1/customers/" + people[r.IntN(len(people))]
			}
			e := request{Host: fmt.Sprintf("t%d.shop.example.com", r.IntN(20)), URI: p, Status: []uint16{200, 200, 404}[r.IntN(3)]}.event(i)
			e.ID[14] = byte(i >> 8)
			events = append(events, e)
		}
		want := run(t, cfg, events, 1, nil)
		if list := labels(t, want); len(list) != 6 || !strings.HasPrefix(list[0], "{string}.shop.example.com/health") {
			t.Fatalf("seed %d: %s", seed, strings.Join(list, "\n"))
		}
		for round := range 3 {
			got := run(t, cfg, events, 3, rand.New(rand.NewPCG(seed, uint64(round))))
			if a, b := labels(t, got), labels(t, want); !slices.Equal(a, b) {
				t.Fatalf("seed %d round %d: got\n%s\nwant\n%s", seed, round, strings.Join(a, "\n"), strings.Join(b, "\n"))
			}
		}
		for _, e := range want.endpoints(t) {
			if len(e.Supersedes) != 7 || e.Version != 8 {
				t.Errorf("%s supersedes %d, version %d", e.Label(), len(e.Supersedes), e.Version)
			}
		}
	}
}

// A merger with hosts joined, its snapshot, and settings that change after it.
func TestHostSettingsChange(t *testing.T) {
	cfg := Defaults()
	x := newMerging(t, cfg)
	hosts := func(x *merging) map[string]uint64 {
		x.decide()
		got := map[string]uint64{}
		for _, e := range x.all {
			got[e.Host] += e.Hits
		}
		return got
	}
	for i := range 8 {
		x.send(hostEvents(fmt.Sprintf("t%d.shop.example.com", i), shop...)...)
	}
	var out detect.Out
	d := Factory(cfg)(0).(*detector)
	d.at(&detect.Tx{Tenant: "default", Endpoint: catalog.Match{Host: "t1.shop.example.com", Method: "GET"}}, "id", "/x", &out)
	if d.Flush(&out); string(out.Partials[0].Key()) != "default|example.com" || out.Partials[0].Dimension != "t1.shop.example.com" {
		t.Fatalf("%+v", out.Partials)
	}
	const template = "{string}.shop.example.com"
	if got := hosts(x); !maps.Equal(got, map[string]uint64{template: 48}) {
		t.Fatalf("%v", got)
	}
	// The matcher says the template now, and what comes is counted for it still.
	if m := x.live.Match("default", "t3.shop.example.com", "GET", []byte("/v1/orders")); m.Host != template || !m.Known {
		t.Fatalf("%+v", m)
	}
	x.send(hostEvents("t3.shop.example.com", shop...)...)
	x.send(hostEvents("t9.shop.example.com", shop...)...)
	if got := hosts(x); !maps.Equal(got, map[string]uint64{template: 60}) {
		t.Fatalf("%v", got)
	}
	var b bytes.Buffer
	if err := x.m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	restored := func(change func(*Config)) *merging {
		c := cfg
		change(&c)
		y := newMerging(t, c)
		maps.Copy(y.all, x.all)
		y.at = x.at
		if err := y.m.Restore(bytes.NewReader(b.Bytes())); err != nil {
			t.Fatal(err)
		}
		return y
	}
	same := restored(func(*Config) {})
	var c bytes.Buffer
	if err := same.m.Snapshot(&c); err != nil || !bytes.Equal(b.Bytes(), c.Bytes()) {
		t.Errorf("another state came back: %v", err)
	}
	apart := restored(func(c *Config) { c.HostsApart = []string{"t3.shop.example.com"} })
	apart.send(hostEvents("t3.shop.example.com", shop...)...)
	apart.send(hostEvents("t4.shop.example.com", shop...)...)
	if got := hosts(apart); !maps.Equal(got, map[string]uint64{template: 66, "t3.shop.example.com": 6}) {
		t.Errorf("%v", got)
	}
	off := restored(func(c *Config) { c.MinHosts = 0 })
	off.send(hostEvents("t3.shop.example.com", shop...)...)
	if got := hosts(off); !maps.Equal(got, map[string]uint64{"t3.shop.example.com": 6}) {
		t.Errorf("%v", got)
	}
	renamed := restored(func(c *Config) { c.Hosts = []string{"{tenant}.shop.example.com"} })
	renamed.send(hostEvents("t3.shop.example.com", shop...)...)
	if got := hosts(renamed); !maps.Equal(got, map[string]uint64{"{tenant}.shop.example.com": 6}) {
		t.Errorf("%v", got)
	}
}

func TestHostSettings(t *testing.T) {
	for _, h := range []string{"{tenant}.co.uk", "{a}.{b}.example.com", "api.example.com", "{T}.api.Example.com", "api.{x}.com"} {
		c := Defaults()
		c.Hosts = []string{h}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "discovery.hosts") {
			t.Errorf("%s: %v", h, err)
		}
	}
	for host, want := range map[string]string{
		"acme.api.example.com": "example.com", "example.com": "example.com", "localhost": "localhost", "10.0.0.1": "10.0.0.1", "-": "-",
		"{string}.api.example.com": "example.com", "[2001:db8::1]": "[2001:db8::1]", "a.": "a.", "": "",
	} {
		if got := order.Group(host); got != want {
			t.Errorf("%q goes to %q, want %q", host, got, want)
		}
	}
	if catalog.NoHost != "-" {
		t.Error("the case of no host is another")
	}
}
