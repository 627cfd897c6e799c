package chsink

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/flow"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/twmb/franz-go/pkg/kgo"
)

// write appends every record three times, in random order and batch cuts.
func write(t *testing.T, rnd *rand.Rand, s sink, topic [16]byte, records []*kgo.Record) {
	t.Helper()
	repeated := slices.Concat(records, records, records)
	rnd.Shuffle(len(repeated), func(i, j int) { repeated[i], repeated[j] = repeated[j], repeated[i] })
	for _, r := range repeated {
		must(t, s.Append(r, topic))
		if rnd.IntN(50) == 0 {
			must(t, s.Flush(t.Context()))
		}
	}
	must(t, s.Flush(t.Context()))
	if rows, bytes := s.Size(); rows != 0 || bytes != 0 {
		t.Fatalf("%d rows and %d bytes are left after Flush", rows, bytes)
	}
}

// later moves records to where a topic that was created anew would hold them:
// offsets start again, time goes on.
func later(records []*kgo.Record) []*kgo.Record {
	var out []*kgo.Record
	for _, r := range records {
		c := *r
		c.Timestamp = r.Timestamp.Add(time.Hour)
		out = append(out, &c)
	}
	return out
}

func TestFindingsLatest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 0))
	cfg, conn := migrated(t)
	s, err := NewFindings(cfg, nil)
	must(t, err)
	defer s.Close()
	old, fresh := map[string]uint64{}, map[string]uint64{}
	updates := func(n, ids int, into map[string]uint64) []*kgo.Record {
		var out []*kgo.Record
		for i := range n {
			f := fullFinding()
			f.ID = fmt.Sprintf("f%03d", rnd.IntN(ids))
			// The detector is not wrong about the first event, but should it ever be,
			// the versions stand in several partitions.
			f.FirstSeen = base.AddDate(0, 0, rnd.IntN(3))
			f.Count = uint64(i + 1)
			into[f.ID] = f.Count
			out = append(out, jsonRecord(t, "mirador.findings", f.ID, &f, int64(i)))
		}
		return out
	}
	write(t, rnd, s, [16]byte{1}, updates(400, 100, old))
	write(t, rnd, s, [16]byte{2}, later(updates(20, 30, fresh)))
	for id, n := range fresh {
		old[id] = n
	}
	var want []string
	for id, n := range old {
		want = append(want, fmt.Sprintf("%s\t%d", id, n))
	}
	slices.Sort(want)
	query := "SELECT id, toString(count) FROM v_findings WHERE tenant = 'acme' ORDER BY id"
	same(t, "v_findings", lines(t, conn, query), want)
	must(t, conn.Exec(t.Context(), "OPTIMIZE TABLE findings FINAL"))
	same(t, "v_findings, merged", lines(t, conn, query), want)

	got := one(t, conn, `SELECT concat(rule, '|', severity, '|', toString(confidence), '|', principal, '|', arrayStringConcat(addresses, ','), '|',
		evidence.location[1], '|', features.name[2], '=', toString(features.value[2]), '|', owasp[1], '|', rules_version, '|', toString(last_seen)) FROM v_findings WHERE id = ?`, want[0][:4])
	if w := "BOLA-01|high|0.9|sub:1|192.0.2.1,192.0.2.2|request.path|rate=0.5|API1|r1|2026-03-14 10:59:30.123456"; got != w {
		t.Errorf("columns: %q, want %q", got, w)
	}
	f, err := finding.Decode([]byte(one(t, conn, "SELECT record FROM v_findings WHERE id = ?", want[0][:4])))
	if err != nil || f.Counterfactual != "9 or fewer would not alert" {
		t.Errorf("record: %v, %+v", err, f)
	}
	if n := one(t, conn, "SELECT toString(sum(findings)) FROM v_findings_hours WHERE tenant = 'acme'"); n != fmt.Sprint(len(want)) {
		t.Errorf("v_findings_hours has %s findings, want %d", n, len(want))
	}
}

