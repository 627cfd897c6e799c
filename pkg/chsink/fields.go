package chsink

import (
	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Fields is the sink of mirador.fields into the table fields. One goroutine at a
// time.
type Fields struct {
	*table
	tenant                    *dictionary
	id                        *proto.ColStr
	deleted                   *proto.ColBool
	endpointID, endpoint      *dictionary
	direction, location, kind *dictionary
	path                      *proto.ColStr
	confidence                *proto.ColFloat64
	confirmed                 *proto.ColBool
	seen, matched, distinct   *proto.ColUInt64
	masked                    *texts
	first, last               *moments
	record                    *proto.ColStr
}

// NewFields makes the sink. metrics may be nil.
func NewFields(cfg Config, metrics *Metrics) (*Fields, error) {
	t, err := newTable("fields", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Fields{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"),
		endpointID: t.dictionary("endpoint_id"), endpoint: t.dictionary("endpoint"), direction: t.dictionary("direction"),
		location: t.dictionary("location"), path: t.text("path"), kind: t.dictionary("type"),
		confidence: t.float("confidence"), confirmed: t.flag("confirmed"), seen: t.unsigned("seen"),
		matched: t.unsigned("matched"), distinct: t.unsigned("distinct_values"), masked: t.texts("masked"),
		first: t.moments("first_seen"), last: t.moments("last_seen"), record: t.text("record"),
	}, nil
}

// Append adds the row of r: a field, or, where r has no value, its removal. An
// error means that r is neither; the batch is then as before. Nothing of r is kept.
func (s *Fields) Append(r *kgo.Record, topicID [16]byte) error {
	var f catalog.Field
	if err := latest(r, &f, &f.Tenant, &f.ID); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(f.Tenant)
	s.id.Append(f.ID)
	s.deleted.Append(r.Value == nil)
	s.endpointID.appendString(f.EndpointID)
	s.endpoint.appendString(f.Endpoint)
	s.direction.appendString(f.Direction)
	s.location.appendString(f.Location)
	s.path.Append(f.Path)
	s.kind.appendString(f.Type)
	s.confidence.Append(f.Confidence)
	s.confirmed.Append(f.Confirmed)
	s.seen.Append(f.Seen)
	s.matched.Append(f.Matched)
	s.distinct.Append(f.Distinct)
	appendTexts(s.masked, f.Masked)
	s.first.append(f.FirstSeen)
	s.last.append(f.LastSeen)
	s.record.AppendBytes(r.Value)
	s.added(2*len(r.Value) + len(r.Key))
	return nil
}
