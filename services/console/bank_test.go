package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
)

const (
	attacker   = "203.0.113.66"
	enumerator = "203.0.113.9"
	scanner    = "192.0.2.200"
)

// bank is the world most tests look at: traffic, four attackers, what was found of
// them and what was done.
func bank(t testing.TB, cfg chsink.Config, per float64) *world {
	w := newWorld(t, cfg)
	w.traffic(per)
	ago := func(d time.Duration) time.Time { return w.now.Add(-d) }
	sqli := w.attack(ago(4*time.Minute), 20*time.Second, 9, "POST", "/transfers", attacker, 400)
	cred := w.attack(ago(9*time.Minute), time.Minute, 120, "POST", "/login", attacker, 401)
	enum := w.attack(ago(2*time.Minute), 50*time.Second, 70, "GET", "/accounts/4711", enumerator, 200)
	scan := w.attack(ago(31*time.Minute), 30*time.Second, 60, "GET", "/.env", scanner, 404)
	w.attack(ago(3*time.Second), 110*time.Second, 40, "GET", "/accounts/4790", enumerator, 403)

	add := func(rule *finding.Rule, at time.Time, path string, address string, events []string, count uint64, summary, counter string) *finding.Finding {
		method, path, _ := strings.Cut(path, " ")
		m := w.match(method, path)
		f := finding.From(rule, "default")
		f.ID = finding.ID("default", rule.Detector, rule.ID, address, at.String())
		f.Confidence, f.Count, f.Time, f.FirstSeen, f.LastSeen = .97, count, at, at.Add(-50*time.Second), at
		f.Subject = finding.Subject{Principal: "ip:" + address, Addresses: []string{address}, Endpoint: m.Label, EndpointID: m.ID, Service: "accounts"}
		f.Events, f.Summary, f.Counterfactual = events[:min(len(events), finding.MaxEvents)], summary, counter
		f.Versions = finding.Versions{Detector: "1", Rules: "2026.1", Catalog: "41"}
		w.find = append(w.find, f)
		return &w.find[len(w.find)-1]
	}
	credential := &finding.Rule{ID: "CRED-01", Title: "Credential stuffing", Detector: "behavior", Severity: finding.High, OWASP: []string{"API2"}, CWE: []string{"CWE-307"}, ATTACK: []string{"T1110.004"}, Remediation: "Limit failed logins by address and account, ask for a second factor, and tell the owners of accounts that were opened."}
	objects := &finding.Rule{ID: "ENUM-01", Title: "Object ids walked in order", Detector: "behavior", Severity: finding.High, OWASP: []string{"API1"}, CWE: []string{"CWE-639"}, ATTACK: []string{"T1119"}, Remediation: "Check on every request that the caller owns the object; identifiers that cannot be guessed only slow this down."}
	recon := &finding.Rule{ID: "RECON-01", Title: "Scan for endpoints that do not exist", Detector: "behavior", Severity: finding.Medium, OWASP: []string{"API9"}, ATTACK: []string{"T1595.003"}, Remediation: "Nothing has to be changed as long as the answers stay 404."}
	sql := &finding.Rule{ID: "SIG-SQLI", Title: "SQL injection", Detector: "signature", Severity: finding.Critical, OWASP: []string{"API8"}, CWE: []string{"CWE-89"}, ATTACK: []string{"T1190"}, Remediation: "Pass values to the database as parameters, never as text of the statement."}
	card := &finding.Rule{ID: "DATA-01", Title: "Card number in clear in a response", Detector: "classifier", Severity: finding.High, OWASP: []string{"API3"}, CWE: []string{"CWE-200"}, Remediation: "Return the last four digits only."}
	fresh := &finding.Rule{ID: "INV-00", Title: "New endpoint discovered", Detector: "discovery", Severity: finding.Info}
	low := &finding.Rule{ID: "DATA-06", Title: "Token in a response", Detector: "classifier", Severity: finding.Low, OWASP: []string{"API2"}, Remediation: "Hand tokens out at the token endpoint only."}

	a := add(sql, ago(4*time.Minute), "POST /transfers", attacker, sqli, 9, "9 requests to POST api.bank.example/transfers from 203.0.113.66 carried SQL in the JSON field note: a tautology after a closing quote, libinjection fingerprint s&1c.", "")
	a.Evidence = []finding.Evidence{{Location: "request.body", Path: "$.note", Masked: "a' OR 9=9 --", Note: "libinjection: s&1c, anomaly score 15"}, {Location: "request.body", Path: "$.note", Masked: "a') UNION SELECT aaaa,aaaa --", Note: "CRS 942190"}}
	b := add(credential, ago(9*time.Minute), "POST /login", attacker, cred, 120, "203.0.113.66 failed 118 of 120 logins over 112 different accounts within 60 s; a usual address fails 1 to 3.", "9 or fewer failed accounts within 60 s would not have alerted.")
	b.Features = []finding.Number{{Name: "failed", Value: 118}, {Name: "attempts", Value: 120}, {Name: "accounts", Value: 112}, {Name: "window_s", Value: 60}, {Name: "score", Value: 0.9962}}
	b.Baseline = []finding.Number{{Name: "failed", Value: 1.8}, {Name: "attempts", Value: 6}, {Name: "accounts", Value: 1}}
	c := add(objects, ago(2*time.Minute), "GET /accounts/4711", enumerator, enum, 70, "203.0.113.9 read 70 accounts in ascending order, 4711 to 4780, within 50 s; ordinary principals read 1 to 4 an hour.", "19 or fewer objects in order would not have alerted.")
	c.Features = []finding.Number{{Name: "objects", Value: 70}, {Name: "in_order", Value: 69}}
	c.Baseline = []finding.Number{{Name: "objects", Value: 2.1}}
	add(recon, ago(31*time.Minute), "GET /.env", scanner, scan, 60, "192.0.2.200 asked for 60 paths that do not exist within 30 s, /.env, /wp-login.php and /.git/config among them.", "14 or fewer unknown paths would not have alerted.")
	d := add(card, ago(22*time.Minute), "GET /cards/5b0a", "198.51.100.7", sqli[:1], 412, "GET api.bank.example/cards/{id} returns card numbers in clear in $.pan: 412 of 412 values pass the Luhn check, 187 different ones.", "")
	d.Evidence = []finding.Evidence{{Location: "response.body", Path: "$.pan", Masked: "411111******1111", Note: "Luhn valid, issuer range known"}}
	add(low, ago(38*time.Minute), "POST /login", "198.51.100.4", sqli[:1], 3, "POST api.bank.example/login returns a JWT in $.session.debug_token, which is no token endpoint's field.", "")
	for i, r := range routes {
		path := w.concrete(r.template)
		add(fresh, ago(time.Duration(55-3*i)*time.Minute), r.method+" "+path, "198.51.100.1", sqli[:1], 1, fmt.Sprintf("%s was seen for the first time.", w.match(r.method, path).Label), "").Subject.Principal = ""
	}
	w.orders(a, b, c)
	w.putPrincipals(feared("ip:"+attacker, w.now, a, b), feared("ip:"+enumerator, w.now, c))
	w.putVerdicts(risk.Verdict{Tenant: "default", Finding: c.ID, Detector: c.Detector, Rule: c.Rule, Principal: c.Subject.Principal, Verdict: risk.True, Person: "bob", At: ago(time.Minute), Note: "seen before"})
	w.catalog()
	w.putFlows(w.transfers())
	w.putReleases(deploy.Marker{Tenant: "default", ID: "r2", Service: "accounts", Version: "1.4.2", At: ago(17 * time.Minute), Person: "pipeline", Note: "limits by card"},
		deploy.Marker{Tenant: "default", ID: "r1", Service: bankHost, Version: "1.4.1", At: ago(50 * time.Hour), Person: "ann"})
	w.flush()
	return w
}

