package behavior

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/vmihailenco/msgpack/v5"
)

// Name is the detector's name in findings, partials and metrics; Version that of its
// decisions.
const (
	Name    = "behavior"
	Version = "1"
)

// Rules are the detections of this package.
func Rules() []finding.Rule { return []finding.Rule{recon01, enum01, bola01, cred01} }

// Factory makes the first stage.
func Factory(cfg Config, m *Metrics) (detect.Factory, error) {
	if err := cfg.ready(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("behavior: no metrics; NewMetrics(nil) makes unregistered ones")
	}
	return func(int32) detect.Detector { return newDetector(cfg, m) }, nil
}

// detector is the first stage of one partition. Prepare apart it is for one
// goroutine.
type detector struct {
	cfg     Config
	metrics *Metrics
	hash    hasher
	objects objects
	// rules in the order they see a transaction. BOLA-01 is last: it puts the ids of
	// this response among those that were served.
	recon *recon
	enum  *enum
	bola  *bola
	cred  *cred

	seen observation
}

func newDetector(cfg Config, m *Metrics) *detector {
	h := newHasher(cfg.HashKey)
	return &detector{cfg: cfg, metrics: m, hash: h, objects: newObjects(cfg, m),
		recon: newRecon(cfg, m), enum: newEnum(cfg, m), bola: newBola(cfg, m), cred: newCred(cfg, m)}
}

// observation is what the rules share of one transaction. Valid until the next.
type observation struct {
	tx  *detect.Tx
	now int64 // ns, event time
	// who hashes tenant and principal, endpoint tenant and endpoint: the path's, not what
	// tx.Asked says. Names in bodies are whoever asks's to choose, and counters of tries
	// must not fall apart with them.
	who, endpoint uint64
	ok            bool // answered 2xx
	objects       []object
}

// Prepare parses both messages, which is most of the work, in parallel.
func (d *detector) Prepare(tx *detect.Tx) {
	if tx.Event.Has(event.Enforced) {
		return
	}
	if isLogin(tx) {
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
	o.who = d.hash.of(tx.Tenant, tx.Principal)
	o.endpoint = d.hash.of(tx.Tenant, tx.Endpoint.ID)
	o.ok = tx.Event.Status >= 200 && tx.Event.Status < 300
	d.objects.of(o, &d.hash)
	n := len(out.Findings)
	d.recon.observe(o, &d.hash, out)
	d.cred.observe(o, &d.hash, out)
	d.enum.observe(o, &d.hash, out)
	d.bola.observe(o, &d.objects, &d.hash, out)
	d.objects.serve(o, &d.hash)
	for i := n; i < len(out.Findings); i++ {
		d.metrics.findings.WithLabelValues(out.Findings[i].Rule).Inc()
	}
	o.tx = nil
}

// Advance has nothing to do: every state judges its own age by the events that touch
// it, so that neither an idle partition nor a replay changes a result, and a table
// that is full forgets what is oldest.
func (d *detector) Advance(time.Time, *detect.Out) {}

// Flush puts out the logins seen since the last.
func (d *detector) Flush(out *detect.Out) { d.cred.flush(out) }

// snapshotVersion changes with the shape of any state. An unknown one is refused:
// the runner then replays what retention holds.
const snapshotVersion = 1

// Snapshot implements detect.Stateful. Logins that wait for Flush are no state: the
// commit that a snapshot belongs to carries them.
func (d *detector) Snapshot(w io.Writer) error {
	e := msgpack.NewEncoder(w)
	err := errors.Join(e.EncodeInt(snapshotVersion), d.objects.encode(e), d.recon.states.Encode(e), d.enum.states.Encode(e),
		d.bola.encode(e), d.cred.encode(e))
	if err != nil {
		return fmt.Errorf("behavior: snapshot: %w", err)
	}
	return nil
}

// Restore implements detect.Stateful.
func (d *detector) Restore(r io.Reader) error {
	dec := msgpack.NewDecoder(r)
	if err := version(dec, snapshotVersion, snapshotVersion); err != nil {
		return fmt.Errorf("behavior: restore: %w", err)
	}
	for _, part := range [...]struct {
		name string
		read func(*msgpack.Decoder) error
	}{
		{"objects", d.objects.decode},
		{"RECON-01", func(dec *msgpack.Decoder) error { return d.recon.states.Decode(dec, (*reconState).valid) }},
		{"ENUM-01", func(dec *msgpack.Decoder) error { return d.enum.states.Decode(dec, (*enumState).valid) }},
		{"BOLA-01", d.bola.decode},
		{"CRED-01", d.cred.decode},
	} {
		if err := part.read(dec); err != nil {
			return fmt.Errorf("behavior: restore %s: %w", part.name, err)
		}
	}
	return nil
}

// version reads the version of a snapshot, which must be one of first to last.
func version(dec *msgpack.Decoder, first, last int64) error {
	v, err := dec.DecodeInt64()
	if err != nil {
		return fmt.Errorf("version: %w", err)
	}
	if v < first || v > last {
		return fmt.Errorf("version %d, this program reads %d to %d", v, first, last)
	}
	return nil
}
