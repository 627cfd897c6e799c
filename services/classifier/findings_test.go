package classifier

import (
	"bytes"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

var testCards = []string{"4111111111111111", "5555555555554444", "4012888888881881", "378282246310005"}

func TestCardFinding(t *testing.T) {
	l := newLocal(t, 1)
	for i, c := range testCards {
		e := answer(i, "/v1/cards", build("cards[].pan", []string{c, "none"}))
		e.Deployment.Service = []byte("cards")
		l.event(0, e)
	}
	l.flush(0, true)
	if len(l.findings) != 1 || len(l.fields) != 1 {
		t.Fatalf("findings %v, fields %v", l.findings, l.fields)
	}
	for _, f := range l.findings {
		want := "4 of 8 values of the response body field cards[].pan at GET api.bank.example/v1/cards are card numbers by Luhn check, issuer range and length; 4 different ones, 0 of that shape failed the check."
		if f.Rule != "DATA-01" || f.Severity != finding.High || f.Summary != want {
			t.Errorf("%s %s %q", f.Rule, f.Severity, f.Summary)
		}
		if f.Count != 4 || len(f.Events) != 4 || f.Subject.Service != "cards" || !f.FirstSeen.Equal(start) || !f.Time.Equal(f.LastSeen) {
			t.Errorf("%+v", f)
		}
		if len(f.Evidence) != 3 || f.Evidence[0].Location != "response.body" || !strings.Contains(f.Evidence[0].Masked, "*****") {
			t.Errorf("evidence %+v", f.Evidence)
		}
		if f.Counterfactual != "2 or fewer different values that pass would not alert." {
			t.Error(f.Counterfactual)
		}
		if _, err := finding.Encode(&f); err != nil {
			t.Error(err)
		}
	}
}

// TestRulesByPlace holds which rule speaks of a type in which place.
func TestRulesByPlace(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln"
	const key = "AKIAQ3EGTL7MZ4KX2VWP"
	run := func(fill func(e *event.Event, i int)) string {
		l := newLocal(t, 1)
		for i := range testCards {
			e := answer(i, "/v1/x", "{}")
			fill(e, i)
			l.event(0, e)
		}
		l.flush(0, true)
		rules := ""
		for _, f := range l.findings {
			rules += f.Rule
		}
		return rules
	}
	f := func(want string, fill func(e *event.Event, i int)) {
		t.Helper()
		if got := run(fill); got != want {
			t.Errorf("rules %q, want %q", got, want)
		}
	}
	f("DATA-01", func(e *event.Event, i int) { e.ResponseBody.Data = []byte(`{"card":` + testCards[i] + `}`) })
	f("DATA-01", func(e *event.Event, i int) {
		e.ResponseHeaders = []event.Header{{Name: []byte("X-Card"), Value: []byte(testCards[i])}}
	})
	f("DATA-02", func(e *event.Event, i int) { e.Query = []byte("card=" + testCards[i]) })
	f("", func(e *event.Event, i int) { e.RequestBody.Data = []byte(`{"card":"` + testCards[i] + `"}`) })
	f("", func(e *event.Event, i int) {
		e.Flags = event.Enforced
		e.ResponseBody.Data = []byte(`{"card":` + testCards[i] + `}`)
	})
	f("DATA-04", func(e *event.Event, i int) { e.ResponseBody.Data = []byte(`{"k":"` + key + `"}`) })
	f("DATA-07", func(e *event.Event, i int) { e.Query = []byte("k=" + key) })
	f("DATA-05", func(e *event.Event, i int) { e.Query = []byte("t=" + token) })
	f("DATA-06", func(e *event.Event, i int) { e.ResponseBody.Data = []byte(`{"t":"` + token + `"}`) })
}

// TestNothingLeaks looks for the values themselves in everything that leaves a
// stage.
func TestNothingLeaks(t *testing.T) {
	secrets := append([]string{"AKIAQ3EGTL7MZ4KX2VWP", "DE89370400440532013000", "jo.doe@example.com", "536-90-4399", "536904399", "eyJzdWIiOiI0MiJ9"}, testCards...)
	l := newLocal(t, 1)
	for i := range 30 {
		l.event(0, answer(i, "/v1/x", `{"card":"`+testCards[i%4]+`","iban":"DE89370400440532013000","email":"jo.doe@example.com","ssn":"536-90-4399",
			"token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln","key":"AKIAQ3EGTL7MZ4KX2VWP"}`))
	}
	var all bytes.Buffer
	if err := l.detectors[0].(detect.Stateful).Snapshot(&all); err != nil {
		t.Fatal(err)
	}
	var out detect.Out
	l.detectors[0].(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		all.Write(out.Partials[i].Payload)
		l.merger.Merge(&out.Partials[i], nil)
	}
	if err := l.merger.(detect.Stateful).Snapshot(&all); err != nil {
		t.Fatal(err)
	}
	l.merger.(detect.Flusher).Flush(&out)
	for _, r := range out.Records {
		all.Write(r.Value)
	}
	for i := range out.Findings {
		b, err := finding.Encode(&out.Findings[i])
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	if len(out.Records) < 4 { // card, token, key, IBAN at least
		t.Errorf("%d fields listed", len(out.Records))
	}
	for _, s := range secrets {
		if bytes.Contains(all.Bytes(), []byte(s)) {
			t.Errorf("%q leaves the stage", s)
		}
	}
}

func TestMalformedPartials(t *testing.T) {
	l := newLocal(t, 1)
	good := encodeDelta(&delta{Label: "x", Fields: []fieldDelta{{Direction: 7, Path: "p"}, {Direction: 1, Location: 4, Path: "q", Seen: 1, Types: []typeDelta{{Type: "of another version"}}}}})
	for _, payload := range [][]byte{nil, {0xc1}, []byte("text"), good} {
		l.merger.Merge(&detect.Partial{Kind: Kind, Tenant: "default", Dimension: "e", Payload: payload}, nil)
	}
	l.merger.Merge(&detect.Partial{Kind: "discovery", Tenant: "default", Dimension: "e"}, nil)
	var out detect.Out
	l.merger.(detect.Flusher).Flush(&out)
	if len(out.Records)+len(out.Findings) != 0 {
		t.Errorf("%v", out)
	}
}

// TestLimits holds that limits leave out and do not fail.
func TestLimits(t *testing.T) {
	l := newLocal(t, 1)
	l.cfg.MaxEndpoints, l.cfg.MaxFields, l.cfg.MaxHits, l.cfg.MaxValue = 1, 1, 2, 64
	l.detectors[0], l.merger = newDetector(l.t, l.cfg, l.tables, 0), MergerFactory(l.cfg, l.tables)(0)
	for i := range 10 {
		c := testCards[i%4]
		l.event(0, answer(i, "/v1/a", `{"pan":"`+c+`","card":"`+c+`","cc":"`+strings.Repeat(" ", 100)+c+`"}`))
		l.event(0, answer(i, "/v1/b", `{"pan":"`+c+`"}`))
	}
	l.flush(0, true)
	if len(l.fields) != 1 {
		t.Errorf("fields %v", l.fields)
	}
}
