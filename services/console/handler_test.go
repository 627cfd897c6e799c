package console

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/prometheus/client_golang/prometheus"
)

var paths = []string{"/", "/findings", "/findings/x", "/events/x", "/endpoints", "/endpoints/x", "/changes", "/specifications", "/specifications/x", "/specifications/x/document", "/candidates/x", "/fields", "/fields/x", "/data", "/data/x", "/regimes", "/regimes/x", "/actions", "/principals", "/principals/one", "/precision", "/flows", "/releases", "/anything"}

func TestEverythingIsClosed(t *testing.T) {
	cfg, _ := database(t)
	c, _ := serve(t, open(t, cfg), &orders{}, nil)
	srv := httptest.NewServer(c.Handler())
	defer srv.Close()
	b := newBrowser(t, srv.URL)
	for _, p := range paths {
		if a := b.get(p); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), "/login") {
			t.Errorf("GET %s without a session: %d to %q", p, a.status, a.header.Get("Location"))
		}
	}
	for _, p := range []string{"/actions/unblock", "/actions/withdraw", "/endpoints/x/template", "/specifications", "/specifications/x/withdraw", "/candidates/x", "/logout"} {
		if a := b.post(p, url.Values{"key": {"x"}}); a.status != http.StatusUnauthorized {
			t.Errorf("POST %s without a session: %d", p, a.status)
		}
	}
	old := newSessions(testToken, time.Hour, false)
	old.now = func() time.Time { return time.Now().Add(-2 * time.Hour) }
	other := newSessions("another token of them", time.Hour, false)
	for what, s := range map[string]*sessions{"over": old, "of another token": other} {
		_, cookie := s.start("eve")
		if a := b.do("GET", "/findings", nil, http.Header{"Cookie": {cookie.String()}}); a.status != http.StatusSeeOther {
			t.Errorf("a session that is %s opens the page: %d", what, a.status)
		}
	}
	if a := b.get("/assets/"); a.status != http.StatusNotFound {
		t.Errorf("the assets are listed: %d", a.status)
	}
	if a := b.get("/assets/app.js"); a.status != http.StatusOK || !strings.Contains(a.header.Get("Content-Type"), "javascript") {
		t.Errorf("app.js: %d %s", a.status, a.header.Get("Content-Type"))
	}
}

func TestLogin(t *testing.T) {
	cfg, _ := database(t)
	c, b := serve(t, open(t, cfg), nil, func(c *Config) { c.LoginAttempts = 3 })
	cookie := b.do("POST", "/login", url.Values{"token": {testToken}}, nil).header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, testToken) {
		t.Error("the cookie holds the token")
	}
	for _, next := range []string{"//evil.example/", "https://evil.example", `/\evil.example`, "javascript:alert(1)", "/login", ""} {
		if a := b.post("/login", url.Values{"token": {testToken}, "next": {next}}); a.header.Get("Location") != "/" {
			t.Errorf("next=%q leads to %q", next, a.header.Get("Location"))
		}
	}
	if a := b.post("/login", url.Values{"token": {testToken}, "person": {"a|b/c"}}); a.status != http.StatusBadRequest {
		t.Errorf("a name that would break a key is taken: %d", a.status)
	}
	if a := b.do("POST", "/login", url.Values{"token": {testToken}}, http.Header{"Sec-Fetch-Site": {"cross-site"}}); a.status != http.StatusForbidden {
		t.Errorf("a form of another site logs in: %d", a.status)
	}
	for i := range 4 {
		a := b.post("/login", url.Values{"token": {fmt.Sprintf("wrong %d", i)}})
		if want := map[bool]int{true: http.StatusUnauthorized, false: http.StatusTooManyRequests}[i < 3]; a.status != want {
			t.Errorf("wrong token %d: %d, want %d", i, a.status, want)
		}
	}
	if a := b.post("/login", url.Values{"token": {testToken}}); a.status != http.StatusTooManyRequests {
		t.Errorf("the right token after too many wrong ones: %d", a.status)
	}
	c.attempts.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	if a := b.post("/login", url.Values{"token": {testToken}}); a.status != http.StatusSeeOther {
		t.Errorf("a minute later: %d", a.status)
	}
}

