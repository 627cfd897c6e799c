package responder

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Merger makes the second stage.
func Merger(cfg Config, m *Metrics) (detect.MergerFactory, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return func(int32) detect.Merger { return newMerger(&cfg, m) }, nil
}

// step is the span of event time that is judged at once. Signs and verdicts of a step
// are taken when the watermark has passed its end, in the order of their times; so what
// comes out depends neither on which partition was read first nor on how far a
// watermark jumps, as long as nothing is later than the window.
const step = int64(time.Second)

// merger fuses the signs of its principals.
type merger struct {
	cfg     *Config
	metrics *Metrics

	judged  int64 // the end of the last step: what is before it is late
	waiting keyed.List[sign]
	heard   keyed.List[opinion] // verdicts that wait
	actors  *keyed.Table[actor]
	said    *opinions
}

func newMerger(cfg *Config, m *Metrics) *merger {
	// merger.make forgets before the table does, and says so.
	return &merger{cfg: cfg, metrics: m, actors: keyed.NewTable[actor](cfg.MaxActors, nil), said: newOpinions(cfg, m)}
}

// Merge implements detect.Merger.
func (g *merger) Merge(p *detect.Partial, out *detect.Out) {
	if p.Kind != Kind {
		return
	}
	m, err := decodeMessage(p.Payload)
	switch {
	case err != nil:
		g.metrics.signs.WithLabelValues("malformed").Inc()
		return
	case m.Opinion != nil:
		g.heard = append(g.heard, *m.Opinion)
	default:
		if m.Sign.Raised < g.judged {
			g.metrics.signs.WithLabelValues("late").Inc() // taken with the next step
		}
		g.waiting = append(g.waiting, *m.Sign)
	}
	if len(g.waiting)+len(g.heard) >= g.cfg.MaxWaiting {
		g.metrics.signs.WithLabelValues("hurried").Inc()
		g.sort()
		g.take(math.MaxInt64, out)
		g.letGo()
	}
}

// Advance implements detect.Advancer.
func (g *merger) Advance(watermark time.Time, out *detect.Out) {
	end := watermark.UnixNano() / step * step
	if end <= g.judged {
		return
	}
	g.sort()
	for {
		next, ok := g.next()
		if !ok || next >= end {
			break
		}
		until := max(next/step*step+step, g.judged)
		g.expire(until, out)
		g.take(until, out)
	}
	g.judged = end
	g.expire(end, out)
	g.letGo()
}

// letGo frees the memory of what was taken.
func (g *merger) letGo() { g.waiting, g.heard = rest(g.waiting), rest(g.heard) }

// rest is a copy of l; an empty one holds on to nothing.
func rest[T any](l keyed.List[T]) keyed.List[T] {
	if len(l) == 0 {
		return nil
	}
	return slices.Clone(l)
}

func (g *merger) sort() {
	slices.SortStableFunc(g.waiting, func(a, b sign) int { return a.before(&b) })
	slices.SortStableFunc(g.heard, func(a, b opinion) int { return a.before(&b) })
}

// next is the time of the first that waits.
func (g *merger) next() (t int64, ok bool) {
	t = math.MaxInt64
	if len(g.waiting) > 0 {
		t, ok = g.waiting[0].Raised, true
	}
	if len(g.heard) > 0 {
		t, ok = min(t, g.heard[0].At), true
	}
	return t, ok
}

// expire forgets whose last finding is too long ago at t.
func (g *merger) expire(t int64, out *detect.Out) {
	for {
		k, a := g.actors.Oldest()
		if a == nil || t-a.Last < int64(g.cfg.Forget) {
			return
		}
		g.forget(k, a, out)
	}
}

