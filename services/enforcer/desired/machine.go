// Package desired is the state machine of an enforcer: from records and time to
// what must hold, with the guards and caps that decide. No Kafka, no clock.
package desired

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/services/enforcer/edge"
)

// Machine is what must hold: a state machine over the records of
// mirador.actions and the time. No I/O, no clock of its own; not safe for
// concurrent use.
type Machine struct {
	cfg     Config
	guard   *policy.Guard
	records map[string]*record
	places  map[edge.Place]map[string]*record
	wakes   wakes
	usage   map[string]*usage
	killed  bool
	ended   int   // records in that phase
	pruned  int64 // minute that usage was last pruned in

	dirty map[edge.Place]bool
	told  map[edge.Place]edge.Order // what edges were last told
	notes []Note
}

// Note is something that happened to an action in the machine, for a status.
type Note struct {
	State    action.State
	Why      string
	Action   *action.Action
	Key      string
	Restored bool
}

// phase is where a record is.
type phase uint8

const (
	pending phase = iota // begins later
	active               // part of what must hold
	passive              // dry run or log: would be
	refused              // a guard said no
	ended                // by a tombstone; remembered until not_after, so that it cannot come back
)

type record struct {
	key      string
	a        action.Action
	phase    phase
	restored bool
	// horizon is the latest not_after of all revisions of the key that were seen:
	// until then an old one that is played again would have an effect, so the
	// revision is remembered.
	horizon time.Time
}

// usage is what one tenant has used of the caps.
type usage struct {
	active  int // places with an active automatic record
	minutes map[int64]int
	tripped time.Time // until then
}

// NewMachine starts with nothing held. cfg must be valid.
func NewMachine(cfg Config) (*Machine, error) {
	guard, err := cfg.NeverBlock.Compile()
	if err != nil {
		return nil, err
	}
	return &Machine{cfg: cfg, guard: guard, records: map[string]*record{}, places: map[edge.Place]map[string]*record{},
		usage: map[string]*usage{}, dirty: map[edge.Place]bool{}, told: map[edge.Place]edge.Order{}}, nil
}

// Result says what became of a record, for a counter.
type Result string

const (
	Taken   Result = "taken"
	Stale   Result = "lower_revision"
	Over    Result = "over"
	Denied  Result = "refused"
	Ended   Result = "ended"
	Unknown Result = "nothing_to_end"
)

// Apply takes the opened record o, read at now. restoring says that the topic is
// being read at start.
func (m *Machine) Apply(o action.Opened, now time.Time, restoring bool) Result {
	m.Advance(now)
	old := m.records[o.Key]
	if old != nil && o.Revision < old.a.Revision {
		return Stale
	}
	if o.Tombstone {
		return m.end(old, o, now)
	}
	a := o.Action
	if old != nil && old.phase == ended && o.Revision == old.a.Revision {
		return Stale // the very action that was ended
	}
	r := &record{key: o.Key, a: a, restored: restoring, horizon: a.NotAfter}
	if old != nil && old.horizon.After(r.horizon) {
		r.horizon = old.horizon
	}
	if !now.Before(a.NotAfter) {
		m.end(old, o, now) // a later revision that shortens an action ends it
		if !restoring {
			m.note(r, action.Expired, "was over before it arrived")
		}
		return Over
	}
	if (old == nil || old.phase == ended) && len(m.records)-m.ended >= m.cfg.Caps.Tracked {
		m.note(r, action.Refused, "more records than caps.tracked")
		return Denied
	}
	repeated := old != nil && old.a.ID == a.ID && (old.phase == active || old.phase == passive)
	held := old != nil && old.phase == active
	if old != nil {
		r.restored = restoring || repeated && old.restored
		m.detach(old)
	}
	if old != nil && old.phase == ended {
		m.ended--
	}
	m.records[o.Key] = r
	heap.Push(&m.wakes, wake{a.NotAfter.UnixNano(), o.Key})
	m.admit(r, now, restoring, held, repeated)
	if r.phase == refused {
		return Denied
	}
	return Taken
}

