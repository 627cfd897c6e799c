package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/deploy"
)

// released is a Releases that keeps what it was told.
type released struct {
	mu        sync.Mutex
	told      []deploy.Marker
	withdrawn []string
	err       error
}

func (r *released) Publish(_ context.Context, m deploy.Marker) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.told = append(r.told, m)
	}
	return r.err
}

func (r *released) Withdraw(_ context.Context, _, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.withdrawn = append(r.withdrawn, id)
	return r.err
}

func (w *world) putReleases(list ...deploy.Marker) {
	w.t.Helper()
	s, err := chsink.NewDeploys(w.cfg, nil)
	must(w.t, err)
	for i := range list {
		b, err := deploy.Encode(&list[i])
		must(w.t, err)
		w.put(s, string(list[i].Key()), b, w.now)
	}
	must(w.t, s.Flush(w.t.Context()))
	must(w.t, s.Close())
}

func TestReleasesByForm(t *testing.T) {
	cfg, conn := database(t)
	w := newWorld(t, cfg)
	w.putReleases(deploy.Marker{Tenant: "default", ID: "r1", Service: "accounts", Version: "1.4.1", At: w.now.Add(-time.Hour), Person: "bob", Note: "<b>limits</b>"})
	c, b := serve(t, conn, &orders{}, func(cfg *Config) { cfg.Grace = 2 * time.Hour })
	if page := b.page("/releases"); !strings.Contains(page, "accounts") || !strings.Contains(page, "borne with") || strings.Contains(page, "Take back</button>") || strings.Contains(page, "<b>limits") {
		t.Errorf("without Kafka there is a form, or the row is not as it should be: %s", page)
	}
	r := &released{}
	c.TakeReleases(r)
	csrf := csrfOf(t, b.page("/releases"))
	f := func(name, path string, form url.Values, status int) {
		t.Helper()
		if form.Get("csrf") == "" {
			form.Set("csrf", csrf)
		}
		if a := b.post(path, form); a.status != status {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, status, a.body)
		}
	}
	f("another form", "/releases", url.Values{"csrf": {"x"}, "service": {"accounts"}}, http.StatusForbidden)
	f("no service", "/releases", url.Values{}, http.StatusBadRequest)
	f("no time", "/releases", url.Values{"service": {"accounts"}, "at": {"noon"}}, http.StatusBadRequest)
	f("next year", "/releases", url.Values{"service": {"accounts"}, "at": {"2999-01-01T00:00"}}, http.StatusBadRequest)
	f("a name with a separator", "/releases", url.Values{"service": {"accounts"}, "person": {"a|b"}}, http.StatusBadRequest)
	f("right", "/releases", url.Values{"service": {" accounts "}, "version": {"1.5"}, "at": {"2026-01-02T03:04"}, "note": {"n"}}, http.StatusSeeOther)
	f("taken back", "/releases/withdraw", url.Values{"id": {"r1"}}, http.StatusSeeOther)
	f("nothing to take back", "/releases/withdraw", url.Values{}, http.StatusBadRequest)
	r.err = errors.New("away")
	f("Kafka away", "/releases", url.Values{"service": {"accounts"}}, http.StatusServiceUnavailable)
	if len(r.told) != 1 || len(r.withdrawn) != 1 || r.withdrawn[0] != "r1" {
		t.Fatalf("%+v, %v", r.told, r.withdrawn)
	}
	if m := r.told[0]; m.Service != "accounts" || m.Version != "1.5" || m.Person != "ann" || m.Tenant != "default" || m.ID == "" || !m.At.Equal(time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)) {
		t.Errorf("%+v", m)
	}
}

// TestReleasesByPipeline: with the token and without a session; wrong tokens are few.
func TestReleasesByPipeline(t *testing.T) {
	_, conn := database(t)
	c, b := serve(t, conn, &orders{}, nil)
	r := &released{}
	send := func(token, body string) answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+markerPath, strings.NewReader(body))
		must(t, err)
		if token != "" {
			req.Header.Set("Authorization", token)
		}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		defer res.Body.Close()
		return answer{status: res.StatusCode, header: res.Header}
	}
	right, body := "Bearer "+testToken, `{"service":"accounts","version":"1.5"}`
	if a := send(right, body); a.status != http.StatusServiceUnavailable {
		t.Errorf("without Kafka: %d", a.status)
	}
	c.TakeReleases(r)
	for i := range 2 { // a pipeline that tries again says the same
		if a := send(right, body); a.status != http.StatusCreated || len(r.told) != i+1 {
			t.Errorf("%d, %+v", a.status, r.told)
		}
	}
	if len(r.told) == 2 && (r.told[0].ID != r.told[1].ID || r.told[0].Person != "pipeline" || r.told[0].Tenant != "default") {
		t.Errorf("%+v", r.told)
	}
	for name, body := range map[string]string{"nothing": "", "no JSON": "{", "no service": `{}`, "another field": `{"service":"a","tenant":"b"}`,
		"a name with a separator": `{"service":"a","person":"a|b"}`, "too long a note": `{"service":"a","note":"` + strings.Repeat("n", 1001) + `"}`} {
		if a := send(right, body); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, token := range []string{"", "Bearer ", testToken, "Basic " + testToken, "Bearer another"} {
		if a := send(token, body); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("token %q: %d", token, a.status)
		}
	}
	for range 10 {
		send("Bearer guess", body)
	}
	if a := send(right, body); a.status != http.StatusTooManyRequests {
		t.Errorf("after many wrong tokens: %d", a.status)
	}
	if len(r.told) != 2 {
		t.Errorf("%d releases", len(r.told))
	}
}
