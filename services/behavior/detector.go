package behavior

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vmihailenco/msgpack/v5"
)

// Name is the detector's name in findings, partials and metrics; Version that of its
// decisions.
const (
	Name    = "behavior"
	Version = "1"
)

// Factory makes the first stage.
func Factory(cfg Config, m *Metrics) (detect.Factory, error) {
	if err := cfg.ready(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("behavior: no metrics; NewMetrics(nil) makes unregistered ones")
	}
	if err := cfg.open(); err != nil {
		return nil, err
	}
	return func(int32) detect.Detector { return newDetector(cfg, m) }, nil
}

// detector is the first stage of one partition. Prepare apart it is for one
// goroutine.
type detector struct {
	cfg     Config
	metrics *Metrics
	met     *acquaintances
	lists   *reputation.Lists
	hash    hasher
	actors  *keyed.Actors
	objects objects
	names   names
	rules   []named
	late    []latecomer // those of rules that are
	tenant  string      // the last one
	seen    observation
}

func newDetector(cfg Config, m *Metrics) *detector {
	actors := keyed.NewActors(cfg.MaxKeys, cfg.MaxUnpacked, m.eviction("actors"))
	d := &detector{cfg: cfg, metrics: m, lists: cfg.Lists, hash: newHasher(cfg.HashKey), actors: actors, objects: newObjects(&cfg, m, actors), met: newAcquaintances(&cfg)}
	d.names = newNames(&d.hash)
	d.seen = observation{names: &d.names, hash: &d.hash, known: &d.objects, met: d.met, held: m.suppressed, scope: d.hash.enter("")}
	d.rules = detections(&d.cfg, m, actors, d.met)
	for _, r := range d.rules {
		if l, ok := r.detection.(latecomer); ok {
			d.late = append(d.late, l)
		}
	}
	return d
}

// observation is what the rules share of one transaction. Valid until the next.
type observation struct {
	tx    *detect.Tx
	now   int64 // ns, event time
	hash  *hasher
	names *names
	known *objects // ids that were served before this transaction
	met   *acquaintances
	held  *prometheus.CounterVec // decisions that a guard held back
	// who hashes tenant and principal, endpoint tenant and endpoint: the path's, not what
	// tx.Asked says. Names in bodies are whoever asks's to choose, and counters of tries
	// must not fall apart with them.
	who, endpoint uint64
	scope         uint64 // hash of the tenant
	// actor is who, told apart behind an address; cohort is what kind of actor it is.
	actor, cohort uint64
	ok            bool // answered 2xx
	objects       []object
	// fresh is how many ids the answer showed that were new to the principal, carried what
	// its first members hold of sensitive data. Only afterwards knows them.
	fresh   int
	carried classes
	login   try
	from    source
	caller  client // see client
	asked   bool
	at      netip.Addr // see address
	located bool
	intent  intent // of a write
}

// place is the template of the endpoint as an exemplar.
func (o *observation) place() string { return shapeTemplate(o.tx.Endpoint.Template) }

// Prepare parses both messages, which is most of the work, in parallel.
func (d *detector) Prepare(tx *detect.Tx) {
	if tx.Event.Has(event.Enforced) {
		return
	}
	if changes(tx.Event.Method) || len(tx.Event.Query) > 0 || asksGraphQL(tx.Event) {
		tx.Request()
	}
	if tx.Event.Status >= 200 && tx.Event.Status < 300 {
		tx.Response()
	}
}