func fullFinding() finding.Finding {
	return finding.Finding{
		ID: "f", Tenant: "acme", Detector: "behavior", Rule: "BOLA-01", Title: "Objects of others read", Severity: finding.High,
		Confidence: 0.9, Count: 10, Time: base.Add(time.Hour), FirstSeen: base, LastSeen: base.Add(time.Hour + 123456789*time.Nanosecond),
		Subject: finding.Subject{Principal: "sub:1", Addresses: []string{"192.0.2.1", "192.0.2.2"}, EndpointID: "e1"},
		Events:  []string{"a", "b"}, Evidence: []finding.Evidence{{Location: "request.path", Masked: "/{int}"}},
		Features: []finding.Number{{Name: "n", Value: 10}, {Name: "rate", Value: 0.5}}, Baseline: []finding.Number{{Name: "n", Value: 2}},
		Summary: "10 accounts in a minute", Counterfactual: "9 or fewer would not alert", OWASP: []string{"API1"}, CWE: []string{"CWE-639"},
		ATTACK: []string{"T1110"}, Remediation: "check ownership", Versions: finding.Versions{Detector: "d1", Rules: "r1", Catalog: "c1"},
	}
}

func fullAction(target string) action.Action {
	return action.Action{
		ID: "a-" + target, Tenant: "acme", Op: action.Block, Target: action.Target{Type: action.Address, Value: target, KeyID: "k1"}, Scope: "*",
		Issuer: "behavior/BOLA-01/0", Mode: action.Enforce, NotBefore: base, NotAfter: base.Add(time.Hour), Revision: 7, Reason: "why",
		Rule: "BOLA-01", Findings: []string{"f1"}, Evidence: "masked", Guards: []action.Guard{{Name: "active_blocks", Value: 1, Limit: 100}},
		EventTime: base,
	}
}

func TestActionsLatest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 0))
	cfg, conn := migrated(t)
	s, err := NewActions(cfg, nil)
	must(t, err)
	defer s.Close()
	var records []*kgo.Record
	order := func(target, reason string) {
		a := fullAction(target)
		a.Reason = reason
		r := jsonRecord(t, "mirador.actions", string(a.Key()), &a, int64(len(records)))
		r.Headers = []kgo.RecordHeader{{Key: "sig", Value: []byte{0xab, 0xcd}}, {Key: "kid", Value: []byte("sign-1")}}
		records = append(records, r)
	}
	end := func(target string) {
		a := fullAction(target)
		records = append(records, jsonRecord(t, "mirador.actions", string(a.Key()), nil, int64(len(records))))
	}
	order("10.0.0.1", "first")
	order("10.0.0.1", "renewed")
	order("10.0.0.2", "ended")
	end("10.0.0.2")
	order("10.0.0.3", "ended")
	end("10.0.0.3")
	order("10.0.0.3", "again")
	order("10.0.0.4", "of the old topic")
	write(t, rnd, s, [16]byte{1}, records)
	records = nil
	order("10.0.0.4", "of the new topic")
	write(t, rnd, s, [16]byte{2}, later(records))
	same(t, "v_actions", lines(t, conn, "SELECT target, reason, toString(ended), toString(toUnixTimestamp(ended_at)) FROM v_actions WHERE tenant = 'acme' ORDER BY target"), []string{
		"10.0.0.1\trenewed\tfalse\t0",
		fmt.Sprintf("10.0.0.2\tended\ttrue\t%d", base.Add(3*time.Second).Unix()),
		"10.0.0.3\tagain\tfalse\t0",
		"10.0.0.4\tof the new topic\tfalse\t0",
	})
	got := one(t, conn, `SELECT concat(id, '|', op, '|', target_type, '|', target_key_id, '|', mode, '|', toString(not_after), '|', toString(revision), '|', findings[1], '|',
		guards.name[1], '|', toString(guards.limit[1]), '|', signature, '|', signing_key) FROM v_actions WHERE target = '10.0.0.1'`)
	if w := "a-10.0.0.1|block|address|k1|enforce|2026-03-14 10:59:30.000000|7|f1|active_blocks|100|abcd|sign-1"; got != w {
		t.Errorf("columns: %q, want %q", got, w)
	}
}

