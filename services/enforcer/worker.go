package enforcer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/pause"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

// Back-off of an edge that cannot be told.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 10 * time.Second
	// callTimeout bounds one call of an edge, so that one that hangs is noticed.
	callTimeout = 10 * time.Second
)

// worker keeps one edge equal to what must hold. Edges do not wait for each
// other: each has a worker.
type worker struct {
	edge    edge.Edge
	every   time.Duration
	log     *slog.Logger
	metrics *metrics
	report  func(*worker, edge.Order, edge.Ref, action.State, error)

	mu      sync.Mutex
	desired map[edge.Place]edge.Order
	adds    map[edge.Place]edge.Order
	removes map[edge.Place]edge.Order
	wake    chan struct{}
	failing error // of the last call; nil when it worked

	// reported is when each action whose enforcement was reported ends. Owned by run.
	reported map[string]time.Time
}

func newWorker(e edge.Edge, every time.Duration, log *slog.Logger, m *metrics, report func(*worker, edge.Order, edge.Ref, action.State, error)) *worker {
	return &worker{edge: e, every: every, log: log.With("edge", e.Name()), metrics: m, report: report,
		desired: map[edge.Place]edge.Order{}, adds: map[edge.Place]edge.Order{}, removes: map[edge.Place]edge.Order{},
		wake: make(chan struct{}, 1), reported: map[string]time.Time{}}
}

// change takes what must hold now. It never waits for the edge.
func (w *worker) change(adds, removes []edge.Order) {
	w.mu.Lock()
	for _, o := range removes {
		delete(w.desired, o.Place)
		delete(w.adds, o.Place)
		w.removes[o.Place] = o
	}
	for _, o := range adds {
		w.desired[o.Place] = o
		w.adds[o.Place] = o
		delete(w.removes, o.Place)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing
}

// run ends with ctx. It starts by making the edge equal to what holds, whatever
// an earlier enforcer left there.
func (w *worker) run(ctx context.Context) {
	ticker := time.NewTicker(w.every)
	defer ticker.Stop()
	whole, retry := true, firstRetry
	for {
		if err := w.step(ctx, whole); err != nil {
			if ctx.Err() != nil {
				return
			}
			w.metrics.edgeErrors.WithLabelValues(w.edge.Name()).Inc()
			w.log.Error("edge could not be told; trying again", "error", err, "in", retry)
			whole = true
			if !pause.For(ctx, retry) {
				return
			}
			retry = min(2*retry, lastRetry)
			continue
		}
		whole, retry = false, firstRetry
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			whole = true
		case <-w.wake:
		}
	}
}

// step tells the edge once: all, or what changed.
func (w *worker) step(ctx context.Context, whole bool) error {
	w.mu.Lock()
	adds, removes := values(w.adds), values(w.removes)
	var all []edge.Order
	if whole {
		all = values(w.desired)
	}
	clear(w.adds)
	clear(w.removes)
	w.mu.Unlock()
	if !whole && len(adds) == 0 && len(removes) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var err error
	if whole {
		adds = all
		err = w.edge.Reconcile(ctx, all)
	} else {
		err = w.edge.Apply(ctx, adds, removes)
	}
	var part *edge.PartialError
	failed := map[edge.Place]error{}
	if errors.As(err, &part) {
		failed, err = part.Orders, nil
		for _, e := range failed {
			if !errors.Is(e, edge.ErrNotHere) {
				err = part
			}
		}
	} else if err != nil {
		for _, o := range adds {
			failed[o.Place] = err
		}
	}
	w.mu.Lock()
	w.failing = err
	w.mu.Unlock()
	w.tell(adds, failed)
	return err
}

// tell reports each action once when it is enforced, and each time it fails.
func (w *worker) tell(adds []edge.Order, failed map[edge.Place]error) {
	now := time.Now()
	for _, o := range adds {
		err := failed[o.Place]
		if errors.Is(err, edge.ErrNotHere) {
			w.metrics.notHere.WithLabelValues(w.edge.Name()).Inc()
			continue
		}
		for _, a := range o.Actions {
			if err != nil {
				w.report(w, o, a, action.Failed, err)
				continue
			}
			if _, done := w.reported[a.ID]; !done {
				w.report(w, o, a, action.Enforced, nil)
			}
			w.reported[a.ID] = o.Until
		}
	}
	for id, until := range w.reported {
		if until.Before(now) {
			delete(w.reported, id)
		}
	}
}

func values(m map[edge.Place]edge.Order) []edge.Order {
	out := make([]edge.Order, 0, len(m))
	for _, o := range m {
		out = append(out, o)
	}
	return out
}