// end remembers that the revision of o ended its key.
func (m *Machine) end(old *record, o action.Opened, now time.Time) Result {
	if old == nil {
		// What it ended is gone from the topic, but could be played again.
		if m.ended >= m.cfg.Caps.Tracked {
			return Unknown
		}
		old = &record{key: o.Key, phase: ended, horizon: now.Add(m.cfg.MaxTTL)}
		old.a.Revision = o.Revision
		m.records[o.Key] = old
		m.ended++
		heap.Push(&m.wakes, wake{old.horizon.UnixNano(), o.Key})
		return Unknown
	}
	was := old.phase
	m.detach(old)
	old.phase, old.a.Revision = ended, o.Revision
	if was != ended {
		m.ended++
		heap.Push(&m.wakes, wake{old.horizon.UnixNano(), o.Key})
	}
	if o.Tombstone && (was == active || was == passive) {
		m.note(old, action.Expired, "ended by its issuer")
	}
	return Ended
}

// admit decides on r. held says that the same key was active just now: then it
// is no new action to the caps.
func (m *Machine) admit(r *record, now time.Time, restoring, held, repeated bool) {
	if r.a.NotBefore.After(now.Add(m.cfg.ClockSkew)) {
		r.phase = pending
		heap.Push(&m.wakes, wake{r.a.NotBefore.Add(-m.cfg.ClockSkew).UnixNano(), r.key})
		return
	}
	if why := m.objection(&r.a, now); why != "" {
		r.phase = refused
		m.note(r, action.Refused, why)
		return
	}
	if r.a.Op == action.Log || r.a.Mode != action.Enforce || m.cfg.DryRun {
		r.phase = passive
		if !repeated {
			m.note(r, action.Reported, "")
		}
		return
	}
	if why := m.overCaps(&r.a, now, restoring, held); why != "" {
		r.phase = refused
		m.note(r, action.Refused, why)
		return
	}
	r.phase = active
	m.attach(r)
}

// Advance ends and begins what is due at now.
func (m *Machine) Advance(now time.Time) {
	for len(m.wakes) > 0 && m.wakes[0].at <= now.UnixNano() {
		w := heap.Pop(&m.wakes).(wake)
		r := m.records[w.key]
		switch {
		case r == nil:
		case r.phase == ended:
			if !now.Before(r.horizon) {
				m.ended--
				delete(m.records, w.key)
			}
		case !now.Before(r.a.NotAfter):
			if r.phase == active || r.phase == passive {
				m.note(r, action.Expired, "")
			}
			m.detach(r)
			if now.Before(r.horizon) {
				r.phase = ended
				m.ended++
				heap.Push(&m.wakes, wake{r.horizon.UnixNano(), w.key})
			} else {
				delete(m.records, w.key)
			}
		case r.phase == pending:
			m.admit(r, now, false, false, false)
		}
	}
	minute := now.Unix() / 60
	if minute == m.pruned {
		return
	}
	m.pruned = minute
	for _, u := range m.usage {
		for k := range u.minutes {
			if k < minute-24*60 {
				delete(u.minutes, k)
			}
		}
	}
}

// Next is when Advance has something to do; false where there is nothing.
func (m *Machine) Next() (time.Time, bool) {
	if len(m.wakes) == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, m.wakes[0].at), true
}

// Kill lifts everything, or puts it back.
func (m *Machine) Kill(on bool) {
	if m.killed == on {
		return
	}
	m.killed = on
	for p := range m.places {
		m.dirty[p] = true
	}
	for p := range m.told {
		m.dirty[p] = true
	}
}

// Killed says whether everything is lifted.
func (m *Machine) Killed() bool { return m.killed }

// Records counts what is remembered, Orders what edges were told.
func (m *Machine) Records() int { return len(m.records) }
func (m *Machine) Orders() int  { return len(m.told) }

// Live lists the actions that are part of what must hold, by key.
func (m *Machine) Live() []action.Action {
	var out []action.Action
	for _, r := range m.records {
		if r.phase == active || r.phase == passive {
			out = append(out, r.a)
		}
	}
	slices.SortFunc(out, func(a, b action.Action) int { return cmp.Compare(string(a.Key()), string(b.Key())) })
	return out
}

// Notes hands over what happened since the last call.
func (m *Machine) Notes() []Note {
	n := m.notes
	m.notes = nil
	return n
}

func (m *Machine) note(r *record, s action.State, why string) {
	a := r.a
	m.notes = append(m.notes, Note{State: s, Why: why, Action: &a, Key: r.key, Restored: r.restored})
}
