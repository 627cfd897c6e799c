package console

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func storeOf(t testing.TB, w *world) *store {
	t.Helper()
	_, conn := w.cfg, open(t, w.cfg)
	m, err := newMetrics(prometheus.NewRegistry())
	must(t, err)
	return &store{conn: conn, tenant: "default", timeout: 20 * time.Second, rows: 100_000_000, metrics: m, now: time.Now}
}

func TestStoreOverview(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, 2)
	s := storeOf(t, w)
	for _, sp := range spans() {
		o, err := s.overview(t.Context(), sp)
		if err != nil {
			t.Fatalf("%s: %v", sp.Name, err)
		}
		var hits, refused uint64
		for _, p := range o.Traffic {
			hits += p.Hits
			refused += p.Refuse
		}
		if hits == 0 || refused != 40 {
			t.Errorf("%s: %d hits, %d refused by the edge, want 40", sp.Name, hits, refused)
		}
		if sp.Length >= time.Hour*6 {
			var findings uint64
			for _, p := range o.Findings {
				findings += p.Count
			}
			if findings != 14 || o.Enforce.Count != 6 || o.Enforce.Max != 31.4+17*2+23 || o.Enforce.P50 < 31.4 || o.Enforce.P99 > o.Enforce.Max {
				t.Errorf("%s: %d findings, time to enforce %+v", sp.Name, findings, o.Enforce)
			}
		}
		if len(o.Newest) != 8 || o.Newest[0].Rule != "ENUM-01" {
			t.Errorf("%s: newest findings %+v", sp.Name, o.Newest)
		}
		if o.Totals.Endpoints != 8 || o.Totals.Fields != 5 || o.Totals.Actions != 3 || o.Totals.DryRun != 1 || o.Totals.LastEvent.IsZero() {
			t.Errorf("totals %+v", o.Totals)
		}
		if len(o.Sensors) != 2 || o.Server.Version == "" {
			t.Errorf("sensors %+v, server %+v", o.Sensors, o.Server)
		}
	}
	s.tenant = "other"
	o, err := s.overview(t.Context(), spans()[0])
	must(t, err)
	if len(o.Traffic)+len(o.Findings)+len(o.Newest)+len(o.Sensors) != 0 || o.Totals != (totals{}) || o.Enforce.Count != 0 {
		t.Errorf("another tenant sees %+v", o)
	}
}

func TestStoreFindings(t *testing.T) {
	cfg, _ := database(t)
	s := storeOf(t, bank(t, cfg, .2))
	f := func(want int, filter findingFilter) {
		t.Helper()
		got, err := s.findings(t.Context(), filter, 100)
		must(t, err)
		sums, err := s.findingSums(t.Context(), filter)
		must(t, err)
		if len(got) != want || int(sums.All) != want {
			t.Errorf("%+v: %d rows and %d in the sum, want %d", filter, len(got), sums.All, want)
		}
	}
	f(14, findingFilter{})
	f(1, findingFilter{Severity: []string{"critical"}})
	f(4, findingFilter{Severity: []string{"critical", "high"}})
	f(3, findingFilter{Detector: "behavior"})
	f(1, findingFilter{Rule: "CRED-01"})
	f(2, findingFilter{Principal: "ip:" + attacker})
	f(2, findingFilter{Principal: attacker})
	f(1, findingFilter{Text: "TAUTOLOGY"})
	f(1, findingFilter{Text: "libinjection fingerprint s&1c"})
	f(0, findingFilter{Text: "%"})
	f(0, findingFilter{Text: "' OR 1=1 --"})
	f(0, findingFilter{Text: `\') OR 1=1 --`})
	f(0, findingFilter{Rule: "'; DROP TABLE findings; --"})
	f(0, findingFilter{Text: "a\tb\nc\\d'e\"f{tenant:String}"})
	f(3, findingFilter{Span: "15m"})
	f(11, findingFilter{To: s.now().Add(-15 * time.Minute)})
	f(1, findingFilter{From: s.now().Add(-10 * time.Minute), To: s.now().Add(-5 * time.Minute)})
	page, err := s.findings(t.Context(), findingFilter{Page: 2}, 10)
	must(t, err)
	if len(page) != 4 {
		t.Errorf("page 2 of 10 has %d rows, want 4", len(page))
	}
	c, err := s.findingChoices(t.Context())
	must(t, err)
	if len(c.Rules) != 7 || len(c.Detectors) != 4 {
		t.Errorf("choices %+v", c)
	}
}