func TestHeaders(t *testing.T) {
	cfg, _ := database(t)
	_, b := serve(t, open(t, cfg), nil, nil)
	inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=`)
	for _, p := range append(paths, "/login") {
		a := b.get(p)
		csp := a.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || a.header.Get("X-Frame-Options") != "DENY" ||
			a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", p, a.header)
		}
		if m := inline.FindString(a.body); m != "" {
			t.Errorf("%s holds what the policy forbids: %q", p, m)
		}
	}
}

func csrfOf(t testing.TB, page string) string {
	t.Helper()
	m := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("no form token on the page")
	}
	return m[1]
}

func TestUnblockByForm(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	u := &orders{}
	_, b := serve(t, open(t, cfg), u, nil)
	page := b.page("/actions")
	csrf := csrfOf(t, page)
	keys := regexp.MustCompile(`name="key" value="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(keys) != 4 {
		t.Fatalf("%d unblock buttons, want 4", len(keys))
	}
	key := "default|address|" + enumerator + "|*|behavior/ENUM-01/3"
	form := func(change url.Values) url.Values {
		f := url.Values{"csrf": {csrf}, "key": {key}, "person": {"ann"}, "for": {"1h"}}
		for k, v := range change {
			f[k] = v
		}
		return f
	}
	f := func(name string, change url.Values, status int) {
		t.Helper()
		if a := b.post("/actions/unblock", form(change)); a.status != status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
		}
	}
	f("no form token", url.Values{"csrf": nil}, http.StatusForbidden)
	f("token of another session", url.Values{"csrf": {newSessions(testToken, time.Hour, false).csrf(session{})}}, http.StatusForbidden)
	f("no such action", url.Values{"key": {"default|address|10.0.0.1|*|x"}}, http.StatusNotFound)
	f("an action that is over", url.Values{"key": {"default|address|" + scanner + "|*|behavior/RECON-01/0"}}, http.StatusBadRequest)
	f("for ever", url.Values{"for": {"10000h"}}, http.StatusBadRequest)
	f("a name with a separator", url.Values{"person": {"a|b"}}, http.StatusBadRequest)
	f("too long a reason", url.Values{"reason": {strings.Repeat("x", 300)}}, http.StatusBadRequest)
	if a := b.do("POST", "/actions/unblock", form(nil), http.Header{"Sec-Fetch-Site": {"cross-site"}}); a.status != http.StatusForbidden {
		t.Errorf("a form of another site unblocks: %d", a.status)
	}
	u.err = errors.New("broker 10.1.2.3:9092 is gone")
	if a := b.post("/actions/unblock", form(nil)); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "10.1.2.3:9092") {
		t.Errorf("Kafka is gone: %d", a.status)
	}
	u.err = nil
	if len(u.given) != 0 {
		t.Fatalf("orders were given: %+v", u.given)
	}
	f("the good one", nil, http.StatusSeeOther)
	if len(u.given) != 1 || u.given[0].Person != "ann" || u.given[0].Target != (action.Target{Type: action.Address, Value: enumerator}) || u.given[0].Tenant != "default" || u.given[0].Scope != "*" {
		t.Fatalf("orders %+v", u.given)
	}
	// Not recorded yet, and shown all the same.
	page = b.page("/actions")
	if !strings.Contains(page, "sent, waiting to be recorded") || !strings.Contains(page, "overruled by person/ann") {
		t.Error("the allow that was just given is not on the page")
	}
	w.putActions(*u.given[0].action(time.Now().UTC()))
	page = b.page("/actions")
	if strings.Contains(page, "waiting to be recorded") || !strings.Contains(page, "overruled by person/ann") {
		t.Error("the recorded allow is not shown as live")
	}
	if a := b.post("/actions/withdraw", url.Values{"csrf": {csrf}, "key": {"default|address|" + enumerator + "|*|person/ann"}, "person": {"bob"}}); a.status != http.StatusSeeOther {
		t.Errorf("withdraw: %d: %s", a.status, a.body)
	}
	if len(u.withdrawn) != 1 || u.withdrawn[0].Person != "ann" {
		t.Errorf("withdrawn %+v", u.withdrawn)
	}
	if page = b.page("/actions"); strings.Contains(page, "overruled by") {
		t.Error("an allow that was withdrawn still counts")
	}
	if a := b.post("/actions/withdraw", url.Values{"csrf": {csrf}, "key": {key}, "person": {"bob"}}); a.status != http.StatusBadRequest {
		t.Errorf("a detector's block was withdrawn: %d", a.status)
	}
}

// badSchema has a bad text wherever a schema has one.
func badSchema(bad func() string) catalog.Schema {
	value := catalog.Schema{Types: []catalog.Tally{{Name: bad(), Count: 1}}, Format: bad(), Enum: []string{bad()}}
	return catalog.Schema{Types: []catalog.Tally{{Name: "object", Count: 1}}, Properties: []catalog.Property{{Name: bad(), Schema: value}}}
}

