// Package capture makes events of HTTP transactions without standing in their
// way: a net/http middleware and a tap for a reverse proxy, the masking of
// secrets, and the search for who acts.
//
// A source (this middleware, an ingest endpoint, a file) fills a Raw, a Builder
// makes the event of it. What carries it to Kafka is in the package ship.
//
//	builder, err := capture.NewBuilder(capture.Config{Key: key})
//	tap, err := capture.NewTap(builder, shipper, registry, logger)
//	http.ListenAndServe(addr, tap.Middleware(handler))
package capture

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sink takes raw transactions. Offer must not block, must take over r whole, and
// may be called by many goroutines at once. False means it was dropped, which
// the sink counted.
type Sink interface {
	Offer(r *Raw) bool
}

// Mirrored tells that the copy of a transaction was handed over.
type Mirrored struct {
	ID [16]byte
	// Request is when the request arrived, At when the copy was handed over: the
	// moment from which the time to an enforced block counts.
	Request, At time.Time
	Status      int
	// Taken is false where the sink dropped it.
	Taken bool
}

// Tap copies the transactions that pass. It is safe for concurrent use.
type Tap struct {
	body     int
	sink     Sink
	log      *slog.Logger
	panics   prometheus.Counter
	mirrored func(Mirrored)
	once     sync.Once // logs the first panic only: the counter tells of the others
}

// Option of NewTap.
type Option func(*Tap)

// OnMirrored has f called for each transaction, in the goroutine that served
// it: f must be quick and must not block.
func OnMirrored(f func(Mirrored)) Option { return func(t *Tap) { t.mirrored = f } }

// NewTap makes a Tap that copies as much of bodies as b keeps into sink. It
// registers mirador_capture_panics_total with reg; nil registers nothing.
func NewTap(b *Builder, sink Sink, reg prometheus.Registerer, log *slog.Logger, options ...Option) (*Tap, error) {
	if b == nil || sink == nil || log == nil {
		return nil, errors.New("capture: a tap needs a builder, a sink and a logger")
	}
	t := &Tap{body: b.BodyBytes(), sink: sink, log: log, panics: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "mirador_capture_panics_total", Help: "Panics inside the tap that were caught; the transactions went on, their copies were lost.",
	})}
	for _, o := range options {
		o(t)
	}
	if reg != nil {
		if err := reg.Register(t.panics); err != nil {
			var twice prometheus.AlreadyRegisteredError
			if !errors.As(err, &twice) {
				return nil, err
			}
			t.panics = twice.ExistingCollector.(prometheus.Counter)
		}
	}
	return t, nil
}

// Middleware copies what passes through next. It changes nothing of the
// transaction: bodies stream as before, Flush, Hijack, trailers and
// http.ResponseController work as without it, and a panic of next goes through
// to the server. The copy is handed over when next returns, or hijacks.
func (t *Tap) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := t.begin(r)
		if x == nil {
			next.ServeHTTP(w, r)
			return
		}
		// The request is changed in place and not copied, so that what a mux writes
		// into it (Pattern) reaches the handlers outside.
		if body := r.Body; body != nil && body != http.NoBody {
			r.Body = &requestBody{ReadCloser: body, x: x}
			defer func() { r.Body = body }()
		}
		returned := false
		defer func() {
			if returned {
				x.ended(w.Header())
			}
			x.finish()
		}()
		next.ServeHTTP(wrapWriter(w, x), r)
		returned = true
	})
}

// begin takes the request's side; nil where that failed, and then the
// transaction goes on without a copy.
func (t *Tap) begin(r *http.Request) (x *exchange) {
	defer t.recovered(func() { x = nil })
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	now := time.Now()
	x = &exchange{tap: t, start: now, head: r.Method == http.MethodHead}
	x.raw.Event.ID = NewID(now)
	x.raw.Event.RequestTime = now.UnixNano()
	x.raw.request(r, scheme)
	x.upgrade = r.Header.Get("Upgrade") != ""
	return x
}

// recovered must be deferred. It catches a panic of the tap itself.
func (t *Tap) recovered(then func()) {
	if p := recover(); p != nil {
		t.panics.Inc()
		t.once.Do(func() {
			t.log.Error("capture: the tap panicked; the transaction went on, its copy is lost", "panic", p)
		})
		if then != nil {
			then()
		}
	}
}

type enforcedMarker interface{ markEnforced() }

// MarkEnforced says of the transaction that w answers: the edge itself refused
// it for Mirador, so it must not feed detection. It looks through Unwrap and
// does nothing where no tap is found.
func MarkEnforced(w http.ResponseWriter) {
	for {
		if m, ok := w.(enforcedMarker); ok {
			m.markEnforced()
			return
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = u.Unwrap()
	}
}