func TestStatuses(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 0))
	cfg, conn := migrated(t)
	s, err := NewStatuses(cfg, nil)
	must(t, err)
	defer s.Close()
	var records []*kgo.Record
	for i, state := range []action.State{action.Failed, action.Enforced, action.Enforced, action.Expired} {
		st := action.Status{Tenant: "acme", ActionID: "a1", Key: "k", Enforcer: "enf", Edge: "http:edge-1", State: state, Op: action.Block,
			Target: action.Target{Type: action.Address, Value: "10.0.0.1"}, Revision: 3, Rule: "BOLA-01",
			Time: base.Add(time.Duration(i*50) * time.Millisecond), SinceEvent: float64(i * 50), Error: "e"}
		records = append(records, jsonRecord(t, "mirador.actions.status", "k", &st, int64(i)))
	}
	write(t, rnd, s, [16]byte{1}, records)
	if got := one(t, conn, "SELECT toString(count()) FROM v_action_status WHERE tenant = 'acme'"); got != "4" {
		t.Errorf("%s statuses, want 4", got)
	}
	if got := one(t, conn, "SELECT concat(action_id, ' ', edge, ' ', rule, ' ', toString(since_event_ms)) FROM v_time_to_enforce"); got != "a1 http:edge-1 BOLA-01 50" {
		t.Errorf("time to enforce: %q", got)
	}
}

func TestCatalogLatest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 0))
	cfg, conn := migrated(t)
	es, err := NewEndpoints(cfg, nil)
	must(t, err)
	defer es.Close()
	fs, err := NewFields(cfg, nil)
	must(t, err)
	defer fs.Close()
	var endpoints, fields []*kgo.Record
	for i := range 10 {
		e := catalog.Endpoint{ID: fmt.Sprintf("e%d", i%5), Tenant: "acme", Host: "h", Method: "GET", Template: "/a/{int}", Protocol: "rest", Source: "learned",
			Version: int64(i), FirstSeen: base, LastSeen: base.Add(time.Duration(i) * time.Hour * 24), Hits: uint64(i),
			Statuses: []catalog.Tally{{Name: "2xx", Count: 3}}, Auth: []catalog.Tally{{Name: "jwt", Count: 3}},
			Params:     []catalog.Param{{In: "path", Name: "1", Types: []catalog.Tally{{Name: "int", Count: 1}, {Name: "uuid", Count: 9}}, Count: 10}},
			Services:   []string{"accounts"},
			AuthServed: []catalog.Tally{{Name: "jwt", Count: 2}}, Exposure: []catalog.Tally{{Name: "public", Count: 2}}, Callers: 7,
			Rate: catalog.Rate{PerMinute: 1.5, Peak: 4}, Measures: catalog.Measures{Latency: catalog.Quantiles{P50: 1, P95: 2.5, P99: 3}, Response: catalog.Quantiles{P95: 900}},
			DataClasses: []string{"email"}, Risk: catalog.Risk{Score: 40, Likelihood: 80, Impact: 20}}
		endpoints = append(endpoints, jsonRecord(t, "mirador.catalog", "acme|"+e.ID, &e, int64(i)))
		f := catalog.Field{ID: fmt.Sprintf("f%d", i%5), Tenant: "acme", EndpointID: "e0", Endpoint: "GET h/a", Direction: "response", Location: "body",
			Path: "cards[].pan", Type: "pan", Confidence: 0.99, Confirmed: true, Seen: uint64(i), Matched: 2, Distinct: 1, Masked: []string{"411111******1111"},
			FirstSeen: base, LastSeen: base}
		fields = append(fields, jsonRecord(t, "mirador.fields", "acme|"+f.ID, &f, int64(i)))
	}
	endpoints = append(endpoints, jsonRecord(t, "mirador.catalog", "acme|e4", nil, 10))
	fields = append(fields, jsonRecord(t, "mirador.fields", "acme|f4", nil, 10))
	write(t, rnd, es, [16]byte{1}, endpoints)
	write(t, rnd, fs, [16]byte{1}, fields)
	same(t, "v_endpoints", lines(t, conn, `SELECT id, toString(hits), params.types[1], statuses.name[1], toString(auth.count[1]), services[1] FROM v_endpoints WHERE tenant = 'acme' ORDER BY id`), []string{
		"e0\t5\tuuid, int\t2xx\t3\taccounts", "e1\t6\tuuid, int\t2xx\t3\taccounts", "e2\t7\tuuid, int\t2xx\t3\taccounts", "e3\t8\tuuid, int\t2xx\t3\taccounts"})
	same(t, "v_endpoints, observed", lines(t, conn, `SELECT auth_served.name[1], toString(auth_served.count[1]), exposure.name[1], toString(callers), toString(per_minute), toString(peak),
		toString(latency_p50_ms), toString(latency_p95_ms), toString(latency_p99_ms), toString(response_p95_bytes), data_classes[1], toString(risk), toString(likelihood), toString(impact)
		FROM v_endpoints WHERE id = 'e0'`), []string{"jwt\t2\tpublic\t7\t1.5\t4\t1\t2.5\t3\t900\temail\t40\t80\t20"})
	same(t, "v_fields", lines(t, conn, "SELECT id, toString(seen), type, toString(confirmed), masked[1] FROM v_fields ORDER BY id"), []string{
		"f0\t5\tpan\ttrue\t411111******1111", "f1\t6\tpan\ttrue\t411111******1111", "f2\t7\tpan\ttrue\t411111******1111", "f3\t8\tpan\ttrue\t411111******1111"})
}

