// Package decide is the edge that answers per request: in process, or over HTTP
// as the auth-request endpoint of any proxy.
package decide

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/enforcer/edge"
	"github.com/prometheus/client_golang/prometheus"
)

// Identifier tells the keyed hashes of a request's credentials, as the shipper
// does: capture.Builder is one. It must be safe for concurrent use.
type Identifier interface {
	RequestIdentity(r *http.Request) event.Identity
}

// Decider is the edge that answers per request, in process (Decide) or asked by
// a proxy (Handler). It fails open: what it does not know passes. Safe for
// concurrent use; a decision takes no lock.
type Decider struct {
	name    string
	cfg     Config
	ids     Identifier
	log     *slog.Logger
	proxies []netip.Prefix

	interval, burst int64 // of the throttle, ns and requests

	current atomic.Pointer[index]

	mu     sync.Mutex // guards orders: one writer at a time
	orders map[edge.Place]*edge.Order
	spent  map[edge.Place]*atomic.Int64

	decisions map[action.Op]prometheus.Counter
	panics    prometheus.Counter
	strangers prometheus.Counter
	lastWarn  atomic.Int64
}

// New makes the edge called "http:"+name. ids may be nil: then only
// addresses are looked up.
func New(name string, cfg Config, ids Identifier, log *slog.Logger, reg prometheus.Registerer) (*Decider, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	proxies, err := cfg.proxies()
	if err != nil {
		return nil, err
	}
	headers := make([]string, len(cfg.ClientHeaders))
	for i, h := range cfg.ClientHeaders {
		headers[i] = http.CanonicalHeaderKey(h)
	}
	cfg.ClientHeaders = headers
	d := &Decider{name: "http:" + name, cfg: cfg, ids: ids, log: log, proxies: proxies,
		interval: int64(float64(time.Second) / cfg.ThrottleRate), burst: int64(cfg.ThrottleBurst),
		orders: map[edge.Place]*edge.Order{}, spent: map[edge.Place]*atomic.Int64{}, decisions: map[action.Op]prometheus.Counter{}}
	d.current.Store(newIndex())
	return d, d.register(reg)
}

