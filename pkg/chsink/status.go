package chsink

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Statuses is the sink of mirador.actions.status into the table action_status.
// One goroutine at a time.
type Statuses struct {
	*table
	tenant, enforcer, edge, state, op, rule *dictionary
	ts                                      *moments
	actionID, key, problem                  *proto.ColStr
	target                                  targetColumns
	revision                                *proto.ColInt64
	sinceEvent                              *proto.ColFloat64
}

// NewStatuses makes the sink. metrics may be nil.
func NewStatuses(cfg Config, metrics *Metrics) (*Statuses, error) {
	t, err := newTable("action_status", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Statuses{
		table: t, tenant: t.dictionary("tenant"), ts: t.moments("ts"), actionID: t.text("action_id"), key: t.text("key"),
		enforcer: t.dictionary("enforcer"), edge: t.dictionary("edge"), state: t.dictionary("state"), op: t.dictionary("op"),
		target: t.targetColumns(), revision: t.signed("revision"), rule: t.dictionary("rule"),
		sinceEvent: t.float("since_event_ms"), problem: t.text("error"),
	}, nil
}

// Append adds the row of r. An error means that r is no status; the batch is then
// as before. Nothing of r is kept.
func (s *Statuses) Append(r *kgo.Record, topicID [16]byte) error {
	v, err := action.DecodeStatus(r.Value)
	if err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(v.Tenant)
	s.ts.append(v.Time)
	s.actionID.Append(v.ActionID)
	s.key.Append(v.Key)
	s.enforcer.appendString(v.Enforcer)
	s.edge.appendString(v.Edge)
	s.state.appendString(string(v.State))
	s.op.appendString(string(v.Op))
	s.target.append(&v.Target)
	s.revision.Append(v.Revision)
	s.rule.appendString(v.Rule)
	s.sinceEvent.Append(v.SinceEvent)
	s.problem.Append(v.Error)
	s.added(len(r.Value))
	return nil
}