// TestRiskLatest: the newest of each principal and verdict, and the risk as package risk
// has it, decayed to the moment.
func TestRiskLatest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(8, 0))
	cfg, conn := migrated(t)
	ps, err := NewPrincipals(cfg, nil)
	must(t, err)
	defer ps.Close()
	vs, err := NewVerdicts(cfg, nil)
	must(t, err)
	defer vs.Close()
	now := time.Now().UTC()
	part := func(family, id string, share float64, age time.Duration) risk.Part {
		return risk.Part{Family: family, Rule: "R-01", Finding: id, Severity: finding.High, Precision: share, Weight: 1, HalfLife: 1e9, At: now.Add(-age)}
	}
	var principals, verdicts []*kgo.Record
	var last risk.Principal
	for i := range 10 {
		p := risk.Principal{Tenant: "acme", Principal: fmt.Sprintf("sub:%d", i%5), Risk: float64(i), Level: risk.Throttle, Held: "h", Updated: now, FirstSeen: base, LastSeen: now,
			Findings: uint64(i), Addresses: []string{"192.0.2.1"}, Summary: "s",
			Parts: []risk.Part{part("a", "1", .5, 0), part("a", "2", .6, 1e9*time.Second), part("b", "3", .4, 0)}}
		principals = append(principals, jsonRecord(t, "mirador.principals", string(p.Key()), &p, int64(i)))
		last = p
		v := risk.Verdict{Tenant: "acme", Finding: fmt.Sprintf("f%d", i%5), Detector: "d", Rule: "R-01", Principal: "sub:1", Verdict: risk.Answers()[i%4], Person: "ann", At: now, Note: "n"}
		verdicts = append(verdicts, jsonRecord(t, "mirador.verdicts", string(v.Key()), &v, int64(i)))
	}
	principals = append(principals, jsonRecord(t, "mirador.principals", "acme|sub:3", nil, 10))
	verdicts = append(verdicts, jsonRecord(t, "mirador.verdicts", "acme|f3", nil, 10))
	write(t, rnd, ps, [16]byte{1}, principals)
	write(t, rnd, vs, [16]byte{1}, verdicts)
	same(t, "v_principals", lines(t, conn, `SELECT id, toString(findings), level, addresses[1], toString(length(parts.rule)), toString(round(risk_now, 3)) FROM v_principals WHERE tenant = 'acme' ORDER BY id`), []string{
		"sub:0\t5\tthrottle\t192.0.2.1\t3\t70", "sub:1\t6\tthrottle\t192.0.2.1\t3\t70", "sub:2\t7\tthrottle\t192.0.2.1\t3\t70", "sub:4\t9\tthrottle\t192.0.2.1\t3\t70"})
	if got := last.RiskAt(now); math.Abs(got-70) > 1e-3 {
		t.Errorf("package risk says %v", got)
	}
	same(t, "v_verdicts", lines(t, conn, "SELECT id, verdict, rule, person, note FROM v_verdicts ORDER BY id"), []string{
		"f0\tbenign_true\tR-01\tann\tn", "f1\tfalse\tR-01\tann\tn", "f2\tunknown\tR-01\tann\tn", "f4\tbenign_true\tR-01\tann\tn"})
}