// feared is a principal with the findings fs, each a family of its own.
func feared(id string, at time.Time, fs ...*finding.Finding) risk.Principal {
	p := risk.Principal{Tenant: "default", Principal: id, Level: risk.Block, Updated: at, FirstSeen: fs[0].FirstSeen, LastSeen: fs[0].LastSeen, Findings: uint64(len(fs)), Addresses: fs[0].Subject.Addresses}
	for _, f := range fs {
		p.Parts = append(p.Parts, risk.Part{Family: strings.ToLower(f.Rule), Rule: f.Rule, Finding: f.ID, Title: f.Title, Severity: f.Severity,
			Precision: .9, Weight: f.Severity.Weight(), HalfLife: 21600, At: f.LastSeen, Count: f.Count})
	}
	p.Risk = p.RiskAt(at)
	p.Summary = fmt.Sprintf("Risk %.0f of 100, of %d families; block", p.Risk, len(fs))
	return p
}

// orders are the actions of findings, and what two edges said of them.
func (w *world) orders(fs ...*finding.Finding) {
	var statuses []action.Status
	for i, f := range fs {
		a := action.Action{Tenant: "default", Op: action.Block, Target: action.Target{Type: action.Address, Value: f.Subject.Addresses[0]}, Scope: "*",
			Issuer: f.Detector + "/" + f.Rule + "/3", Mode: action.Enforce, NotBefore: f.Time.Add(20 * time.Millisecond), NotAfter: w.now.Add(time.Duration(11+7*i) * time.Minute),
			Revision: int64(i + 1), Reason: f.Title + ": " + f.Rule, Rule: f.Rule, Findings: []string{f.ID}, EventTime: f.LastSeen}
		a.ID = action.NewID(a.Key(), f.ID, a.NotBefore)
		w.actions = append(w.actions, a)
		for j, edge := range []string{"http:edge-1", "nftables:gw-2"} {
			since := 31.4 + float64(17*i+23*j)
			statuses = append(statuses, action.Status{Tenant: "default", ActionID: a.ID, Key: string(a.Key()), Enforcer: "enforcer-" + fmt.Sprint(j+1), Edge: edge, State: action.Enforced,
				Op: a.Op, Target: a.Target, Revision: a.Revision, Rule: a.Rule, Time: a.EventTime.Add(time.Duration(since * float64(time.Millisecond))), SinceEvent: since})
		}
	}
	dry := action.Action{ID: "dry1", Tenant: "default", Op: action.Throttle, Target: action.Target{Type: action.Subject, Value: "5f1d7a84e9532076f25aad9a01c7e3b2", KeyID: "k1"}, Scope: bankHost + "/accounts",
		Issuer: "behavior/BOLA-01/1", Mode: action.DryRun, NotBefore: w.now.Add(-time.Minute), NotAfter: w.now.Add(4 * time.Minute), Revision: 4, Reason: "Objects of others read: BOLA-01", Rule: "BOLA-01", EventTime: w.now}
	over := action.Action{ID: "over1", Tenant: "default", Op: action.Block, Target: action.Target{Type: action.Address, Value: scanner}, Scope: "*",
		Issuer: "behavior/RECON-01/0", Mode: action.Enforce, NotBefore: w.now.Add(-30 * time.Minute), NotAfter: w.now.Add(-15 * time.Minute), Revision: 5, Reason: "Scan for endpoints that do not exist: RECON-01", Rule: "RECON-01", EventTime: w.now.Add(-30 * time.Minute)}
	w.actions = append(w.actions, dry, over)
	statuses = append(statuses,
		action.Status{Tenant: "default", ActionID: "dry1", Key: string(dry.Key()), Enforcer: "enforcer-1", Edge: "http:edge-1", State: action.Reported, Op: dry.Op, Target: dry.Target, Time: dry.NotBefore},
		action.Status{Tenant: "default", ActionID: "over1", Key: string(over.Key()), Enforcer: "enforcer-1", Edge: "http:edge-1", State: action.Expired, Op: over.Op, Target: over.Target, Time: over.NotAfter})
	w.putStatuses(statuses...)
}

