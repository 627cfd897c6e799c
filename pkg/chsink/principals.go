package chsink

import (
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/risk"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Principals is the sink of mirador.principals into the table principals. One
// goroutine at a time.
type Principals struct {
	*table
	tenant                   *dictionary
	id                       *proto.ColStr
	deleted                  *proto.ColBool
	score                    *proto.ColFloat64
	level                    *dictionary
	held, summary, record    *proto.ColStr
	ts, first, last          *moments
	findings                 *proto.ColUInt64
	addresses, partFindings  *texts
	partFamilies, partRules  *words
	partShares, partHalfLife *array[*proto.ColFloat64]
	partTimes                *array[*moments]
}

// NewPrincipals makes the sink. metrics may be nil.
func NewPrincipals(cfg Config, metrics *Metrics) (*Principals, error) {
	t, err := newTable("principals", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Principals{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"), score: t.float("risk"),
		level: t.dictionary("level"), held: t.text("held"), summary: t.text("summary"), record: t.text("record"),
		ts: t.moments("ts"), first: t.moments("first_seen"), last: t.moments("last_seen"), findings: t.unsigned("findings"),
		addresses: t.texts("addresses"), partFindings: t.texts("parts.finding"), partFamilies: t.words("parts.family"), partRules: t.words("parts.rule"),
		partShares:   with(t, "parts.share", newArray(new(proto.ColFloat64))),
		partHalfLife: with(t, "parts.half_life_s", newArray(new(proto.ColFloat64))),
		partTimes:    with(t, "parts.ts", newArray(newMoments())),
	}, nil
}

// Append adds the row of r: a principal, or, where r has no value, its end. An error
// means that r is neither; the batch is then as before. Nothing of r is kept.
func (s *Principals) Append(r *kgo.Record, topicID [16]byte) error {
	var p risk.Principal
	if err := keyedRecord(r, &p.Tenant, &p.Principal, func() (err error) { p, err = risk.DecodePrincipal(r.Value); return }); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(p.Tenant)
	s.id.Append(p.Principal)
	s.deleted.Append(r.Value == nil)
	s.score.Append(p.Risk)
	s.level.appendString(string(p.Level))
	s.held.Append(p.Held)
	s.ts.append(p.Updated)
	s.first.append(p.FirstSeen)
	s.last.append(p.LastSeen)
	s.findings.Append(p.Findings)
	appendTexts(s.addresses, p.Addresses)
	for i := range p.Parts {
		q := &p.Parts[i]
		s.partFamilies.data.appendString(q.Family)
		s.partRules.data.appendString(q.Rule)
		s.partFindings.data.Append(q.Finding)
		s.partShares.data.Append(q.Precision * q.Weight)
		s.partHalfLife.data.Append(q.HalfLife)
		s.partTimes.data.append(q.At)
	}
	s.partFamilies.end()
	s.partRules.end()
	s.partFindings.end()
	s.partShares.end()
	s.partHalfLife.end()
	s.partTimes.end()
	s.summary.Append(p.Summary)
	s.record.AppendBytes(r.Value)
	s.added(2*len(r.Value) + len(r.Key))
	return nil
}

// Verdicts is the sink of mirador.verdicts into the table verdicts. One goroutine at a
// time.
type Verdicts struct {
	*table
	tenant, detector, rule, answer, person *dictionary
	id, principal, note                    *proto.ColStr
	deleted                                *proto.ColBool
	ts                                     *moments
}

// NewVerdicts makes the sink. metrics may be nil.
func NewVerdicts(cfg Config, metrics *Metrics) (*Verdicts, error) {
	t, err := newTable("verdicts", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Verdicts{
		table: t, tenant: t.dictionary("tenant"), id: t.text("id"), deleted: t.flag("deleted"), detector: t.dictionary("detector"),
		rule: t.dictionary("rule"), principal: t.text("principal"), answer: t.dictionary("verdict"), person: t.dictionary("person"),
		ts: t.moments("ts"), note: t.text("note"),
	}, nil
}

// Append adds the row of r: a verdict, or, where r has no value, its end. An error means
// that r is neither; the batch is then as before. Nothing of r is kept.
func (s *Verdicts) Append(r *kgo.Record, topicID [16]byte) error {
	var v risk.Verdict
	if err := keyedRecord(r, &v.Tenant, &v.Finding, func() (err error) { v, err = risk.DecodeVerdict(r.Value); return }); err != nil {
		return s.poison(r, err)
	}
	s.source.append(r, topicID)
	s.tenant.appendString(v.Tenant)
	s.id.Append(v.Finding)
	s.deleted.Append(r.Value == nil)
	s.detector.appendString(v.Detector)
	s.rule.appendString(v.Rule)
	s.principal.Append(v.Principal)
	s.answer.appendString(string(v.Verdict))
	s.person.appendString(v.Person)
	s.ts.append(v.At)
	s.note.Append(v.Note)
	s.added(len(r.Value) + len(r.Key))
	return nil
}

// keyedRecord decodes r, or, of a tombstone, takes tenant and id from the key.
func keyedRecord(r *kgo.Record, tenant, id *string, decode func() error) error {
	if r.Value != nil {
		return decode()
	}
	var ok bool
	if *tenant, *id, ok = catalog.SplitKey(r.Key); !ok {
		return errNoKey
	}
	if *tenant == "" || *id == "" {
		return fmt.Errorf("tombstone: %w", errIncomplete)
	}
	return nil
}