// TestFlowsLatest: the newest of each host and release; what was taken back is gone.
func TestFlowsLatest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 0))
	cfg, conn := migrated(t)
	fs, err := NewFlows(cfg, nil)
	must(t, err)
	defer fs.Close()
	ds, err := NewDeploys(cfg, nil)
	must(t, err)
	defer ds.Close()
	var flows, deploys []*kgo.Record
	for i := range 10 {
		g := flow.Graph{Tenant: "acme", Host: fmt.Sprintf("h%d", i%5), Updated: base, Since: base, Operations: []flow.Operation{{ID: "a", Endpoint: "GET h/a", Sessions: uint64(i), Last: base}},
			Moves: make([]flow.Move, i), Prerequisites: []flow.Prerequisite{{Before: "a", Operation: "b", Sessions: 9, Ever: 9, Each: 9, Held: uint64(i)}}}
		flows = append(flows, jsonRecord(t, "mirador.flows", string(g.Key()), &g, int64(i)))
		m := deploy.Marker{Tenant: "acme", ID: fmt.Sprintf("d%d", i%5), Service: "accounts", Version: fmt.Sprint(i), At: base, Person: "ann", Note: "n"}
		deploys = append(deploys, jsonRecord(t, "mirador.deploys", string(m.Key()), &m, int64(i)))
	}
	flows = append(flows, jsonRecord(t, "mirador.flows", "acme|h3", nil, 10))
	deploys = append(deploys, jsonRecord(t, "mirador.deploys", "acme|d3", nil, 10))
	write(t, rnd, fs, [16]byte{1}, flows)
	write(t, rnd, ds, [16]byte{1}, deploys)
	same(t, "v_flows", lines(t, conn, "SELECT id, toString(operations), toString(moves), toString(mandatory) FROM v_flows WHERE tenant = 'acme' ORDER BY id"), []string{
		"h0\t1\t5\t1", "h1\t1\t6\t1", "h2\t1\t7\t1", "h4\t1\t9\t1"})
	same(t, "v_deploys", lines(t, conn, "SELECT id, service, version, person, note FROM v_deploys WHERE tenant = 'acme' ORDER BY id"), []string{
		"d0\taccounts\t5\tann\tn", "d1\taccounts\t6\tann\tn", "d2\taccounts\t7\tann\tn", "d4\taccounts\t9\tann\tn"})
}

// TestPoison: what is no record is refused and leaves the batch as it was.
func TestPoison(t *testing.T) {
	cfg := DefaultConfig()
	events, err := NewEvents(cfg, firstSegment{}, DefaultEventSettings(), nil)
	must(t, err)
	findings, err := NewFindings(cfg, nil)
	must(t, err)
	actions, err := NewActions(cfg, nil)
	must(t, err)
	statuses, err := NewStatuses(cfg, nil)
	must(t, err)
	endpoints, err := NewEndpoints(cfg, nil)
	must(t, err)
	fields, err := NewFields(cfg, nil)
	must(t, err)
	principals, err := NewPrincipals(cfg, nil)
	must(t, err)
	verdicts, err := NewVerdicts(cfg, nil)
	must(t, err)
	flows, err := NewFlows(cfg, nil)
	must(t, err)
	deploys, err := NewDeploys(cfg, nil)
	must(t, err)
	for name, s := range map[string]sink{"events": events, "findings": findings, "actions": actions, "action_status": statuses, "endpoints": endpoints, "fields": fields,
		"principals": principals, "verdicts": verdicts, "flows": flows, "deploys": deploys} {
		for _, r := range []*kgo.Record{{}, {Value: []byte{}}, {Value: []byte("{")}, {Value: []byte("{}")}, {Value: []byte{0xc1}}, {Key: []byte("no separator")}} {
			r.Topic, r.Partition, r.Offset = "a.topic", 3, 99
			err := s.Append(r, [16]byte{1})
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "a.topic/3 offset 99") {
				t.Errorf("%s: %q: error %v does not name table and record", name, r.Value, err)
			}
			if rows, _ := s.Size(); rows != 0 {
				t.Errorf("%s: %q became a row", name, r.Value)
			}
		}
	}
}
