package behavior

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// flows tells the second stage what SEQ-01 learns of the order of operations, so that
// people can look at it: how many sessions came to an operation, from which one, and
// what they had done before a write. A session counts once, however often it polls.
//
// What was seen in one period of event time goes out when the next begins, which a
// replay repeats, whenever the commits were.
type flows struct {
	cfg     *Config
	metrics *Metrics
	names   *keyed.Table[operation]
	// period is the one that open counts; what is in ready waits for Flush.
	period int64
	open   *keyed.Table[passage]
	ready  []readyPassage
}

// operation is what an endpoint's hash stands for.
type operation struct {
	_msgpack                struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Host, ID, Label string
}

// passage is how often something was seen between two operations, by their hashes.
type passage struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Kind     uint8
	From, To uint64 // From is 0 for nothing before
	// Sessions are all; of those of a prerequisite Ever and Each had it, and Held were
	// held to it.
	Sessions, Ever, Each, Held uint32
}

// Kinds of passages.
const (
	moved     = uint8(iota) // To was come to from From
	required1               // From is what may have to come before To
)

// readyPassage is a passage with what its operations are called.
type readyPassage struct {
	passage
	period   int64
	from, to operation
}

// flowPeriod is the span of event time, in ns, that a passage is counted over before it
// is told.
const flowPeriod = minute

func newFlows(cfg *Config, m *Metrics) *flows {
	f := &flows{cfg: cfg, metrics: m, names: keyed.NewTable[operation](cfg.Seq.Steps, m.eviction("flow operations"))}
	f.open = f.fresh()
	return f
}

func (f *flows) fresh() *keyed.Table[passage] {
	return keyed.NewTable[passage](f.cfg.Seq.Moves, f.metrics.eviction("flow moves"))
}

// observe implements detection: SEQ-01 tells it what there is; any transaction says that
// time goes on.
func (f *flows) observe(o *observation, _ *detect.Out) { f.turn(o.now) }

// move counts a session that comes to the operation of o for the first time, from the
// one of hash from.
func (f *flows) move(o *observation, from uint64) {
	f.turn(o.now)
	if n := f.names.Touch(o.step()); n.ID == "" {
		e := &o.tx.Endpoint
		*n = operation{Tenant: o.tx.Tenant, Host: e.Host, ID: e.ID, Label: e.Label}
	}
	f.passage(moved, from, o.step()).Sessions++
}

// prerequisite counts a session that came to the write of hash to: whether it had done
// from, ever and each time, and whether it was held to it.
func (f *flows) prerequisite(from, to uint64, ever, each, held bool) {
	p := f.passage(required1, from, to)
	p.Sessions++
	for _, c := range [...]struct {
		is bool
		n  *uint32
	}{{ever, &p.Ever}, {each, &p.Each}, {held, &p.Held}} {
		if c.is {
			*c.n++
		}
	}
}

func (f *flows) passage(kind uint8, from, to uint64) *passage {
	p := f.open.Touch(mix(mix(from+1, to), uint64(kind)))
	p.Kind, p.From, p.To = kind, from, to
	return p
}

// turn makes ready what was seen before the period of now. Of operations whose names are
// forgotten already nothing can be shown.
func (f *flows) turn(now int64) {
	at := now / flowPeriod
	if at <= f.period {
		return
	}
	if f.open.Len() > 0 {
		f.open.Each(func(_ uint64, p *passage) {
			r := readyPassage{passage: *p, period: f.period}
			to, from := f.names.Get(p.To), f.names.Get(p.From)
			if to == nil || p.From != 0 && from == nil {
				f.metrics.dropped.WithLabelValues("flow_unnamed").Inc()
				return
			}
			if r.to = *to; from != nil {
				r.from = *from
			}
			f.ready = append(f.ready, r)
		})
		f.open = f.fresh()
	}
	f.period = at
}

// label is what the operation of that hash is called; empty where that is forgotten.
func (f *flows) label(step uint64) string {
	if n := f.names.Get(step); n != nil {
		return n.Label
	}
	return ""
}

// flowPart is the payload of a partial: what sessions did at one host. The dimension is
// "flow|" and the host.
type flowPart struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Host       string
	Operations keyed.List[flowName]
	Passages   keyed.List[flowPassage]
}