// TestEscaping puts markup into every text that comes from traffic.
func TestEscaping(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	n := 0
	bad := func() string {
		n++
		return fmt.Sprintf(`<script>alert(%d)</script>"'><img src=x onerror=alert(%d)>`, n, n)
	}
	ids := w.attack(w.now, time.Second, 1, "GET", bad(), attacker, 200)
	w.events[0].RequestHeaders[0].Value = []byte(bad())
	w.events[0].Sensor, w.events[0].TraceID = []byte(bad()), []byte(bad())
	w.find = append(w.find, finding.Finding{ID: "f1", Tenant: "default", Detector: bad(), Rule: bad(), Title: bad(), Severity: finding.Severity(bad()), Time: w.now, FirstSeen: w.now, LastSeen: w.now,
		Subject: finding.Subject{Principal: bad(), Addresses: []string{bad()}, Endpoint: bad(), EndpointID: "e1", Credential: bad(), Session: bad(), Service: bad(), JA4: bad()},
		Events:  ids, Evidence: []finding.Evidence{{Location: bad(), Path: bad(), Masked: bad(), Note: bad()}}, Features: []finding.Number{{Name: bad()}}, Baseline: []finding.Number{{Name: bad()}},
		Summary: bad(), Counterfactual: bad(), OWASP: []string{bad()}, CWE: []string{bad()}, ATTACK: []string{bad()}, Remediation: bad(), Versions: finding.Versions{Detector: bad(), Rules: bad(), Catalog: bad()}})
	a := action.Action{ID: bad(), Tenant: "default", Op: action.Op(bad()), Target: action.Target{Type: action.TargetType(bad()), Value: bad()}, Scope: bad(), Issuer: bad(), Mode: action.Mode(bad()),
		NotBefore: w.now.Add(-time.Second), NotAfter: w.now.Add(time.Hour), Reason: bad(), Rule: bad(), Findings: []string{"f1"}, EventTime: w.now}
	w.actions = append(w.actions, a)
	w.putStatuses(action.Status{Tenant: "default", ActionID: a.ID, Enforcer: bad(), Edge: bad(), State: action.State(bad()), Error: bad(), Time: w.now})
	w.putEndpoints(catalog.Endpoint{ID: "e1", Tenant: "default", Host: bad(), Method: bad(), Template: bad(), Protocol: bad(), Source: bad(), FirstSeen: w.now, LastSeen: w.now, Hits: 1,
		Statuses: []catalog.Tally{{Name: bad(), Count: 1}}, Auth: []catalog.Tally{{Name: bad(), Count: 1}}, Params: []catalog.Param{{In: "query", Name: bad(), Types: []catalog.Tally{{Name: bad(), Count: 1}}}}, Services: []string{bad()}, DataClasses: []string{bad()}, Supersedes: []string{bad()},
		AuthServed: []catalog.Tally{{Name: bad(), Count: 1}}, Exposure: []catalog.Tally{{Name: bad(), Count: 1}}, Risk: catalog.Risk{Score: 1, Likelihood: 1, Impact: 1, Reasons: []string{bad()}},
		Request: []catalog.Body{{Media: bad(), Schema: badSchema(bad)}}, Responses: []catalog.Body{{Status: bad(), Media: bad(), Schema: badSchema(bad)}}})
	w.putFields(catalog.Field{ID: "s1", Tenant: "default", EndpointID: "e1", Endpoint: bad(), Direction: bad(), Location: bad(), Path: bad(), Type: bad(), Confirmed: true, Masked: []string{bad()}, FirstSeen: w.now, LastSeen: w.now})
	w.flush()
	_, b := serve(t, open(t, cfg), &orders{}, nil)
	shown := 0
	query := "?q=" + url.QueryEscape(bad()) + "&principal=" + url.QueryEscape(bad()) + "&host=" + url.QueryEscape(bad())
	for _, p := range []string{"/", "/findings", "/findings" + query, "/findings/f1", "/events/" + ids[0], "/endpoints", "/endpoints" + query, "/endpoints/e1", "/changes", "/fields", "/fields/s1", "/data", "/regimes", "/actions", "/principals", "/precision", "/flows", "/releases"} {
		page := b.page(p)
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s holds markup of an attacker", p)
		}
		shown += strings.Count(html.UnescapeString(page), "<script>alert(")
	}
	if shown < 100 {
		t.Errorf("the texts are shown %d times only: the test does not test", shown)
	}
}

