package behavior

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/flow"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// flowGraphs adds up what the partitions tell of the flows of each host, and publishes
// them: it alone writes mirador.flows. Counts are by week of event time, so that sums do
// not depend on the order of partials and what nobody does any more goes.
type flowGraphs struct {
	cfg     *Config
	metrics *Metrics
	hosts   *keyed.Table[flowGraph]
}

// flowGraph is what is known of one host.
type flowGraph struct {
	_msgpack     struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Tenant, Host string
	// Names are by id, Edges by kind and ids: sorted.
	Names keyed.List[flowName]
	Edges keyed.List[flowEdge]
	// Since and Last are the first and the newest period, Published the one in which it
	// was published, Changed whether something came since.
	Since, Last, Published int64
	Changed                bool
}

// flowEdge is a passage between two operations, over weeks.
type flowEdge struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Kind     uint8
	From, To string // ids
	Last     int64  // period
	// Week is the newest; Counts are its sessions, ever, each and held, and those of the
	// week before.
	Week   int64
	Counts [2][4]uint64
}

const (
	flowWeek  = 7 * 24 * 60 // periods
	flowEdges = 8           // edges an operation that are held
)

func newFlowGraphs(cfg *Config, m *Metrics) *flowGraphs {
	return &flowGraphs{cfg: cfg, metrics: m, hosts: keyed.NewTable[flowGraph](cfg.Seq.Flows, m.eviction("flows"))}
}

func (e *flowEdge) compare(f *flowEdge) int {
	return cmp.Or(cmp.Compare(e.Kind, f.Kind), cmp.Compare(e.To, f.To), cmp.Compare(e.From, f.From))
}

// add counts for the week of a period. What is older than the week before is past.
func (e *flowEdge) add(period int64, counts [4]uint32) {
	week := period / flowWeek
	switch {
	case week == e.Week+1:
		e.Week, e.Counts = week, [2][4]uint64{{}, e.Counts[0]}
	case week > e.Week:
		e.Week, e.Counts = week, [2][4]uint64{}
	case week < e.Week-1:
		return
	}
	for i, n := range counts {
		e.Counts[e.Week-week][i] += uint64(n)
	}
	e.Last = max(e.Last, period)
}

// sums are the counts of the week of now and the one before.
func (e *flowEdge) sums(now int64) (n [4]uint64) {
	for w, counts := range e.Counts {
		if e.Week-int64(w) >= now/flowWeek-1 {
			for i := range counts {
				n[i] += counts[i]
			}
		}
	}
	return n
}

func (g *flowGraphs) merge(p *detect.Partial, key uint64) {
	part, err := decodeFlowPart(p.Payload)
	if err != nil {
		g.metrics.dropped.WithLabelValues("malformed_partial").Inc()
		return
	}
	h := g.hosts.Touch(key)
	h.Tenant, h.Host, h.Changed = p.Tenant, part.Host, true
	for i := range part.Passages {
		q := &part.Passages[i]
		if h.Since == 0 || q.Period < h.Since {
			h.Since = q.Period
		}
		h.Last = max(h.Last, q.Period)
		e := flowEdge{Kind: q.Kind, To: part.Operations[q.To].ID}
		if q.From >= 0 {
			e.From = part.Operations[q.From].ID
		}
		if !h.name(&part.Operations[q.To], g.cfg.Seq.Drawn) || q.From >= 0 && !h.name(&part.Operations[q.From], g.cfg.Seq.Drawn) {
			g.metrics.dropped.WithLabelValues("flow_operations").Inc()
			continue
		}
		at, known := slices.BinarySearchFunc(h.Edges, &e, func(a flowEdge, b *flowEdge) int { return a.compare(b) })
		if !known {
			if len(h.Edges) >= flowEdges*g.cfg.Seq.Drawn {
				g.metrics.dropped.WithLabelValues("flow_moves").Inc()
				continue
			}
			e.Week = q.Period / flowWeek
			h.Edges = slices.Insert(h.Edges, at, e)
		}
		h.Edges[at].add(q.Period, [4]uint32{q.Sessions, q.Ever, q.Each, q.Held})
	}
}

// name takes note of what an operation is called; false says that there is no room.
func (h *flowGraph) name(n *flowName, most int) bool {
	at, known := slices.BinarySearchFunc(h.Names, n.ID, func(a flowName, id string) int { return cmp.Compare(a.ID, id) })
	if !known {
		if len(h.Names) >= most {
			return false
		}
		h.Names = slices.Insert(h.Names, at, *n)
	}
	return true
}

