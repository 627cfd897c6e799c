package discovery

import (
	"slices"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/event"
)

func TestNetworks(t *testing.T) {
	c := Defaults()
	c.PartnerNetworks = []string{"198.51.100.0/24", "10.9.0.0/16", "2001:db8:1::/48"}
	r, err := parseRanges(&c)
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"10.1.2.3": "internal", "10.9.2.3": "partner", "::ffff:10.1.2.3": "internal", "fe80::1%eth0": "internal", "127.0.0.1": "internal",
		"198.51.100.7": "partner", "2001:db8:1::5": "partner", "203.0.113.9": "public", "2001:db8:2::5": "public", "": "unknown", "x": "unknown",
	} {
		if got := networkNames[r.of([]byte(address))]; got != want {
			t.Errorf("%q is %s, want %s", address, got, want)
		}
	}
	c.InternalNetworks, c.PartnerNetworks = []string{"10.0.0.0"}, []string{"x"}
	if err := c.Validate(); err == nil || strings.Count(err.Error(), "_networks: ") != 2 {
		t.Errorf("bad networks: %v", err)
	}
}

func TestRisk(t *testing.T) {
	tally := func(name string, n uint64) catalog.Tally { return catalog.Tally{Name: name, Count: n} }
	for _, c := range []struct {
		name                      string
		e                         catalog.Endpoint
		score, likelihood, impact int
		reasons                   []string
	}{
		{"inside, with credentials, reading", catalog.Endpoint{Method: "GET", Template: "/a", Exposure: []catalog.Tally{tally("internal", 9)},
			AuthServed: []catalog.Tally{tally("jwt", 9)}, Statuses: []catalog.Tally{tally("2xx", 9)}}, 0, 0, 10, nil},
		{"open to all, deleting people", catalog.Endpoint{Method: "DELETE", Template: "/a/{int}", Exposure: []catalog.Tally{tally("public", 9)},
			AuthServed: []catalog.Tally{tally("none", 9)}, Statuses: []catalog.Tally{tally("2xx", 9), tally("5xx", 9)}, DataClasses: []string{"email"}}, 100, 100, 100,
			[]string{"100 % of what was answered went to public networks.", "100 % of what was answered was asked without a credential.", "50 % of all answers were server errors.",
				"DELETE changes data.", "The path names single objects.", "It carries email."}},
		{"some of each", catalog.Endpoint{Method: "POST", Template: "/a", Exposure: []catalog.Tally{tally("internal", 50), tally("partner", 50)},
			AuthServed: []catalog.Tally{tally("jwt", 999), tally("none", 1)}, Statuses: []catalog.Tally{tally("2xx", 100)}}, 19, 8, 45,
			[]string{"50 % of what was answered went to partner networks.", "Less than 1 % of what was answered was asked without a credential.", "POST changes data."}},
	} {
		if r := risk(&c.e); r.Score != c.score || r.Likelihood != c.likelihood || r.Impact != c.impact || !slices.Equal(r.Reasons, c.reasons) {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}

// What a record says of a transaction or two.
func TestRecord(t *testing.T) {
	e := func(i int, r request, address string, took int64) *event.Event {
		x := r.event(i)
		x.Client.Address, x.ResponseTime = []byte(address), x.RequestTime+took
		return x
	}
	post := request{Method: "POST", URI: "/a/1?q=x", Status: 201, Scheme: "jwt", Body: `{"a":1}`, ResponseBody: `{"mail":"x@example.com"}`, Headers: [][2]string{{"Content-Type", "application/json"}}}
	bad := post
	bad.Status, bad.ResponseBody, bad.Scheme, bad.Body = 422, `{"error":"no"}`, "", `{"evil":1}`
	res := run(t, Defaults(), []*event.Event{e(0, post, "203.0.113.1", 5e6), e(1, post, "10.0.0.1", 5e6), e(2, bad, "203.0.113.1", 9e6)}, 2, nil)
	got := res.endpoints(t)[0]
	if got.Callers != 2 || got.Rate.Peak != 3 || got.Rate.PerMinute != 3 || got.Measures.Latency.Count != 3 || got.Measures.Latency.P50 < 4.7 || got.Measures.Latency.P50 > 5.3 ||
		got.Measures.Response.P99 < 20 || !slices.Equal(got.AuthServed, []catalog.Tally{{Name: "jwt", Count: 2}}) ||
		!slices.Equal(got.Exposure, []catalog.Tally{{Name: "internal", Count: 1}, {Name: "public", Count: 1}}) || !slices.Equal(got.DataClasses, []string{"email"}) ||
		got.Risk.Likelihood != 20 || got.Risk.Impact != 100 {
		t.Errorf("%+v", got)
	}
	if len(got.Request) != 1 || got.Request[0].Media != "application/json" || got.Request[0].Seen != 2 || len(got.Request[0].Schema.Properties) != 1 {
		t.Errorf("request: what was refused is no parameter: %+v", got.Request)
	}
	if len(got.Responses) != 2 || got.Responses[0].Status != "2xx" || got.Responses[1].Status != "4xx" || got.Responses[1].Schema.Properties[0].Name != "error" {
		t.Errorf("responses: %+v", got.Responses)
	}
}

// A WebSocket is served by 101: who may open it is as much a part of the risk.
func TestRecordOfAWebSocket(t *testing.T) {
	open, refused := request{URI: "/live", Status: 101}.event(0), request{URI: "/live", Status: 401}.event(1)
	open.Client.Address, refused.Client.Address = []byte("203.0.113.1"), []byte("10.0.0.1")
	got := run(t, Defaults(), []*event.Event{open, refused}, 1, nil).endpoints(t)
	if len(got) != 1 || got[0].Callers != 1 || !slices.Equal(got[0].AuthServed, []catalog.Tally{{Name: "none", Count: 1}}) ||
		!slices.Equal(got[0].Exposure, []catalog.Tally{{Name: "public", Count: 1}}) || got[0].Risk.Likelihood != 80 {
		t.Errorf("%+v", got)
	}
}
