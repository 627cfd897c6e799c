package discovery

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/dataclass"
	"github.com/miradorhq/mirador/services/discovery/order"
)

// carry has the classifier say that the endpoint GET template carries classes.
func (x *merging) carry(template string, classes ...string) {
	x.t.Helper()
	p := detect.Partial{Kind: dataclass.Kind, Tenant: "default", Dimension: "h",
		Payload: dataclass.Append(nil, &dataclass.Statement{Method: "GET", Template: template, Classes: classes})}
	var out detect.Out
	x.m.Merge(&p, &out)
	x.take(&out)
}

// carries holds what the catalog says of an endpoint against what it should.
func (x *merging) carries(template string, impact int, classes ...string) {
	x.t.Helper()
	e, there := x.all[catalog.ID("default", "h", "GET", template)]
	reason := "It carries " + strings.Join(classes, ", ") + "."
	if !there || !slices.Equal(e.DataClasses, classes) || e.Risk.Impact != impact || len(classes) > 0 != slices.Contains(e.Risk.Reasons, reason) {
		x.t.Errorf("%s (%t): classes %v, risk %+v; want %v and impact %d", template, there, e.DataClasses, e.Risk, classes, impact)
	}
}

func TestConfirmedClassesReachTheCatalog(t *testing.T) {
	x := newMerging(t, Defaults())
	x.carry("/later", "iban") // before discovery saw the path
	x.carry("/gone", "iban")
	x.feed(200, "/users/7", "/later")
	x.feed(404, "/scan")
	x.carry("/scan", "pan")
	x.expect("/later 1", "/users/{int} 1")
	x.carries("/later", 10+35, "iban")
	x.carries("/users/{int}", 10+20)

	x.carry("/users/{int}", "email", "ssn")
	x.carries("/users/{int}", 10+20+35, "email", "ssn")
	x.carry("/users/{int}", "email") // what is said last holds
	x.carries("/users/{int}", 10+20+35, "email")
	x.carry("/users/{int}")
	x.carries("/users/{int}", 10+20)

	x.feed(200, "/scan") // it is an endpoint after all
	x.expect("/later 1", "/scan 2", "/users/{int} 1")
	x.carries("/scan", 10+35, "pan")
}

// A learned template carries what was said of its parts and of itself; taken back,
// each has its own again.
func TestClassesFollowTheTemplates(t *testing.T) {
	x := newMerging(t, Defaults())
	x.feed(200, "/v1/alpha", "/v1/beta")
	x.carry("/v1/alpha", "email")
	x.carry("/v1/beta", "iban")
	for _, name := range []string{"alpha", "beta"} {
		x.say(order.Order{Op: order.Merge, Template: "/v1/" + name, Segment: 1})
	}
	x.expect("/v1/{string} 2")
	x.carries("/v1/{string}", 10+20+35, "email", "iban")
	x.carry("/v1/{string}", "ssn") // by the id that the classifier matches with now
	x.carries("/v1/{string}", 10+20+35, "email", "iban", "ssn")

	var b, again bytes.Buffer
	if err := x.m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	old := bytes.Clone(b.Bytes())
	x.m = newMerger(x.m.cfg, x.m.metrics, 0)
	if err := x.m.Restore(&b); err != nil {
		t.Fatal(err)
	}
	if err := x.m.Snapshot(&again); err != nil || !bytes.Equal(old, again.Bytes()) {
		t.Errorf("a restored state has another snapshot: %v", err)
	}
	x.say(order.Order{Op: order.Split, Method: "GET", Template: "/v1/{string}", Segment: 1})
	x.expect("/v1/alpha 1", "/v1/beta 1")
	x.carries("/v1/alpha", 10+35, "email")
	x.carries("/v1/beta", 10+35, "iban")
}

