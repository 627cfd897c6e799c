package decide

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/segmentio/encoding/json"
)

// Headers of questions and answers.
const (
	headerToken  = "X-Mirador-Token"
	headerAction = "X-Mirador-Action"
	headerReason = "X-Mirador-Reason"
)

// maxHops bounds the walk over X-Forwarded-For.
const maxHops = 64

// Handler serves GET /v1/decide, which any proxy's auth-request sub-request can
// ask, and GET /v1/actions, which lists what live gives.
//
// /v1/decide answers 200 to pass, 403 (block), 429 with Retry-After (throttle)
// or the challenge's status. With ?proxy=nginx a throttle is 403 too: nginx's
// auth_request takes any other status for an error of its own. X-Mirador-Action
// says what it was, X-Mirador-Reason what a user may be told. What follows
// /v1/decide is the path and query that the question is about: so Envoy asks.
func (d *Decider) Handler(live func() []action.Action) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(decidePath, d.serveDecide) // any method: some proxies repeat the client's
	mux.HandleFunc("GET /v1/actions", func(w http.ResponseWriter, r *http.Request) { d.serveActions(w, r, live) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Not by the mux: it would redirect a path with // or .. in it, which a proxy
		// takes for a refusal.
		if strings.HasPrefix(r.URL.Path, decidePath+"/") {
			d.serveDecide(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

const decidePath = "/v1/decide"

func (d *Decider) serveDecide(w http.ResponseWriter, r *http.Request) {
	answered := false
	defer func() {
		// Whatever goes wrong in here must not close the API behind the proxy.
		if v := recover(); v != nil {
			d.panics.Inc()
			d.log.Error("a decision failed; the request passes", "panic", v)
			if !answered {
				pass(w)
			}
		}
	}()
	if d.cfg.Token != "" && !d.knows(r) {
		d.strangers.Inc()
		d.warnRarely("a question without the right token; the request passes")
		answered = true
		pass(w)
		return
	}
	decision := d.decideForProxy(r)
	answered = true
	if decision.Passes() {
		w.Header().Set(headerAction, string(decision.Op))
		w.WriteHeader(http.StatusOK)
		return
	}
	WriteRefusal(w, decision, r.URL.RawQuery == "proxy=nginx")
}

func pass(w http.ResponseWriter) {
	w.Header().Set(headerAction, string(none))
	w.WriteHeader(http.StatusOK)
}

// WriteRefusal answers a request that does not pass. Of the inside it tells the
// beginning of the action's id only, by which an analyst finds it. forNginx turns
// a throttle into 403.
func WriteRefusal(w http.ResponseWriter, d Decision, forNginx bool) {
	h := w.Header()
	h.Set(headerAction, string(d.Op))
	h.Set(headerReason, "refused by policy; reference "+d.ActionID[:min(8, len(d.ActionID))])
	h.Set("Cache-Control", "no-store")
	if d.Op == action.Throttle {
		h.Set("Retry-After", strconv.Itoa(int((d.RetryAfter+time.Second-1)/time.Second)))
	}
	status := d.Status
	if forNginx && status == http.StatusTooManyRequests {
		status = http.StatusForbidden
	}
	w.WriteHeader(status)
}

// decideForProxy reads the request that the proxy asks about out of its question.
func (d *Decider) decideForProxy(r *http.Request) Decision {
	var room [4]netip.Addr
	addresses := d.clientAddresses(r.Header, room[:0])
	host, path := r.Host, r.URL.Path
	if h := r.Header.Get("X-Forwarded-Host"); h != "" {
		host = h
	}
	asked := *r
	if rest, ok := strings.CutPrefix(path, decidePath+"/"); ok {
		u := *r.URL
		u.Path, u.RawPath = "/"+rest, ""
		asked.URL, path = &u, u.Path
	}
	for _, name := range [...]string{"X-Forwarded-Uri", "X-Original-Uri", "X-Original-Url"} {
		if v := r.Header.Get(name); v != "" {
			if u, err := url.ParseRequestURI(v); err == nil {
				asked.URL, path = u, u.Path
			}
			break
		}
	}
	asked.TLS = nil // the proxy's connection, not the client's
	return d.decide(&asked, addresses, host, path)
}

// clientAddresses are all that the configured headers hold. Of X-Forwarded-For
// that is the first from the right that is no trusted proxy.
func (d *Decider) clientAddresses(h http.Header, out []netip.Addr) []netip.Addr {
	for _, name := range d.cfg.ClientHeaders {
		values := h[name]
		if len(values) == 0 {
			continue
		}
		var a netip.Addr
		if name == "X-Forwarded-For" {
			a = d.forwarded(values)
		} else {
			a = parseAddress(values[len(values)-1])
		}
		if a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

func (d *Decider) forwarded(values []string) netip.Addr {
	var last netip.Addr
	hops := 0
	for i := len(values) - 1; i >= 0; i-- {
		list := values[i]
		for list != "" {
			entry := list
			if c := strings.LastIndexByte(list, ','); c >= 0 {
				entry, list = list[c+1:], list[:c]
			} else {
				list = ""
			}
			a := parseAddress(entry)
			if hops++; !a.IsValid() || hops > maxHops {
				return last
			}
			last = a
			if !d.trusted(a) {
				return a
			}
		}
	}
	return last
}

func (d *Decider) trusted(a netip.Addr) bool {
	for _, p := range d.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parseAddress takes an address with or without port and brackets; the zero
// Addr where it is none.
func parseAddress(s string) netip.Addr {
	s = strings.TrimSpace(s)
	if len(s) > 64 {
		return netip.Addr{}
	}
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}
		}
		s = s[1:end]
	} else if i := strings.IndexByte(s, ':'); i >= 0 && strings.IndexByte(s[i+1:], ':') < 0 {
		s = s[:i]
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func (d *Decider) serveActions(w http.ResponseWriter, r *http.Request, live func() []action.Action) {
	if d.cfg.Token == "" {
		http.Error(w, "closed: set enforcer.http.token to open it", http.StatusForbidden)
		return
	}
	if !d.knows(r) {
		http.Error(w, "send the token in "+headerToken, http.StatusUnauthorized)
		return
	}
	list := live()
	if list == nil {
		list = []action.Action{} // a list without any, not null
	}
	b, err := json.Marshal(list)
	if err != nil {
		d.log.Error("listing actions", "error", err)
		http.Error(w, "actions cannot be listed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(b); err != nil {
		d.log.Debug("listing actions", "error", err)
	}
}

func (d *Decider) knows(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(headerToken)), []byte(d.cfg.Token)) == 1
}

// warnRarely logs at most once a second: whoever can ask could fill the log.
func (d *Decider) warnRarely(message string) {
	now := time.Now().Unix()
	if last := d.lastWarn.Load(); last != now && d.lastWarn.CompareAndSwap(last, now) {
		d.log.Warn(message)
	}
}
