package chsink

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/action"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Actions is the sink of mirador.actions into the table actions. One goroutine at
// a time.
type Actions struct {
	*table
	c actionColumns
}

type actionColumns struct {
	tenant                   *dictionary
	key                      *proto.ColStr
	tombstone                *proto.ColBool
	id                       *proto.ColStr
	op                       *dictionary
	target                   targetColumns
	scope, issuer, mode      *dictionary
	notBefore, notAfter      *moments
	revision                 *proto.ColInt64
	reason                   *proto.ColStr
	rule                     *dictionary
	findings                 *texts
	evidence                 *proto.ColStr
	guardNames               *words
	guardValues, guardLimits *array[*proto.ColFloat64]
	eventTime                *moments
	record, signature        *proto.ColStr
	signingKey               *dictionary
}

// targetColumns are who an action is for.
type targetColumns struct {
	kind  *dictionary
	value *proto.ColStr
	keyID *dictionary
}

func (t *table) targetColumns() targetColumns {
	return targetColumns{kind: t.dictionary("target_type"), value: t.text("target"), keyID: t.dictionary("target_key_id")}
}

func (c *targetColumns) append(v *action.Target) {
	c.kind.appendString(string(v.Type))
	c.value.Append(v.Value)
	c.keyID.appendString(v.KeyID)
}

// NewActions makes the sink. metrics may be nil.
func NewActions(cfg Config, metrics *Metrics) (*Actions, error) {
	t, err := newTable("actions", cfg, metrics)
	if err != nil {
		return nil, err
	}
	return &Actions{table: t, c: actionColumns{
		tenant: t.dictionary("tenant"), key: t.text("key"), tombstone: t.flag("tombstone"), id: t.text("id"),
		op: t.dictionary("op"), target: t.targetColumns(), scope: t.dictionary("scope"), issuer: t.dictionary("issuer"),
		mode: t.dictionary("mode"), notBefore: t.moments("not_before"), notAfter: t.moments("not_after"),
		revision: t.signed("revision"), reason: t.text("reason"), rule: t.dictionary("rule"), findings: t.texts("findings"),
		evidence: t.text("evidence"), guardNames: t.words("guards.name"),
		guardValues: with(t, "guards.value", newArray(new(proto.ColFloat64))),
		guardLimits: with(t, "guards.limit", newArray(new(proto.ColFloat64))),
		eventTime:   t.moments("event_time"), record: t.text("record"), signature: t.text("signature"),
		signingKey: t.dictionary("signing_key"),
	}}, nil
}

// Append adds the row of r: an order, or, where r has no value, the end of its
// key. An error means that r is neither; the batch is then as before. Nothing of
// r is kept.
func (s *Actions) Append(r *kgo.Record, topicID [16]byte) error {
	var a action.Action
	if r.Value == nil {
		// Tenant and type are all that can be told from the key for certain: a value
		// or a scope may hold the separator.
		parts := strings.SplitN(string(r.Key), "|", 5)
		if len(parts) < 5 || parts[0] == "" {
			return s.poison(r, errNoKey)
		}
		a.Tenant, a.Target.Type = parts[0], action.TargetType(parts[1])
	} else {
		var err error
		if a, err = action.Decode(r.Value); err != nil {
			return s.poison(r, err)
		}
	}
	s.source.append(r, topicID)
	c := &s.c
	c.tenant.appendString(a.Tenant)
	if len(r.Key) > 0 {
		c.key.AppendBytes(r.Key)
	} else {
		c.key.AppendBytes(a.Key())
	}
	c.tombstone.Append(r.Value == nil)
	c.id.Append(a.ID)
	c.op.appendString(string(a.Op))
	c.target.append(&a.Target)
	c.scope.appendString(a.Scope)
	c.issuer.appendString(a.Issuer)
	c.mode.appendString(string(a.Mode))
	c.notBefore.append(a.NotBefore)
	c.notAfter.append(a.NotAfter)
	c.revision.Append(a.Revision)
	c.reason.Append(a.Reason)
	c.rule.appendString(a.Rule)
	appendTexts(c.findings, a.Findings)
	c.evidence.Append(a.Evidence)
	for _, g := range a.Guards {
		c.guardNames.data.appendString(g.Name)
		c.guardValues.data.Append(g.Value)
		c.guardLimits.data.Append(g.Limit)
	}
	c.guardNames.end()
	c.guardValues.end()
	c.guardLimits.end()
	c.eventTime.append(a.EventTime)
	c.record.AppendBytes(r.Value)
	c.signature.Append(hex.EncodeToString(header(r, "sig")))
	c.signingKey.append(header(r, "kid"))
	s.added(2*len(r.Value) + 2*len(r.Key))
	return nil
}

var errNoKey = errors.New("a tombstone whose key does not say whose it is")

func header(r *kgo.Record, key string) []byte {
	for i := range r.Headers {
		if r.Headers[i].Key == key {
			return r.Headers[i].Value
		}
	}
	return nil
}
