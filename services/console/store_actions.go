package console

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/miradorhq/mirador/pkg/action"
)

// actionRow is the latest order of one key, and what enforcers said of it.
type actionRow struct {
	Key, ID                        string
	Op                             action.Op
	Target                         action.Target
	Scope, Issuer                  string
	Mode                           action.Mode
	NotBefore, NotAfter, EventTime time.Time
	Reason, Rule, Evidence         string
	Findings                       []string
	Ended                          bool
	EndedAt                        time.Time
	GuardNames                     []string
	GuardValues, GuardLimits       []float64
	Statuses                       []statusRow // one an edge, the latest
	LiftedBy                       string      // who overrules it: a person with a live allow
	LiftedUntil                    time.Time
	Pending                        bool // published here, not yet in the tables
}

type statusRow struct {
	Edge, State, Enforcer, Error string
	Time                         time.Time
	SinceEvent                   float64 // ms
}

// Live says whether it is in force at t.
func (a *actionRow) Live(t time.Time) bool {
	return !a.Ended && !t.Before(a.NotBefore) && t.Before(a.NotAfter)
}

// Person is who issued it, empty for a detector's.
func (a *actionRow) Person() string {
	name, _ := strings.CutPrefix(a.Issuer, "person/")
	if name == a.Issuer {
		return ""
	}
	return name
}

// EndedEarly says whether its issuer ended it before its time.
func (a *actionRow) EndedEarly() bool { return a.Ended && a.EndedAt.Before(a.NotAfter) }

// CanLift says whether an unblock button makes sense at t.
func (a *actionRow) CanLift(t time.Time) bool {
	return a.Op != action.Allow && a.Live(t) && a.LiftedBy == ""
}

// actions are the actions that condition lets through. It is one of the constants
// below, never text of a user.
func (s *store) actions(ctx context.Context, condition, order string, args ...arg) ([]actionRow, error) {
	var out []actionRow
	err := s.query(ctx, "actions", `
SELECT a.key, a.id, op, target_type, target, target_key_id, scope, issuer, mode, not_before, not_after, event_time, reason, a.rule, evidence, findings,
    CAST(ended, 'Bool'), ended_at, guards.name, guards.value, guards.limit, s.edges, s.states, s.enforcers, s.errors, s.times, s.since
FROM (SELECT * FROM v_actions WHERE tenant = {tenant:String} AND `+condition+` ORDER BY `+order+` LIMIT {size:UInt32}) AS a
LEFT JOIN
(
    SELECT action_id, groupArray(edge) AS edges, groupArray(state) AS states, groupArray(enforcer) AS enforcers, groupArray(error) AS errors,
        groupArray(ts) AS times, groupArray(since_event_ms) AS since
    FROM (
        SELECT action_id, toString(edge) AS edge, toString(state) AS state, toString(enforcer) AS enforcer, error, ts, since_event_ms
        FROM v_action_status WHERE tenant = {tenant:String}
        ORDER BY edge, ts DESC, topic_offset DESC LIMIT 1 BY action_id, edge
    )
    GROUP BY action_id
) AS s ON a.id = s.action_id
ORDER BY `+order, func(r driver.Rows) error {
		var v actionRow
		var op, kind, mode string
		var edges, states, enforcers, problems []string
		var times []time.Time
		var since []float64
		err := r.Scan(&v.Key, &v.ID, &op, &kind, &v.Target.Value, &v.Target.KeyID, &v.Scope, &v.Issuer, &mode, &v.NotBefore, &v.NotAfter, &v.EventTime,
			&v.Reason, &v.Rule, &v.Evidence, &v.Findings, &v.Ended, &v.EndedAt, &v.GuardNames, &v.GuardValues, &v.GuardLimits,
			&edges, &states, &enforcers, &problems, &times, &since)
		v.Op, v.Target.Type, v.Mode = action.Op(op), action.TargetType(kind), action.Mode(mode)
		for i := range edges {
			v.Statuses = append(v.Statuses, statusRow{edges[i], states[i], enforcers[i], problems[i], times[i], since[i]})
		}
		slices.SortFunc(v.Statuses, func(a, b statusRow) int { return cmp.Compare(a.Edge, b.Edge) })
		out = append(out, v)
		return err
	}, args...)
	return out, err
}

const (
	isActive   = `NOT ended AND not_after > {now:DateTime64(6, 'UTC')}`
	isOver     = `(ended OR not_after <= {now:DateTime64(6, 'UTC')})`
	isOfKey    = `key = {key:String}`
	isOf       = `has(findings, {finding:String})`
	byEnd      = `not_after DESC, key`
	byNewest   = `received DESC, key`
	maxActions = 500
)

// activeActions are those in force or about to be, with what overrules them.
func (s *store) activeActions(ctx context.Context) ([]actionRow, error) {
	now := s.now()
	out, err := s.actions(ctx, isActive, byNewest, stamp("now", now), named("size", maxActions))
	lift(out, now)
	return out, err
}

// lift marks what a person's live allow overrules.
func lift(actions []actionRow, now time.Time) {
	for i := range actions {
		actions[i].LiftedBy, actions[i].LiftedUntil = "", time.Time{}
	}
	for i := range actions {
		p := &actions[i]
		if p.Op != action.Allow || p.Person() == "" || !p.Live(now) {
			continue
		}
		for j := range actions {
			a := &actions[j]
			if a.Op != action.Allow && a.Target.Type == p.Target.Type && a.Target.Value == p.Target.Value && (a.Scope == p.Scope || p.Scope == "*") && p.NotAfter.After(a.LiftedUntil) {
				a.LiftedBy, a.LiftedUntil = p.Issuer, p.NotAfter
			}
		}
	}
}

// endedActions are the newest that are over.
func (s *store) endedActions(ctx context.Context, size int) ([]actionRow, error) {
	return s.actions(ctx, isOver, byEnd, stamp("now", s.now()), named("size", size))
}

// causedBy are the actions that name the finding.
func (s *store) causedBy(ctx context.Context, finding string) ([]actionRow, error) {
	return s.actions(ctx, isOf, byNewest, named("finding", finding), named("size", 50))
}

// actionByKey is the order of one key.
func (s *store) actionByKey(ctx context.Context, key string) (*actionRow, error) {
	out, err := s.actions(ctx, isOfKey, byNewest, named("key", key), named("size", 1))
	if err == nil && len(out) == 0 {
		err = errNotFound
	}
	if err != nil {
		return nil, err
	}
	return &out[0], nil
}
