package demo

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/segmentio/encoding/json"
)

// edge is a small reverse proxy, as a bank has one before its API: it asks the
// enforcer's decision endpoint before each request, passes on what may pass, and
// its tap copies every transaction. Where the enforcer does not answer in time
// the request passes: Mirador never stands in the way.
type edge struct {
	decide string // URL of the decision endpoint
	token  string
	ask    *http.Client
	proxy  http.Handler
}

// decisionTimeout bounds what a silent enforcer can cost a request.
const decisionTimeout = 500 * time.Millisecond

func newEdge(bank *url.URL, decide, token string, tap *capture.Tap) http.Handler {
	e := &edge{decide: decide, token: token, ask: &http.Client{Timeout: decisionTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	e.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(bank)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		// A client that went away in the middle is no news on a demo's screen.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return tap.Middleware(e)
}

// ServeHTTP implements http.Handler.
func (e *edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status, action := e.verdict(r); status == http.StatusForbidden || status == http.StatusTooManyRequests {
		capture.MarkEnforced(w)
		w.Header().Set(actionHeader, action)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "detail": "refused by the edge"})
		return
	}
	e.proxy.ServeHTTP(w, r)
}

// verdict asks whether r may pass: by its address and its credentials.
func (e *edge) verdict(r *http.Request) (status int, action string) {
	ctx, cancel := context.WithTimeout(r.Context(), decisionTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, e.decide, nil)
	if err != nil {
		return http.StatusOK, ""
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Api-Key"} {
		if v := r.Header.Values(name); len(v) > 0 {
			q.Header[name] = v
		}
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		q.Header.Set("X-Mirador-Client-Ip", host)
	}
	q.Header.Set("X-Mirador-Token", e.token)
	res, err := e.ask.Do(q)
	if err != nil {
		return http.StatusOK, ""
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	return res.StatusCode, res.Header.Get(actionHeader)
}