// advance publishes what changed, each host once a minute at most.
func (g *flowGraphs) advance(b int64, out *detect.Out) {
	now := b * bucket / flowPeriod
	g.hosts.Each(func(_ uint64, h *flowGraph) {
		if !h.Changed || now <= h.Published || h.Last >= now {
			return
		}
		h.Changed, h.Published = false, now
		h.forget(now)
		r := h.record(now)
		v, err := flow.Encode(&r)
		if err != nil {
			panic(err) // no number of it can be without a form
		}
		out.Record(schemas.TopicFlows, r.Key(), v)
	})
}

// forget lets go of what two weeks have not seen.
func (h *flowGraph) forget(now int64) {
	h.Edges = slices.DeleteFunc(h.Edges, func(e flowEdge) bool { return e.sums(now)[0] == 0 })
	used := map[string]bool{}
	for i := range h.Edges {
		used[h.Edges[i].From], used[h.Edges[i].To] = true, true
	}
	h.Names = slices.DeleteFunc(h.Names, func(n flowName) bool { return !used[n.ID] })
}

// record is the graph as it is published.
func (h *flowGraph) record(now int64) flow.Graph {
	at := func(period int64) time.Time { return time.Unix(0, period*flowPeriod).UTC() }
	g := flow.Graph{Tenant: h.Tenant, Host: h.Host, Updated: at(now), Since: at(max(h.Since, (now/flowWeek-1)*flowWeek))}
	operations := make([]flow.Operation, len(h.Names))
	for i := range h.Names {
		operations[i] = flow.Operation{ID: h.Names[i].ID, Endpoint: h.Names[i].Label}
	}
	for i := range h.Edges {
		e := &h.Edges[i]
		n := e.sums(now)
		if e.Kind == required1 {
			g.Prerequisites = append(g.Prerequisites, flow.Prerequisite{Before: e.From, Operation: e.To, Sessions: n[0], Ever: n[1], Each: n[2], Held: n[3]})
			continue
		}
		g.Moves = append(g.Moves, flow.Move{From: e.From, To: e.To, Sessions: n[0]})
		if k, ok := slices.BinarySearchFunc(operations, e.To, func(o flow.Operation, id string) int { return cmp.Compare(o.ID, id) }); ok {
			o := &operations[k]
			o.Sessions += n[0]
			if t := at(e.Last); t.After(o.Last) {
				o.Last = t
			}
		}
	}
	slices.SortStableFunc(operations, func(a, b flow.Operation) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.ID, b.ID))
	})
	g.Operations = operations
	return g
}

func (e *flowEdge) valid() error {
	if e.Kind > required1 || len(e.From) > maxFlowText || e.To == "" || len(e.To) > maxFlowText || e.Week < 0 || e.Week > lastBucket || e.Last < 0 || e.Last > lastBucket {
		return fmt.Errorf("passage of kind %d to %.40q in week %d", e.Kind, e.To, e.Week)
	}
	return nil
}

func (h *flowGraph) valid(c *Seq01) error {
	if h.Tenant == "" || h.Host == "" || len(h.Names) > c.Drawn || len(h.Edges) > flowEdges*c.Drawn {
		return fmt.Errorf("flows of %.80q: %d operations, %d passages", h.Host, len(h.Names), len(h.Edges))
	}
	if min(h.Since, h.Last, h.Published) < 0 || max(h.Since, h.Last, h.Published) > lastBucket {
		return fmt.Errorf("flows of %.80q in a time that cannot be told", h.Host)
	}
	var errs []error
	for i := range h.Edges {
		errs = append(errs, h.Edges[i].valid())
		if i > 0 && h.Edges[i-1].compare(&h.Edges[i]) >= 0 {
			errs = append(errs, fmt.Errorf("flows of %.80q out of order", h.Host))
		}
	}
	for i := 1; i < len(h.Names); i++ {
		if h.Names[i-1].ID >= h.Names[i].ID {
			errs = append(errs, fmt.Errorf("operations of %.80q out of order", h.Host))
		}
	}
	return errors.Join(errs...)
}

func (g *flowGraphs) capture(c *keyed.Capture) { g.hosts.Capture(c) }

func (g *flowGraphs) decode(d *msgpack.Decoder) error {
	return g.hosts.Decode(d, func(h *flowGraph) error { return h.valid(&g.cfg.Seq) })
}
