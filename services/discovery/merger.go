package discovery

import (
	"container/list"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/schemas"
	"github.com/tinylib/msgp/msgp"
)

// MergerFactory makes mergers, the only writers of the catalog. cfg must be valid.
func MergerFactory(cfg Config) detect.MergerFactory {
	m := newMetrics(cfg.Metrics)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return func(partition int32) detect.Merger { return newMerger(&cfg, m, partition) }
}

// merger holds every endpoint of the hosts of one partition.
//
// An endpoint is listed, put into the catalog, at its first success. Until then
// it is a candidate: its transactions are counted, so that its hits are exact once
// it is listed, but a scan can ask for paths without end, so candidates are kept in
// the order they were last seen and the oldest is forgotten.
type merger struct {
	cfg       *Config
	metrics   *metrics
	log       *slog.Logger
	partition int32

	entries    map[string]*entry // by endpoint id
	candidates *list.List        // of *entry, the one last seen in front
	listed     map[host]int
	dirty      map[string]*entry // listed, changed since the last flush
	warned     map[host]bool     // of MaxEndpoints; no part of the state
}

type host struct{ tenant, name string }

// entry is an endpoint or a candidate.
type entry struct {
	tenant, host string
	operation
	candidate *list.Element // nil when listed
}

var (
	_ detect.Flusher  = (*merger)(nil)
	_ detect.Stateful = (*merger)(nil)
)

func newMerger(cfg *Config, m *metrics, partition int32) *merger {
	return &merger{
		cfg: cfg, metrics: m, log: cfg.Log, partition: partition,
		entries: map[string]*entry{}, candidates: list.New(), listed: map[host]int{}, dirty: map[string]*entry{}, warned: map[host]bool{},
	}
}

// Merge adds a difference. Partials of other kinds share the topic and are
// passed over.
func (m *merger) Merge(p *detect.Partial, out *detect.Out) {
	if p.Kind != Kind {
		return
	}
	ops, err := decodePayload(p.Payload, p.Tenant, p.Dimension, m.cfg)
	if err != nil {
		// Nothing of it was added. It can't be retried: its bytes do not change.
		m.metrics.malformed.Inc()
		m.log.Error("difference dropped, counters of its host are short by it",
			"tenant", p.Tenant, "host", p.Dimension, "source", p.Source, "partition", m.partition, "error", err)
		return
	}
	for _, op := range ops {
		m.merge(p.Tenant, p.Dimension, op, out)
	}
}

func (m *merger) merge(tenant, name string, op *operation, out *detect.Out) {
	e := m.entries[op.id]
	if e == nil {
		e = &entry{tenant: tenant, host: name}
		e.id, e.method, e.template = op.id, op.method, op.template
		e.candidate = m.candidates.PushFront(e)
		m.entries[e.id] = e
	}
	before, known := e.witness, e.successes > 0
	if dropped := e.add(op, m.cfg); dropped > 0 {
		m.metrics.params.Add(float64(dropped))
	}
	if e.candidate == nil {
		m.dirty[e.id] = e
		if e.witness != before {
			out.Finding(discovered(e))
		}
		return
	}
	at := host{tenant, name}
	if e.successes > 0 && m.listed[at] < m.cfg.MaxEndpoints {
		m.candidates.Remove(e.candidate)
		e.candidate = nil
		m.listed[at]++
		m.dirty[e.id] = e
		m.metrics.listed.Inc()
		out.Finding(discovered(e))
		return
	}
	if e.successes > 0 {
		if !known {
			m.metrics.unlisted.Inc()
		}
		if !m.warned[at] { // once: whoever sends the paths must not fill the log
			m.warned[at] = true
			m.log.Warn("endpoint not listed: its host has as many as discovery.max_endpoints allows",
				"tenant", tenant, "host", name, "limit", m.cfg.MaxEndpoints)
		}
		e.params = params{} // a candidate stays small
	}
	m.candidates.MoveToFront(e.candidate)
	for m.candidates.Len() > m.cfg.MaxCandidates {
		m.forget(m.candidates.Back())
	}
}

func (m *merger) forget(at *list.Element) {
	e, ok := m.candidates.Remove(at).(*entry)
	if !ok {
		return // the list holds nothing else
	}
	delete(m.entries, e.id)
	m.metrics.forgotten.Inc()
	m.metrics.lostHits.Add(float64(e.hits))
}

// Flush puts out every endpoint that changed, in the order of ids.
func (m *merger) Flush(out *detect.Out) {
	for _, e := range sorted(m.dirty) {
		record := e.endpoint(e.tenant, e.host)
		value, err := catalog.EncodeEndpoint(&record)
		if err != nil { // plain strings and numbers: a fault of the program
			panic(fmt.Sprintf("discovery: %v", err))
		}
		out.Record(schemas.TopicCatalog, record.Key(), value)
	}
	clear(m.dirty)
}

func sorted(entries map[string]*entry) []*entry {
	out := make([]*entry, 0, len(entries))
	for _, e := range entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *entry) int { return strings.Compare(a.id, b.id) })
	return out
}

// Snapshot writes endpoints and candidates, the latter in their order.
func (m *merger) Snapshot(w io.Writer) error {
	b := msgp.AppendUint8(nil, formatVersion)
	b = msgp.AppendArrayHeader(b, uint32(len(m.entries)))
	for at := m.candidates.Back(); at != nil; at = at.Prev() {
		if e, ok := at.Value.(*entry); ok {
			b = m.appendEntry(b, e)
		}
	}
	for _, e := range sorted(m.entries) {
		if e.candidate == nil {
			b = m.appendEntry(b, e)
		}
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("discovery: write snapshot: %w", err)
	}
	return nil
}

func (m *merger) appendEntry(b []byte, e *entry) []byte {
	_, dirty := m.dirty[e.id]
	b = msgp.AppendString(b, e.tenant)
	b = msgp.AppendString(b, e.host)
	b = msgp.AppendBool(b, e.candidate == nil)
	b = msgp.AppendBool(b, dirty)
	return appendOperation(b, &e.operation)
}

// Restore reads a snapshot into m, which must be new.
func (m *merger) Restore(from io.Reader) error {
	b, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("discovery: read snapshot: %w", err)
	}
	r := &reader{b: b}
	if v := read(r, msgp.ReadUint8Bytes); r.err == nil && v != formatVersion {
		r.fail("snapshot of version %d, known is %d", v, formatVersion)
	}
	for range r.length() {
		e := &entry{tenant: read(r, msgp.ReadStringBytes), host: read(r, msgp.ReadStringBytes)}
		listed, dirty := read(r, msgp.ReadBoolBytes), read(r, msgp.ReadBoolBytes)
		op := r.operation(m.cfg)
		if r.err != nil {
			break
		}
		e.operation = *op
		m.entries[e.id] = e
		if listed {
			m.listed[host{e.tenant, e.host}]++
		} else {
			e.candidate = m.candidates.PushFront(e)
		}
		if dirty {
			m.dirty[e.id] = e
		}
	}
	if r.err != nil {
		return fmt.Errorf("discovery: restore: %w", r.err)
	}
	return nil
}
