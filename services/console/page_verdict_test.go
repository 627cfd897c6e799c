package console

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// spoken is a Verdicts that keeps what it was told.
type spoken struct {
	mu  sync.Mutex
	all []risk.Verdict
	err error
}

func (s *spoken) Publish(_ context.Context, v risk.Verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.all = append(s.all, v)
	}
	return s.err
}

func TestFindingIsJudgedByForm(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	c, b := serve(t, open(t, cfg), &orders{}, nil)
	all, err := c.store.findings(t.Context(), findingFilter{}, 50)
	must(t, err)
	var id string
	for _, f := range all {
		if f.Rule == "CRED-01" {
			id = f.ID
		}
	}
	path := "/findings/" + id
	if page := b.page(path); !strings.Contains(page, "Nobody has said yet") || strings.Contains(page, "Say so") {
		t.Error("without Kafka there is a form")
	}
	said := &spoken{}
	c.TakeVerdicts(said)
	page := html.UnescapeString(b.page(path))
	for _, want := range []string{"Say so", `value="benign_true"`, "risk 97"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	csrf := csrfOf(t, page)
	f := func(name, path string, change url.Values, status int) {
		t.Helper()
		form := url.Values{"csrf": {csrf}, "verdict": {"false"}, "note": {" a test "}}
		for k, v := range change {
			form[k] = v
		}
		if a := b.post(path+"/verdict", form); a.status != status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
		}
	}
	f("no form token", path, url.Values{"csrf": nil}, http.StatusForbidden)
	f("no such finding", "/findings/none", nil, http.StatusNotFound)
	f("no answer", path, url.Values{"verdict": nil}, http.StatusBadRequest)
	f("another answer", path, url.Values{"verdict": {"maybe"}}, http.StatusBadRequest)
	f("a name with a separator", path, url.Values{"person": {"a|b"}}, http.StatusBadRequest)
	f("too long a note", path, url.Values{"note": {strings.Repeat("x", 1001)}}, http.StatusBadRequest)
	said.err = errors.New("broker 10.1.2.3:9092 is gone")
	f("Kafka away", path, nil, http.StatusServiceUnavailable)
	said.err = nil
	f("an answer", path, nil, http.StatusSeeOther)
	if len(said.all) != 1 {
		t.Fatalf("%d verdicts were published", len(said.all))
	}
	v := said.all[0]
	if v.Finding != id || v.Rule != "CRED-01" || v.Detector != "behavior" || v.Principal != "ip:"+attacker || v.Verdict != risk.False || v.Person != "ann" || v.Note != "a test" || v.Validate() != nil {
		t.Errorf("published %+v", v)
	}
	if page := b.page(path + "?done=verdict"); !strings.Contains(page, "Published: it counts") || !strings.Contains(page, "by ann") {
		t.Error("the page does not show what was just said")
	}
	// The recorder has it, and somebody says otherwise elsewhere.
	v.Verdict, v.Person, v.At = risk.True, "bob", v.At.Add(time.Second)
	w.putVerdicts(v)
	if page := b.page(path); !strings.Contains(page, "by bob") {
		t.Error("a newer verdict of another console is not shown")
	}
}

// A finding that adds others up leads to these, and takes no verdict itself.
func TestASumIsNotJudged(t *testing.T) {
	cfg, _ := database(t)
	w := newWorld(t, cfg)
	f := finding.Finding{ID: "sum", Tenant: "default", Detector: "responder", Rule: "RISK-01", Title: "Several signs", Severity: finding.High, Confidence: .8, Count: 2, Time: w.now, FirstSeen: w.now, LastSeen: w.now,
		Subject: finding.Subject{Principal: "sub:a"}, Summary: "s", Evidence: []finding.Evidence{{Location: "finding", Path: "f77", Note: "BOLA-01 Objects of others read"}}}
	w.find = append(w.find, f)
	w.flush()
	c, b := serve(t, open(t, cfg), &orders{}, nil)
	said := &spoken{}
	c.TakeVerdicts(said)
	page := b.page("/findings/sum")
	if !strings.Contains(page, `href="/findings/f77"`) || strings.Contains(page, "Say so") {
		t.Error("the page does not lead to what the sum is made of")
	}
	if a := b.post("/findings/sum/verdict", url.Values{"csrf": {csrfOf(t, page)}, "verdict": {"true"}}); a.status != http.StatusBadRequest || len(said.all) > 0 {
		t.Errorf("a verdict on a sum: %d", a.status)
	}
}

func TestPrincipalPages(t *testing.T) {
	cfg, _ := database(t)
	w := bank(t, cfg, .2)
	old := feared("sub:old", w.now, &finding.Finding{ID: "f0", Rule: "OLD-01", Title: "long ago", Severity: finding.Low, FirstSeen: w.now, LastSeen: w.now.Add(-72 * time.Hour)})
	w.putPrincipals(old)
	_, b := serve(t, open(t, cfg), &orders{}, nil)
	page := html.UnescapeString(b.page("/principals"))
	first, second := strings.Index(page, attacker), strings.Index(page, enumerator)
	if first < 0 || second < first || strings.Contains(page, "sub:old") || !strings.Contains(page, "sig-sqli") {
		t.Errorf("the list is wrong: %s", page)
	}
	page = html.UnescapeString(b.page("/principals/one?" + url.Values{"id": {"ip:" + attacker}}.Encode()))
	for _, want := range []string{"of 2 families", "Credential stuffing", "SQL injection", "Share now", "118 of 120 logins"} {
		if !strings.Contains(page, want) {
			t.Errorf("the principal's page lacks %q", want)
		}
	}
	if a := b.get("/principals/one?id=none"); a.status != http.StatusNotFound {
		t.Errorf("nobody's page: %d", a.status)
	}
	page = html.UnescapeString(b.page("/precision"))
	// One true on ENUM-01, whose finding claims .97: Beta(10.7, .3).
	if !strings.Contains(page, "ENUM-01") || !strings.Contains(page, "97\u00a0%") {
		t.Errorf("precision: %s", page)
	}
}

func TestVerdictOnKafka(t *testing.T) {
	seeds := broker(t)
	_, err := kadm.NewClient(client(t, seeds)).CreateTopic(t.Context(), 1, 1, nil, "test.verdicts")
	must(t, err)
	k, err := NewKafkaVerdicts("test.", seeds)
	must(t, err)
	defer k.Close()
	v := risk.Verdict{Tenant: "default", Finding: "f1", Rule: "BOLA-01", Verdict: risk.True, Person: "ann", At: time.Now().UTC()}
	must(t, k.Publish(t.Context(), v))
	bad := v
	bad.Person = ""
	if err := k.Publish(t.Context(), bad); err == nil {
		t.Error("a verdict of nobody was taken")
	}
	reader := client(t, seeds, kgo.ConsumeTopics("test.verdicts"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	rs := reader.PollFetches(ctx).Records()
	if len(rs) != 1 || string(rs[0].Key) != "default|f1" {
		t.Fatalf("%d records", len(rs))
	}
	if got, err := risk.DecodeVerdict(rs[0].Value); err != nil || got.Person != "ann" || !got.At.Equal(v.At) {
		t.Errorf("%+v (%v)", got, err)
	}
}
