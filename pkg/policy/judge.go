package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/schemas"
)

// moment is what is known, alike in a live run and a replay, of when and from
// what a finding came.
type moment struct {
	// seen is the broker's stamp or the watermark; zero where neither is known.
	seen     time.Time
	replayed bool // the event was sent from a spool or a file
	refused  bool // the edge refused the request for Mirador
	unproven bool // the API did not accept the credential
	// most is the strongest op that the finding bears; empty is no limit.
	most action.Op
}

// newest is the time of the newest event that supports f.
func newest(f *finding.Finding) time.Time {
	if f.LastSeen.IsZero() {
		return f.Time
	}
	return f.LastSeen
}

// judge decides on f and puts out what follows.
func (d *decider) judge(f *finding.Finding, m moment, out *detect.Out) string {
	p := d.policy
	r := p.rule(f.Rule)
	if r.Op == Alert {
		return outcomeAlert
	}
	if m.most != "" && strength(m.most, r.Mode) < strength(r.Op, r.Mode) {
		r.Op = m.most
	}
	if f.Severity.Weight() < r.MinSeverity.Weight() || f.Confidence < r.MinConfidence || f.Count < r.MinCount {
		return outcomeBelow
	}
	if m.replayed {
		return outcomeReplayed
	}
	if m.refused {
		return outcomeRefused
	}
	at := newest(f)
	age := time.Duration(0)
	if !m.seen.IsZero() {
		age = m.seen.Sub(at)
	}
	if p.cfg.ClockGuard && age > p.cfg.MaxAge {
		return outcomeOld
	}
	if p.cfg.ClockGuard && age < -p.cfg.MaxAge {
		at, age = m.seen, 0 // one stamp from the future must not end all that is live
	}
	target, protected, ok := p.target(f, r.Targets, m.unproven && f.Count <= 1)
	if protected && !ok {
		return outcomeProtected
	}
	if !ok {
		return outcomeNoTarget
	}
	d.clock = max(d.clock, at.UnixNano())

	a := action.Action{
		Tenant: f.Tenant, Op: r.Op, Mode: r.Mode, Target: target, Scope: scope(f, r),
		Issuer: fmt.Sprintf("%s/%s/%d", d.service, f.Rule, d.partition),
		Rule:   f.Rule, Reason: f.Title, Evidence: f.Summary, EventTime: at, NotBefore: at,
	}
	if live := d.entries[string(a.Key())]; live != nil && at.UnixNano() < live.Until {
		return d.judgeLive(live, &a, r, f, age, out)
	}
	return d.judgeNew(&a, r, f, age, out)
}

// judgeLive is for a target that an action of this issuer is already live for.
func (d *decider) judgeLive(live *entry, a *action.Action, r Rule, f *finding.Finding, age time.Duration, out *detect.Out) string {
	stronger := strength(a.Op, a.Mode) > strength(action.Op(live.Op), action.Mode(live.Mode))
	late := live.Until-a.EventTime.UnixNano() < live.TTL/4
	if stronger && (enforcing(live.Op) || d.mayAdd(a.Tenant, out)) {
		if !enforcing(live.Op) {
			d.quota(a.Tenant).New++
			d.climb(a, r)
		}
		a.NotAfter = time.Unix(0, max(live.Until, a.NotBefore.UnixNano()+live.TTL)).UTC()
		return d.publish(a, f, live.TTL, age, out, outcomeEscalated)
	}
	if !late || a.EventTime.UnixNano()+live.TTL <= live.Until {
		return outcomeLive
	}
	// The same action for longer: id and beginning stay.
	a.Op, a.Mode = action.Op(live.Op), action.Mode(live.Mode)
	a.ID, a.NotBefore = live.ID, time.Unix(0, live.NotBefore).UTC()
	a.NotAfter = a.EventTime.Add(time.Duration(live.TTL))
	a.Findings = live.Findings
	if a.Op != action.Log {
		d.remember(offenderKey(a), max(1, d.offenders[offenderKey(a)].Count), a.NotAfter.UnixNano(), d.policy.cfg.Caps.Offenders)
	}
	return d.publish(a, f, live.TTL, age, out, outcomeExtended)
}