// catalog is the endpoints and the sensitive fields.
func (w *world) catalog() {
	var endpoints []catalog.Endpoint
	for _, r := range routes {
		path := w.concrete(r.template)
		m := w.match(r.method, path)
		hits := uint64(r.weight) * 1290
		e := catalog.Endpoint{ID: m.ID, Tenant: "default", Host: m.Host, Method: m.Method, Template: m.Template, Protocol: "rest", Source: "learned", Version: 1,
			FirstSeen: w.now.Add(-55 * time.Minute), LastSeen: w.now.Add(-2 * time.Second), Hits: hits,
			Statuses: []catalog.Tally{{Name: "2xx", Count: hits * 91 / 100}, {Name: "4xx", Count: hits * 8 / 100}, {Name: "5xx", Count: hits / 100}},
			Auth:     []catalog.Tally{{Name: "jwt", Count: hits * 97 / 100}, {Name: "none", Count: hits * 3 / 100}}, Services: []string{"accounts"},
			Params: []catalog.Param{
				{In: "body", Name: "amount", Types: []catalog.Tally{{Name: "number", Count: 9}}, Count: hits},
				{In: "body", Name: "note", Types: []catalog.Tally{{Name: "string", Count: 9}, {Name: "null", Count: 1}}, Count: hits / 2},
				{In: "path", Name: "account", Types: []catalog.Tally{{Name: "int", Count: 9}}, Count: hits},
				{In: "query", Name: "page", Types: []catalog.Tally{{Name: "int", Count: 2}}, Count: hits / 5},
			}}
		describe(&e)
		endpoints = append(endpoints, e)
	}
	w.putEndpoints(endpoints...)
	field := func(n int, direction, location, path, kind string, confidence float64, seen, matched, distinct uint64, masked ...string) catalog.Field {
		e := endpoints[n]
		return catalog.Field{ID: kind + path, Tenant: "default", EndpointID: e.ID, Endpoint: e.Method + " " + e.Host + e.Template, Direction: direction, Location: location, Path: path, Type: kind,
			Confidence: confidence, Confirmed: confidence > .9, Seen: seen, Matched: matched, Distinct: distinct, Masked: masked, FirstSeen: w.now.Add(-50 * time.Minute), LastSeen: w.now.Add(-time.Second)}
	}
	w.putFields(
		field(5, "response", "body", "$.pan", "card", .9999, 412, 412, 187, "411111******1111", "550000******0004"),
		field(4, "response", "body", "$.lines[].iban", "iban", .9998, 2210, 2210, 340, "DE89**************3000", "FR76***********************0189"),
		field(3, "request", "body", "$.user", "email", .998, 902, 884, 411, "a***@b***.example"),
		field(0, "response", "body", "$.owner.email", "email", .997, 5120, 5101, 402, "j***@m***.example"),
		field(3, "response", "body", "$.session.debug_token", "secret.jwt", .96, 61, 61, 61, "eyJ***.eyJ***.***"),
		field(0, "response", "body", "$.owner.tax_id", "us.ssn", .71, 240, 63, 60, "***-**-6789"),
	)
}