type flowName struct {
	_msgpack  struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	ID, Label string
}

// flowPassage is a passage between Operations, by their place; From is -1 for nothing.
type flowPassage struct {
	_msgpack                   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Kind                       uint8
	Period                     int64
	From, To                   int
	Sessions, Ever, Each, Held uint32
}

// flush puts out a partial a host of what is ready.
func (f *flows) flush(out *detect.Out) {
	if len(f.ready) == 0 {
		return
	}
	slices.SortStableFunc(f.ready, func(a, b readyPassage) int {
		return cmp.Or(cmp.Compare(a.to.Tenant, b.to.Tenant), cmp.Compare(a.to.Host, b.to.Host))
	})
	for rest := f.ready; len(rest) > 0; {
		first, n := &rest[0].to, 1
		for n < len(rest) && rest[n].to.Tenant == first.Tenant && rest[n].to.Host == first.Host {
			n++
		}
		payload, err := msgpack.Marshal(flowPartOf(first.Host, rest[:n]))
		if err != nil {
			panic(err) // numbers and texts always encode
		}
		out.Partial(PartialKind, first.Tenant, "flow|"+first.Host, payload)
		rest = rest[n:]
	}
	clear(f.ready)
	f.ready = f.ready[:0]
}

func flowPartOf(host string, ready []readyPassage) *flowPart {
	part, places := &flowPart{Host: host}, map[uint64]int{0: -1}
	place := func(h uint64, o *operation) int {
		i, ok := places[h]
		if !ok {
			i = len(part.Operations)
			places[h], part.Operations = i, append(part.Operations, flowName{ID: o.ID, Label: o.Label})
		}
		return i
	}
	for i := range ready {
		p := &ready[i]
		part.Passages = append(part.Passages, flowPassage{Kind: p.Kind, Period: p.period, From: place(p.From, &p.from), To: place(p.To, &p.to),
			Sessions: p.Sessions, Ever: p.Ever, Each: p.Each, Held: p.Held})
	}
	return part
}

const maxFlowText = 1024

func decodeFlowPart(b []byte) (*flowPart, error) {
	var p flowPart
	// Not msgpack.Unmarshal: see decodeLogins.
	if err := msgpack.NewDecoder(bytes.NewReader(b)).Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: %w", errPartial, err)
	}
	if p.Host == "" || len(p.Host) > maxFlowText {
		return nil, fmt.Errorf("%w: flows of host %.40q", errPartial, p.Host)
	}
	for i := range p.Operations {
		if o := &p.Operations[i]; o.ID == "" || len(o.ID) > maxFlowText || len(o.Label) > 4*maxFlowText {
			return nil, fmt.Errorf("%w: operation %d", errPartial, i)
		}
	}
	for i := range p.Passages {
		q := &p.Passages[i]
		if q.Kind > required1 || q.From < -1 || q.From >= len(p.Operations) || q.To < 0 || q.To >= len(p.Operations) ||
			q.Period < 0 || q.Period > lastBucket || q.Each > q.Ever || max(q.Ever, q.Held) > q.Sessions {
			return nil, fmt.Errorf("%w: passage %d", errPartial, i)
		}
	}
	return &p, nil
}

func (o *operation) valid() error {
	if o.ID == "" || len(o.ID) > maxFlowText || len(o.Label) > 4*maxFlowText || len(o.Host) > maxFlowText {
		return fmt.Errorf("operation %.40q", o.ID)
	}
	return nil
}

func (p *passage) valid() error {
	if p.Kind > required1 || p.Each > p.Ever || max(p.Ever, p.Held) > p.Sessions {
		return fmt.Errorf("passage of %d sessions, %d and %d of which had it", p.Sessions, p.Ever, p.Each)
	}
	return nil
}

func (f *flows) capture(c *keyed.Capture) {
	c.Value(f.period)
	f.names.Capture(c)
	f.open.Capture(c)
}

func (f *flows) decode(d *msgpack.Decoder) (err error) {
	if f.period, err = d.DecodeInt64(); err != nil {
		return fmt.Errorf("period of flows: %w", err)
	}
	if err := f.names.Decode(d, (*operation).valid); err != nil {
		return err
	}
	return f.open.Decode(d, (*passage).valid)
}
