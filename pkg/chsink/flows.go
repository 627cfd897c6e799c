package chsink

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/deploy"
	"github.com/miradorhq/mirador/pkg/flow"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Flows is the sink of mirador.flows into the table flows. One goroutine at a time.
type Flows struct {
	*table
	tenant                       *dictionary
	id, record                   *proto.ColStr
	deleted                      *proto.ColBool
	ts                           *moments
	operations, moves, mandatory *proto.ColUInt64
}

// NewFlows makes the sink. metrics may be nil.
func NewFlows(cfg Config, metrics *Metrics) (*Flows, error) {
	t, err := newTable("flows", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Flows{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"), ts: t.moments("ts"),
		operations: t.unsigned("operations"), moves: t.unsigned("moves"), mandatory: t.unsigned("mandatory"), record: t.text("record"),
	}, nil
}

// Append adds the row of r: the flows of a host, or, where r has no value, their end. An
// error means that r is neither; the batch is then as before. Nothing of r is kept.
func (s *Flows) Append(r *kgo.Record, topicID [16]byte) error {
	var g flow.Graph
	if err := keyedRecord(r, &g.Tenant, &g.Host, func() (err error) { g, err = flow.Decode(r.Value); return }); err != nil {
		return s.poison(r, err)
	}
	mandatory := uint64(0)
	for i := range g.Prerequisites {
		if g.Prerequisites[i].Mandatory() {
			mandatory++
		}
	}
	s.source.append(r, topicID)
	s.tenant.appendString(g.Tenant)
	s.id.Append(g.Host)
	s.deleted.Append(r.Value == nil)
	s.ts.append(g.Updated)
	s.operations.Append(uint64(len(g.Operations)))
	s.moves.Append(uint64(len(g.Moves)))
	s.mandatory.Append(mandatory)
	s.record.AppendBytes(r.Value)
	s.added(len(r.Value) + len(r.Key))
	return nil
}

// Deploys is the sink of mirador.deploys into the table deploys. One goroutine at a time.
type Deploys struct {
	*table
	tenant, service, person *dictionary
	id, version, note       *proto.ColStr
	deleted                 *proto.ColBool
	ts                      *moments
}

// NewDeploys makes the sink. metrics may be nil.
func NewDeploys(cfg Config, metrics *Metrics) (*Deploys, error) {
	t, err := newTable("deploys", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Deploys{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"), service: t.dictionary("service"),
		version: t.text("version"), person: t.dictionary("person"), ts: t.moments("ts"), note: t.text("note"),
	}, nil
}

// Append adds the row of r: a release, or, where r has no value, that it was taken back.
// An error means that r is neither; the batch is then as before. Nothing of r is kept.
func (s *Deploys) Append(r *kgo.Record, topicID [16]byte) error {
	var m deploy.Marker
	if err := keyedRecord(r, &m.Tenant, &m.ID, func() (err error) { m, err = deploy.Decode(r.Value); return }); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(m.Tenant)
	s.id.Append(m.ID)
	s.deleted.Append(r.Value == nil)
	s.service.appendString(m.Service)
	s.version.Append(m.Version)
	s.person.appendString(m.Person)
	s.ts.append(m.At)
	s.note.Append(m.Note)
	s.added(len(r.Value) + len(r.Key))
	return nil
}