func TestPagesWithRows(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .5)
	_, b := serve(t, open(t, cfg), &orders{}, func(c *Config) { c.PageRows = 5 })
	f := func(path string, wants ...string) {
		t.Helper()
		page := html.UnescapeString(b.page(path))
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	f("/", "Credential stuffing", "mirador.recorder", "edge-1", "65\u00a0ms", "Well")
	f("/?range=15m", "by time of receipt")
	f("/findings", "1–5 of 14", `href="/findings?page=2"`)
	f("/findings?page=3", "11–14 of 14", `href="/findings?page=2"`)
	f("/findings?severity=high&q=walked&page=1", "1–1 of 1", "ENUM-01")
	f("/findings?q='+OR+1=1+--+", "Nothing matches")
	f("/findings?rule=%27%3B+DROP+TABLE+findings%3B+--", "Nothing matches")
	f("/findings?severity=worst", "Not understood", "severity")
	f("/findings?page=150", "Past the end")
	f("/endpoints", "transfers", "1–5 of 8", "jwt")
	f("/fields", "411111******1111", ">\u00a099")
	f("/data", "Names and contact data", "statements", "/data/email")
	f("/data/email", "In the scope of", "/regimes/gdpr", "$.owner.email")
	f("/regimes", "PCI DSS", "LGPD", "of 7")
	f("/regimes/gdpr", "5(1)(f)", "ENUM-01", "does not say that a requirement is met")
	if a := b.get("/regimes/gdpr?as=csv"); a.status != http.StatusOK || !strings.Contains(a.body, "gdpr,5(1)(f)") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, p := range []string{"/data/none", "/regimes/none", "/fields/none"} {
		if a := b.get(p); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", p, a.status)
		}
	}
	field := regexp.MustCompile(`/fields/[^"?#]+`).FindString(b.page("/data/email"))
	f(field, "Probability", "Requirements that it touches", "GDPR")
	f("/actions", "behavior/CRED-01/3", "would have been enforced", "Ended", scanner)
	if a := b.get("/findings/none"); a.status != http.StatusNotFound || !strings.Contains(a.body, `href="/endpoints"`) {
		t.Errorf("a finding that is not there: %d", a.status)
	}
	_ = w
}

func TestEmptyPagesTeach(t *testing.T) {
	cfg, _ := database(t)
	_, b := serve(t, open(t, cfg), nil, nil)
	for path, want := range map[string]string{"/": "mirador replay", "/findings": "mirador demo", "/endpoints": "mirador replay", "/changes": "every endpoint was asked for", "/fields": "check digits", "/data": "No sensitive data confirmed", "/regimes/hipaa": "nothing seen", "/actions": "Nothing is blocked", "/principals": "Nobody is suspect", "/precision": "No findings yet", "/flows": "No flows yet", "/releases": "mirador deploy-marker"} {
		if page := b.page(path); !strings.Contains(page, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
}

// TestClickHouseGone kills a server of its own under an open console, and starts it again.
func TestClickHouseGone(t *testing.T) {
	ch, err := stack.StartClickHouse(t.Context(), stack.ClickHouseOptions{Kind: stack.TookEmbedded, MaxMemory: 1 << 30})
	must(t, err)
	t.Cleanup(func() { must(t, ch.Close(context.Background())) })
	cfg := chsink.DefaultConfig()
	cfg.Addr = []string{ch.Addr()}
	must(t, chsink.Migrate(t.Context(), cfg, chsink.Retention{}, silent()))
	_, b := serve(t, open(t, cfg), nil, nil)
	b.page("/")
	must(t, ch.Kill())
	for _, p := range []string{"/", "/findings", "/findings/x", "/endpoints", "/endpoints/x", "/changes", "/fields", "/fields/x", "/data", "/regimes", "/regimes/pci", "/actions", "/principals", "/principals/one?id=x", "/precision", "/flows", "/releases"} {
		a := b.get(p)
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "ClickHouse at 127.0.0.1:9000/mirador does not answer") || !strings.Contains(a.body, `href="/findings"`) {
			t.Errorf("%s: %d, does it name the server and keep the navigation? %s", p, a.status, a.body)
		}
	}
	must(t, ch.Restart(t.Context()))
	b.page("/")
	b.page("/actions")
}

func TestTablesMissing(t *testing.T) {
	cfg, conn := database(t)
	must(t, conn.Exec(t.Context(), "DROP VIEW "+cfg.Database+".v_fields"))
	_, b := serve(t, open(t, cfg), nil, nil)
	if a := b.get("/fields"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "migrations") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestConfig(t *testing.T) {
	c := Defaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	bad := Config{Listen: "0.0.0.0:80", CertFile: "", KeyFile: "k", Token: "short", User: "a|b", PublicURL: "ftp://x", Range: "2h", PageRows: 0, Refresh: time.Millisecond, QueryRows: -1}
	err := bad.Validate()
	for _, want := range []string{"listen", "key_file", "token", "user", "public_url", "tenant", "session_life", "query_timeout", "range", "page_rows", "refresh", "query_rows", "login_attempts", "compared_endpoints"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported: %v", want, err)
		}
	}
	if _, err := New(bad, nil, nil, nil, nil, silent(), prometheus.NewRegistry()); err == nil {
		t.Error("New takes a bad configuration")
	}
	c.ClickHouse = chsink.DefaultConfig().Addr[0]
	console, err := New(c, nil, nil, nil, nil, silent(), prometheus.NewRegistry())
	must(t, err)
	token, generated := console.Token()
	if !generated || len(token) < minToken || console.LoginURL() != "http://127.0.0.1:8095/login#token="+token {
		t.Errorf("token %q, generated %v, %s", token, generated, console.LoginURL())
	}
}