func (d *Decider) register(reg prometheus.Registerer) error {
	edge := prometheus.Labels{"edge": d.name}
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mirador_enforcer_decisions_total", ConstLabels: edge,
		Help: "Requests decided on, by what was answered."}, []string{"op"})
	for _, op := range []action.Op{none, action.Allow, action.Block, action.Throttle, action.Challenge} {
		d.decisions[op] = vec.WithLabelValues(string(op))
	}
	d.panics = prometheus.NewCounter(prometheus.CounterOpts{Name: "mirador_enforcer_decision_panics_total", ConstLabels: edge,
		Help: "Decisions that failed inside; the request passed."})
	d.strangers = prometheus.NewCounter(prometheus.CounterOpts{Name: "mirador_enforcer_decision_wrong_token_total", ConstLabels: edge,
		Help: "Questions without the right token; the request passed."})
	for _, c := range []prometheus.Collector{vec, d.panics, d.strangers} {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// none is the op of a decision that no order was behind.
const none action.Op = "none"

// Request is what is known of a request that is to be decided on.
type Request struct {
	Tenant string
	// Addresses may be the client's. One that is blocked suffices; an allow counts
	// only where all of them are allowed, because the caller may have sent some.
	Addresses []netip.Addr
	// Identity holds keyed hashes. Only Credential, Session and Subject are read.
	Identity event.Identity
	Host     string
	Path     string
}

// Decision is what to do with a request.
type Decision struct {
	// Op is none, allow, block, challenge or throttle.
	Op action.Op
	// Status is 200 to pass, else what the client gets.
	Status     int
	RetryAfter time.Duration // of a throttle
	ActionID   string        // deciding; empty for none and allow
}

// Passes says whether the request may go on.
func (d Decision) Passes() bool { return d.Status == http.StatusOK }

// Name implements Edge.
func (d *Decider) Name() string { return d.name }

// Decide looks q up.
func (d *Decider) Decide(q *Request) Decision {
	x := d.current.Load()
	now := time.Now().UnixNano()
	b := d.byAddress(x, q.Tenant, q.Addresses, now, q.Host, q.Path)
	if len(x.hashes) > 0 {
		d.byIdentity(x, &b, q.Tenant, &q.Identity, now, q.Host, q.Path)
	}
	return d.answer(&b, now)
}

// DecideRequest looks up a request that the caller itself serves. client is its
// address as the caller knows it; headers that claim one are not read.
func (d *Decider) DecideRequest(r *http.Request, client netip.Addr) Decision {
	room := [1]netip.Addr{client.Unmap().WithZone("")}
	return d.decide(r, room[:], r.Host, r.URL.Path)
}

func (d *Decider) decide(r *http.Request, addresses []netip.Addr, host, path string) Decision {
	x := d.current.Load()
	now := time.Now().UnixNano()
	b := d.byAddress(x, d.cfg.Tenant, addresses, now, host, path)
	// The hashes cost more than all the rest: not computed where none is looked for.
	if len(x.hashes) > 0 && d.ids != nil {
		id := d.ids.RequestIdentity(r)
		d.byIdentity(x, &b, d.cfg.Tenant, &id, now, host, path)
	}
	return d.answer(&b, now)
}

func (d *Decider) byAddress(x *index, tenant string, addresses []netip.Addr, now int64, host, path string) best {
	var b best
	allowed := 0
	for _, a := range addresses {
		if !a.IsValid() {
			continue
		}
		b.allow = false
		x.address(&b, tenant, a, now, host, path)
		if b.allow {
			allowed++
		}
	}
	b.allow = allowed > 0 && allowed == len(addresses)
	return b
}

func (d *Decider) byIdentity(x *index, b *best, tenant string, id *event.Identity, now int64, host, path string) {
	x.hash(b, tenant, action.Credential, id.Credential, now, host, path)
	x.hash(b, tenant, action.Session, id.Session, now, host, path)
	x.hash(b, tenant, action.Subject, id.Subject, now, host, path)
}

func (d *Decider) answer(b *best, now int64) Decision {
	switch {
	case b.allow:
		d.decisions[action.Allow].Inc()
		return Decision{Op: action.Allow, Status: http.StatusOK}
	case b.v == nil:
	case b.v.op == action.Block:
		d.decisions[action.Block].Inc()
		return Decision{Op: action.Block, Status: http.StatusForbidden, ActionID: b.v.id}
	case b.v.op == action.Challenge:
		d.decisions[action.Challenge].Inc()
		return Decision{Op: action.Challenge, Status: d.cfg.ChallengeStatus, ActionID: b.v.id}
	case b.v.op == action.Throttle:
		if wait := b.v.take(now, d.interval, d.burst); wait > 0 {
			d.decisions[action.Throttle].Inc()
			return Decision{Op: action.Throttle, Status: http.StatusTooManyRequests, RetryAfter: wait, ActionID: b.v.id}
		}
	}
	d.decisions[none].Inc()
	return Decision{Op: none, Status: http.StatusOK}
}

// Apply implements Edge.
func (d *Decider) Apply(_ context.Context, adds, removes []edge.Order) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range removes {
		delete(d.orders, removes[i].Place)
	}
	for i := range adds {
		d.orders[adds[i].Place] = &adds[i]
	}
	return d.rebuild()
}

// Reconcile implements Edge.
func (d *Decider) Reconcile(_ context.Context, desired []edge.Order) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.orders)
	for i := range desired {
		d.orders[desired[i].Place] = &desired[i]
	}
	return d.rebuild()
}

func (d *Decider) rebuild() error {
	x := newIndex()
	failed := map[edge.Place]error{}
	spent := make(map[edge.Place]*atomic.Int64, len(d.spent))
	for p, o := range d.orders {
		v := &verdict{op: o.Op, until: o.Until.UnixNano(), scope: o.Scope}
		if len(o.Actions) > 0 {
			v.id = o.Actions[0].ID
		}
		if v.spent = d.spent[p]; v.spent == nil {
			v.spent = new(atomic.Int64)
		}
		spent[p] = v.spent
		if err := x.add(o, v); err != nil {
			failed[p] = err
			delete(d.orders, p)
		}
	}
	d.spent = spent
	d.current.Store(x)
	if len(failed) > 0 {
		return &edge.PartialError{Orders: failed}
	}
	return nil
}