func TestStoreOfOneFinding(t *testing.T) {
	cfg, _ := database(t)
	s := storeOf(t, bank(t, cfg, .2))
	list, err := s.findings(t.Context(), findingFilter{Rule: "CRED-01"}, 1)
	must(t, err)
	got, err := s.finding(t.Context(), list[0].ID)
	must(t, err)
	if len(got.Features) != 5 || got.Features[0] != (feature{"failed", 118, 1.8, true, true}) || got.Features[3].Usual || got.Remediation == "" || len(got.Events) != 20 {
		t.Errorf("finding %+v", got)
	}
	events, err := s.supporting(t.Context(), got.Events)
	must(t, err)
	if len(events) != 20 || events[0].Status != 401 || events[0].Path != "/login" || events[0].Duration == 0 {
		t.Errorf("%d supporting events, first %+v", len(events), events[0])
	}
	e, err := s.event(t.Context(), events[0].ID)
	must(t, err)
	if e.Address != attacker || e.Host != bankHost || e.ID != events[0].ID {
		t.Errorf("event %+v", e)
	}
	about, err := s.aboutEvent(t.Context(), e.ID)
	must(t, err)
	if len(about) != 1 || about[0].Rule != "CRED-01" {
		t.Errorf("findings of the event: %+v", about)
	}
	related, err := s.related(t.Context(), got)
	must(t, err)
	if len(related) != 1 || related[0].Rule != "SIG-SQLI" {
		t.Errorf("related: %+v", related)
	}
	caused, err := s.causedBy(t.Context(), got.ID)
	must(t, err)
	if len(caused) != 1 || len(caused[0].Statuses) != 2 || caused[0].Statuses[0].Edge != "http:edge-1" {
		t.Errorf("actions: %+v", caused)
	}
	if h := history(got, caused); len(h) != 6 || !strings.Contains(h[len(h)-1].What, "enforced") {
		t.Errorf("history: %+v", h)
	}
	for _, id := range []string{"", "nothing", "' OR '1'='1"} {
		if _, err := s.finding(t.Context(), id); !errors.Is(err, errNotFound) {
			t.Errorf("finding %q: %v, want not found", id, err)
		}
		if _, err := s.event(t.Context(), id); !errors.Is(err, errNotFound) {
			t.Errorf("event %q: %v, want not found", id, err)
		}
	}
	s.tenant = "other"
	if _, err := s.finding(t.Context(), got.ID); !errors.Is(err, errNotFound) {
		t.Errorf("another tenant reads the finding: %v", err)
	}
	if _, err := s.event(t.Context(), e.ID); !errors.Is(err, errNotFound) {
		t.Errorf("another tenant reads the event: %v", err)
	}
}

func TestStoreActions(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	s := storeOf(t, w)
	active, err := s.activeActions(t.Context())
	must(t, err)
	if len(active) != 4 {
		t.Fatalf("%d active actions, want 4: %+v", len(active), active)
	}
	ended, err := s.endedActions(t.Context(), 10)
	must(t, err)
	if len(ended) != 1 || ended[0].ID != "over1" || ended[0].Statuses[0].State != "expired" {
		t.Fatalf("ended actions %+v", ended)
	}
	var one *actionRow
	for i := range active {
		if active[i].Target.Value == enumerator {
			one = &active[i]
		}
	}
	got, err := s.actionByKey(t.Context(), one.Key)
	must(t, err)
	if got.ID != one.ID || !got.CanLift(w.now) {
		t.Fatalf("action by key %+v", got)
	}
	o := Order{Tenant: "default", Person: "ann", Target: got.Target, Scope: got.Scope, NotAfter: w.now.Add(time.Hour)}
	w.putActions(*o.action(w.now))
	active, err = s.activeActions(t.Context())
	must(t, err)
	lifted := 0
	for _, a := range active {
		if a.LiftedBy == "person/ann" && a.Target.Value == enumerator && !a.CanLift(w.now) {
			lifted++
		}
	}
	if len(active) != 5 || lifted != 1 {
		t.Errorf("%d active and %d lifted, want 5 and 1", len(active), lifted)
	}
	if _, err := s.actionByKey(t.Context(), "x"); !errors.Is(err, errNotFound) {
		t.Errorf("action of no key: %v", err)
	}
}