func (d *decider) judgeNew(a *action.Action, r Rule, f *finding.Finding, age time.Duration, out *detect.Out) string {
	ttl := step(r.TTL, d.offence(offenderKey(a), a.EventTime, d.policy.cfg.Forget))
	a.NotAfter = a.NotBefore.Add(ttl)
	if a.NotAfter.UnixNano() <= d.clock {
		return outcomeOver
	}
	if _, replaces := d.entries[string(a.Key())]; !replaces && len(d.entries) >= d.policy.cfg.Caps.Tracked {
		return outcomeUntracked
	}
	if !d.mayAdd(a.Tenant, out) {
		a.Op = action.Log
		return d.publish(a, f, int64(ttl), age, out, outcomeLogOnly)
	}
	d.quota(a.Tenant).New++
	d.climb(a, r)
	return d.publish(a, f, int64(ttl), age, out, outcomeNew)
}

// climb notes the offence, so that the next one gets the next step.
func (d *decider) climb(a *action.Action, r Rule) {
	key := offenderKey(a)
	n := d.offence(key, a.EventTime, d.policy.cfg.Forget)
	until := a.EventTime.Add(step(r.TTL, n))
	d.remember(key, n, until.UnixNano(), d.policy.cfg.Caps.Offenders)
}

func offenderKey(a *action.Action) string {
	return a.Tenant + "|" + string(a.Target.Type) + "|" + a.Target.Value
}

// publish seals a, remembers it and puts it out.
func (d *decider) publish(a *action.Action, f *finding.Finding, ttl int64, age time.Duration, out *detect.Out, outcome string) string {
	key := a.Key()
	if a.ID == "" {
		a.ID = action.NewID(key, f.ID, a.NotBefore)
	}
	if !slices.Contains(a.Findings, f.ID) && len(a.Findings) < finding.MaxEvents {
		a.Findings = append(slices.Clone(a.Findings), f.ID)
	}
	a.Revision = d.nextRevision()
	q, caps := d.quota(a.Tenant), d.policy.cfg.Caps
	a.Guards = []action.Guard{
		{Name: "active", Value: float64(q.Active), Limit: float64(caps.Active)},
		{Name: "new_this_minute", Value: float64(q.New), Limit: float64(caps.NewPerMinute)},
		{Name: "event_age_ms", Value: float64(age.Milliseconds()), Limit: float64(d.policy.cfg.MaxAge.Milliseconds())},
	}
	rec, err := d.policy.signer.Seal(a)
	if err != nil {
		return outcomeFailed // a time outside of what JSON can hold
	}
	d.put(string(key), &entry{
		ID: a.ID, Tenant: a.Tenant, Op: string(a.Op), Mode: string(a.Mode),
		TargetType: string(a.Target.Type), Target: a.Target.Value, KID: a.Target.KeyID,
		Scope: a.Scope, Issuer: a.Issuer, Rule: a.Rule,
		NotBefore: a.NotBefore.UnixNano(), Until: a.NotAfter.UnixNano(), TTL: ttl, Revision: a.Revision, Findings: a.Findings,
	})
	emit(rec, a.Op != action.Log, out)
	return outcome
}

// expire ends what is over at t: one tombstone each, by the issuer itself.
func (d *decider) expire(t time.Time, out *detect.Out) {
	for {
		key, e, ok := d.popEnded(t.UnixNano())
		if !ok {
			break
		}
		emit(d.policy.signer.SealTombstone([]byte(key), max(e.Revision, d.nextRevision())), false, out)
	}
	d.forget(t.Add(-d.policy.cfg.Forget).UnixNano())
}

func emit(r action.Record, urgent bool, out *detect.Out) {
	rec := detect.Record{Topic: schemas.TopicActions, Key: r.Key, Value: r.Value, Urgent: urgent}
	for _, h := range r.Headers {
		rec.Headers = append(rec.Headers, detect.Header{Key: h.Key, Value: h.Value})
	}
	out.Records = append(out.Records, rec)
}