// take takes what waits from before t, which is sorted, and judges whom it is about:
// whom a verdict is about at once, others of its rule with their next sign.
func (g *merger) take(t int64, out *detect.Out) {
	fresh := map[uint64]*news{}
	var order []uint64
	concerns := func(k uint64, w *news) *news {
		if fresh[k] == nil {
			fresh[k], order = w, append(order, k)
		}
		return fresh[k]
	}
	for len(g.heard) > 0 && g.heard[0].At < t {
		o := &g.heard[0]
		if g.said.take(o) {
			g.metrics.signs.WithLabelValues("verdict").Inc()
			k := key(o.Tenant, o.Principal)
			if a := g.actors.Get(k); a != nil && slices.ContainsFunc(a.Parts, func(p part) bool { return p.Finding == o.Finding }) {
				concerns(k, &news{})
			}
		}
		g.heard = g.heard[1:]
	}
	for len(g.waiting) > 0 && g.waiting[0].Raised < t {
		s := &g.waiting[0]
		k := key(s.Tenant, s.Principal)
		a, at := g.make(k, s, out), instant(s.At)
		calmed := fresh[k] == nil && g.cfg.weigh(a.parts(g.cfg, g.said, at), at).level == 0
		if isNew, taken := a.take(s); taken {
			g.metrics.signs.WithLabelValues("taken").Inc()
			w := concerns(k, &news{calmed: calmed})
			w.isNew, w.acts = w.isNew || isNew, w.acts || !s.Replayed
		} else {
			g.metrics.signs.WithLabelValues("overtaken").Inc()
		}
		g.waiting = g.waiting[1:]
	}
	for _, k := range order {
		if a := g.actors.Get(k); a != nil { // it may have been forgotten for another
			g.judge(a, *fresh[k], out)
		}
	}
}

// make is the state of the principal of s, with room made for it.
func (g *merger) make(k uint64, s *sign, out *detect.Out) *actor {
	if g.actors.Get(k) == nil && g.actors.Full() {
		old, a := g.actors.Oldest()
		g.metrics.evicted.WithLabelValues("principals").Inc()
		g.forget(old, a, out)
	}
	a := g.actors.Touch(k)
	a.Tenant, a.Principal = s.Tenant, s.Principal
	return a
}

// forget drops a and says so, so that no table shows what nobody keeps up to date.
func (g *merger) forget(k uint64, a *actor, out *detect.Out) {
	r := risk.Principal{Tenant: a.Tenant, Principal: a.Principal}
	out.Record(schemas.TopicPrincipals, r.Key(), nil)
	g.actors.Remove(k)
}

// snapshotVersion changes with the shape of the state.
const snapshotVersion = 1

// ErrSnapshot is wrapped by every error of Restore.
var ErrSnapshot = errors.New("responder: snapshot cannot be read")

// Snapshot implements detect.Stateful.
func (g *merger) Snapshot(w io.Writer) error {
	e := msgpack.NewEncoder(w)
	err := errors.Join(e.EncodeInt(snapshotVersion), e.EncodeInt(g.judged), e.Encode(g.waiting), e.Encode(g.heard), g.actors.Encode(e), g.said.encode(e))
	if err != nil {
		return fmt.Errorf("responder: snapshot: %w", err)
	}
	return nil
}

// Restore implements detect.Stateful.
func (g *merger) Restore(r io.Reader) error {
	d := msgpack.NewDecoder(r)
	v, err := d.DecodeInt()
	if err == nil && v != snapshotVersion {
		err = fmt.Errorf("version %d, known is %d", v, snapshotVersion)
	}
	if err == nil {
		g.judged, err = d.DecodeInt64()
	}
	if err == nil {
		err = cmp.Or(d.Decode(&g.waiting), d.Decode(&g.heard))
	}
	for i := range g.waiting {
		err = cmp.Or(err, g.waiting[i].valid())
	}
	for i := range g.heard {
		err = cmp.Or(err, g.heard[i].valid())
	}
	if err == nil {
		err = g.actors.Decode(d, func(a *actor) error { return a.valid(g.cfg) })
	}
	if err == nil {
		err = g.said.decode(d)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return nil
}