func TestClassesAreBounded(t *testing.T) {
	cfg := Defaults()
	cfg.MaxEndpoints = 5
	x := newMerging(t, cfg)
	x.feed(200, "/a", "/b")
	for i := range 100 { // made up by whoever asks
		x.carry(fmt.Sprintf("/x%d", i), "email")
	}
	x.carry("/a", "email")
	x.carry("/b", "iban")
	x.expect("/a 1", "/b 1")
	x.carries("/a", 10+35, "email")
	x.carries("/b", 10+35, "iban")
	if n := len(x.tree().classes); n > cfg.MaxEndpoints {
		t.Errorf("%d are kept", n)
	}
	// What cannot be read changes nothing, and a host of which nothing is left is forgotten.
	p := detect.Partial{Kind: dataclass.Kind, Tenant: "default", Dimension: "h", Payload: dataclass.Append(nil, &dataclass.Statement{})}
	x.m.Merge(&p, &detect.Out{})
	x.carries("/a", 10+35, "email")
	for _, classes := range [][]string{{"email"}, nil} {
		p = detect.Partial{Kind: dataclass.Kind, Tenant: "default", Dimension: "other", Payload: dataclass.Append(nil, &dataclass.Statement{Method: "GET", Template: "/", Classes: classes})}
		x.m.Merge(&p, &detect.Out{})
		if _, there := x.m.hosts[host{"default", "other"}]; there != (classes != nil) {
			t.Errorf("%v: the host is remembered: %t", classes, there)
		}
	}
}

// What an operation carries its path carries too.
func TestClassesOfOperations(t *testing.T) {
	x := newMerging(t, Defaults())
	x.feed(200, "/rpc")
	x.carry("/rpc#transfer", "iban")
	x.carry("/rpc#whoami", "email")
	x.carries("/rpc", 10+35, "email", "iban")
	x.carry("/rpc#transfer")
	x.carries("/rpc", 10+35, "email")
}

// What was said of hosts that become one API is said of that, and what one of them says
// later takes nothing away from the others.
func TestClassesOfJoinedHosts(t *testing.T) {
	x := newMerging(t, Defaults())
	say := func(host string, classes ...string) {
		p := detect.Partial{Kind: dataclass.Kind, Tenant: "default", Dimension: host,
			Payload: dataclass.Append(nil, &dataclass.Statement{Method: "GET", Template: "/v1/orders", Classes: classes})}
		x.m.Merge(&p, &detect.Out{})
	}
	for i := range 9 {
		h := fmt.Sprintf("t%c.shop.example.com", 'a'+i)
		x.send(hostEvents(h, shop...)...)
		if i < 2 {
			say(h, []string{"email", "iban"}[i])
		}
	}
	x.decide()
	check := func(want ...string) {
		t.Helper()
		e, there := x.all[catalog.ID("default", "{string}.shop.example.com", "GET", "/v1/orders")]
		if !there || !slices.Equal(e.DataClasses, want) {
			t.Errorf("%t: %v, want %v", there, e.DataClasses, want)
		}
	}
	check("email", "iban")
	say("tc.shop.example.com", "pan")
	x.decide()
	check("email", "iban", "pan")
}

// Which fields hold the data stands in the record of the endpoint and outlives a restart; several
// statements of one endpoint add up.
func TestFieldsReachTheCatalog(t *testing.T) {
	x := newMerging(t, Defaults())
	x.feed(200, "/rpc")
	say := func(template string, fields ...string) {
		p := detect.Partial{Kind: dataclass.Kind, Tenant: "default", Dimension: "h",
			Payload: dataclass.Append(nil, &dataclass.Statement{Method: "GET", Template: template, Classes: []string{"iban"}, Fields: fields})}
		var out detect.Out
		x.m.Merge(&p, &out)
		x.take(&out)
	}
	say("/rpc#transfer", "high iban result.to", "medium email result.from")
	say("/rpc#whoami", "high us.ssn me.ssn")
	x.expect("/rpc 1")
	want := []catalog.Carried{{Path: "me.ssn", Class: "us.ssn", Severity: "high"}, {Path: "result.from", Class: "email", Severity: "medium"}, {Path: "result.to", Class: "iban", Severity: "high"}}
	if e := x.all[catalog.ID("default", "h", "GET", "/rpc")]; !slices.Equal(e.Carries, want) {
		t.Errorf("%v, want %v", e.Carries, want)
	}
	var before, after bytes.Buffer
	if err := x.m.Snapshot(&before); err != nil {
		t.Fatal(err)
	}
	y := newMerging(t, Defaults())
	if err := y.m.Restore(bytes.NewReader(before.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := y.m.Snapshot(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
		t.Errorf("a restored state has another snapshot: %v", err)
	}
}
