package discovery

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/services/discovery/learn"
	"github.com/miradorhq/mirador/services/discovery/order"
	"github.com/miradorhq/mirador/services/discovery/wire"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/tinylib/msgp/msgp"
)

// Factory makes detectors that gather differences. cfg must be valid. Findings
// about endpoints come from the merger alone, those about look-alikes from here.
func Factory(cfg Config) detect.Factory {
	m, pool := newMetrics(cfg.Metrics), newTraitPool(&cfg)
	var lexical catalog.Lexical
	return func(int32) detect.Detector {
		return &detector{cfg: &cfg, metrics: m, pool: pool, lexical: &lexical, pending: map[string]*pending{}, alikes: newAlikes(&cfg, m)}
	}
}

// detector gathers, between two flushes, what the transactions of one partition
// add to each endpoint.
type detector struct {
	cfg     *Config
	metrics *metrics
	pool    *traitPool
	lexical *catalog.Lexical
	pending map[string]*pending // by endpoint id
	alikes  *keyed.Table[alike]
}

// pending is a difference that was not sent yet.
type pending struct {
	tenant, host string
	operation
}

var (
	_ detect.Preparer = (*detector)(nil)
	_ detect.Flusher  = (*detector)(nil)
	_ detect.Stateful = (*detector)(nil)
)

// Prepare reads names and types out of the leaves. The endpoint is that of the
// lexer: what is learned must come from what was seen, not from what was learned
// before, or a name that appears late in a place of values would stay unseen.
func (d *detector) Prepare(tx *detect.Tx) { tx.Prepared = d.read(tx) }

func (d *detector) read(tx *detect.Tx) *traits {
	seen := tx.Endpoint // as the catalog has it
	if tx.Endpoint.Learned {
		tx.Endpoint = d.lexical.Match(tx.Tenant, tx.Event.Host(), string(tx.Event.Method), tx.Event.Path)
	}
	match, alike := d.resembles(tx, &seen)
	t := d.pool.read(tx, d.cfg)
	t.match, t.alike = match, alike
	return t
}

// Detect counts tx. A refusal by the edge for Mirador is a transaction like any
// other here: hits count all, and a 403 neither lists an endpoint nor shows a
// parameter. A sampled event counts once.
func (d *detector) Detect(tx *detect.Tx, out *detect.Out) {
	t, ok := tx.Prepared.(*traits)
	if !ok {
		t = d.read(tx)
	}
	if n := t.fields.Dropped; n > 0 {
		d.metrics.names.Add(float64(n))
	}
	m := &tx.Endpoint
	d.count(tx, t, d.at(tx, m.ID, m.Template, out), true)
	for _, o := range t.asked {
		template := catalog.WithOperation(m.Template, o.name)
		t.protocol = o.protocol
		d.count(tx, t, d.at(tx, catalog.ID(tx.Tenant, m.Host, m.Method, template), template, out), o.whole)
	}
	if t.alike {
		d.said(tx, &t.match, out)
	}
	tx.Prepared = nil
	d.pool.give(t)
}

// at is the pending difference of one endpoint.
func (d *detector) at(tx *detect.Tx, id, template string, out *detect.Out) *pending {
	p := d.pending[id]
	if p == nil {
		if len(d.pending) >= d.cfg.MaxPending {
			d.metrics.early.Inc()
			d.Flush(out)
		}
		p = &pending{tenant: strings.Clone(tx.Tenant), host: strings.Clone(tx.Endpoint.Host)}
		p.id, p.method, p.template = strings.Clone(id), strings.Clone(tx.Endpoint.Method), strings.Clone(template)
		d.pending[p.id] = p
	}
	return p
}

// count adds tx to p; what its bodies hold only where they are all p's.
func (d *detector) count(tx *detect.Tx, t *traits, p *pending, bodies bool) {
	p.count(tx, t, d.cfg)
	if !bodies {
		return
	}
	if dropped := p.params.Observe(&t.fields, d.cfg.limits()); dropped > 0 {
		d.metrics.params.Add(float64(dropped))
	}
}

// count adds one transaction, without what it carries.
func (op *operation) count(tx *detect.Tx, t *traits, c *Config) {
	e, now := tx.Event, tx.Time.UnixNano()
	op.span(now, now)
	op.hits++
	op.statuses[class(e.Status)]++
	op.auth[scheme(e.Identity.Scheme)]++
	if len(e.Deployment.Service) > 0 {
		op.service(string(e.Deployment.Service), c.MaxServices)
	}
	op.usage.count(e, tx.Principal, now, t.network)
	if t.success {
		w := witness{now, e.ID, e.Status}
		if op.successes == 0 || w.before(&op.witness) {
			op.witness = w
		}
		op.successes++
		if bytes.HasSuffix(tx.Event.Path, []byte("/")) {
			op.slashed++
		}
		op.prefix.Join(prefixOf(tx.Endpoint.Values))
		op.protocols[t.protocol]++
	}
}