// Detect shows tx to every rule. What the edge refused for us says nothing of what
// the service would have answered, and what was never answered nothing at all.
func (d *detector) Detect(tx *detect.Tx, out *detect.Out) {
	if tx.Event.Has(event.Enforced) {
		d.metrics.dropped.WithLabelValues("enforced").Inc()
		return
	}
	if tx.Event.Status == 0 {
		d.metrics.dropped.WithLabelValues("no_response").Inc()
		return
	}
	o := &d.seen
	o.tx, o.now = tx, tx.Time.UnixNano()
	if tx.Tenant != d.tenant {
		d.tenant, o.scope = tx.Tenant, d.hash.enter(tx.Tenant)
	}
	o.who = d.hash.within(tx.Principal)
	o.endpoint = d.hash.within(tx.Endpoint.ID)
	o.actor, o.cohort = d.hash.actor(tx.Event, o.who), d.hash.cohort(o.scope, &tx.Event.Identity)
	o.ok = tx.Event.Status >= 200 && tx.Event.Status < 300
	o.login, o.asked, o.located = tryOf(o), false, false
	o.from.ask(o, d.lists.Current())
	if o.intent = 0; changes(tx.Event.Method) {
		o.intent = intentOf(tx.Event.Path)
	}
	d.actors.Enter(o.who, o.now)
	d.objects.of(o)
	n := len(out.Findings)
	for _, r := range d.rules {
		r.observe(o, out)
	}
	// Not before: the rules ask what was served earlier.
	d.objects.serve(o)
	for _, l := range d.late {
		l.afterwards(o, out)
	}
	for i := n; i < len(out.Findings); i++ {
		if o.from.listed {
			raise(&out.Findings[i], 1, 1, &o.from.bad, o.from.version)
		}
		d.heed(o, i, out)
		d.metrics.findings.WithLabelValues(out.Findings[i].Rule).Inc()
	}
	o.tx = nil
}

// Advance has nothing to do: every state judges its own age by the events that touch
// it, so that neither an idle partition nor a replay changes a result, and a table
// that is full forgets what is oldest.
func (d *detector) Advance(time.Time, *detect.Out) {}

// Flush puts out what was gathered for the second stage since the last.
func (d *detector) Flush(out *detect.Out) {
	for _, r := range d.rules {
		if f, ok := r.detection.(flusher); ok {
			f.flush(out)
		}
	}
}

// snapshotVersion changes with the shape of any state. An unknown one is refused:
// the runner then replays what retention holds.
const snapshotVersion = 7

// actorsPart and objectsPart name the actors and the objects in a snapshot; the other
// parts are the detections'.
const actorsPart, objectsPart = "actors", "objects"

// Snapshot implements detect.Stateful. What waits for Flush is no state: the commit
// that a snapshot belongs to carries it.
func (d *detector) Snapshot(w io.Writer) error { return d.Capture()(w) }

// Capture implements detect.Capturer.
func (d *detector) Capture() (write func(io.Writer) error) {
	c := new(keyed.Capture)
	c.Value(snapshotVersion, actorsPart)
	d.actors.Capture(c)
	c.Value(objectsPart)
	d.objects.capture(c)
	for _, r := range d.rules {
		c.Value(r.name)
		r.capture(c)
	}
	return writing(c, "behavior: snapshot")
}

// writing writes a capture; what names it in errors.
func writing(c *keyed.Capture, what string) func(io.Writer) error {
	return func(w io.Writer) error {
		if err := c.Write(msgpack.NewEncoder(w)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
}

// Restore implements detect.Stateful.
func (d *detector) Restore(r io.Reader) error {
	dec := msgpack.NewDecoder(r)
	_, err := version(dec, snapshotVersion, snapshotVersion)
	if err == nil {
		err = parts(dec, func(name string) func(*msgpack.Decoder) error {
			switch name {
			case actorsPart:
				return d.actors.Decode
			case objectsPart:
				return d.objects.decode
			}
			for _, r := range d.rules {
				if r.name == name {
					return r.decode
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("behavior: restore: %w", err)
	}
	return nil
}

// version reads the version of a snapshot, which must be one of first to last.
func version(dec *msgpack.Decoder, first, last int64) (int64, error) {
	v, err := dec.DecodeInt64()
	if err != nil {
		return 0, fmt.Errorf("version: %w", err)
	}
	if v < first || v > last {
		return 0, fmt.Errorf("version %d, this program reads %d to %d", v, first, last)
	}
	return v, nil
}