// prefixOf is the first value of a path where it may be a name: none that looks random
// or personal, for a name is shown, and no single digit, which may be a version or not.
func prefixOf(values []catalog.Value) learn.Prefix {
	if len(values) == 0 {
		return learn.Prefix{}
	}
	switch v := values[0]; v.Type {
	case catalog.TypeInt, catalog.TypeNumber, catalog.TypeDate, catalog.TypeCode:
		if len(v.Text) > 1 && v.Index < 2 {
			return learn.Prefix{Text: v.Text}
		}
	}
	return learn.Prefix{Varies: true}
}

// Flush sends the differences, a partial a host, and begins anew.
func (d *detector) Flush(out *detect.Out) {
	d.groups(d.cfg.MaxPartialBytes, func(tenant, host string, payload []byte) {
		out.Grouped(Kind, tenant, order.Group(host), host, payload)
	})
	clear(d.pending)
}

// groups puts the pending differences in order and hands them over as payloads of
// one host and at least one operation each, cut where one passes limit.
func (d *detector) groups(limit int, f func(tenant, host string, payload []byte)) {
	if len(d.pending) == 0 {
		return
	}
	all := make([]*pending, 0, len(d.pending))
	for _, p := range d.pending {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *pending) int {
		return cmp.Or(strings.Compare(a.tenant, b.tenant), strings.Compare(a.host, b.host), strings.Compare(a.id, b.id))
	})
	var body []byte
	count := 0
	for i, p := range all {
		body = appendOperation(body, &p.operation)
		count++
		if i+1 == len(all) || all[i+1].host != p.host || all[i+1].tenant != p.tenant || len(body) >= limit {
			payload := make([]byte, 0, len(body)+8)
			f(p.tenant, p.host, append(appendPayload(payload, count), body...))
			body, count = body[:0], 0
		}
	}
}

// detectorVersion starts every snapshot of a detector: that of the operations in it
// is another.
const detectorVersion = 3

// Snapshot writes what is pending, and the look-alikes that were counted.
func (d *detector) Snapshot(w io.Writer) error {
	alikes, err := d.alikeState()
	if err != nil {
		return err
	}
	b := msgp.AppendBytes(msgp.AppendUint8(nil, detectorVersion), alikes)
	var groups uint32
	var body []byte
	d.groups(1<<30, func(tenant, host string, payload []byte) {
		groups++
		body = msgp.AppendString(body, tenant)
		body = msgp.AppendString(body, host)
		body = msgp.AppendBytes(body, payload)
	})
	b = append(msgp.AppendArrayHeader(b, groups), body...)
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("discovery: write snapshot: %w", err)
	}
	return nil
}

// Restore reads a snapshot into d, which must be new.
func (d *detector) Restore(from io.Reader) error {
	b, err := io.ReadAll(from)
	if err != nil {
		return fmt.Errorf("discovery: read snapshot: %w", err)
	}
	r := &reader{Reader: wire.Reader{B: b}}
	if v := wire.Take(&r.Reader, msgp.ReadUint8Bytes); r.Err == nil && v != detectorVersion {
		r.Fail("snapshot of version %d, known is %d", v, detectorVersion)
	}
	if alikes := wire.Take(&r.Reader, msgp.ReadBytesZC); r.Err == nil {
		if err := d.restoreAlikes(alikes); err != nil {
			return err
		}
	}
	for range r.Length() {
		tenant, host := wire.Take(&r.Reader, msgp.ReadStringBytes), wire.Take(&r.Reader, msgp.ReadStringBytes)
		payload := wire.Take(&r.Reader, msgp.ReadBytesZC)
		if r.Err != nil {
			break
		}
		ops, err := decodePayload(payload, tenant, host, d.cfg)
		if err != nil {
			return fmt.Errorf("discovery: restore: %w", err)
		}
		for _, op := range ops {
			d.pending[op.id] = &pending{tenant: tenant, host: host, operation: *op}
		}
	}
	if r.Err != nil {
		return fmt.Errorf("discovery: restore: %w", r.Err)
	}
	return nil
}
