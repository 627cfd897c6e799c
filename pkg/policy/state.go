package policy

import (
	"cmp"
	"container/heap"
	"time"
)

// entry is an action that was published and has not ended.
type entry struct {
	ID, Tenant, Op, Mode    string
	TargetType, Target, KID string
	Scope, Issuer, Rule     string
	NotBefore, Until        int64 // ns
	TTL                     int64 // ns, the step it was given
	Revision                int64
	Findings                []string
}

// offender is a target that was acted on before.
type offender struct {
	Count int
	Until int64 // ns, end of the last action
}

// quota is what one tenant used of the caps.
type quota struct {
	Minute       int64 // of event time, since the epoch
	New          int
	Active       int
	TrippedUntil int64 // ns
}

// due is something that ends at a time. The key breaks ties, so the order in
// which things end does not depend on the order in which they were put in.
type due struct {
	At  int64
	Key string
}

type dues []due

func (d dues) Len() int { return len(d) }
func (d dues) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(d[i].At, d[j].At), cmp.Compare(d[i].Key, d[j].Key)) < 0
}
func (d dues) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *dues) Push(x any)   { *d = append(*d, x.(due)) }
func (d *dues) Pop() any {
	old := *d
	last := old[len(old)-1]
	*d = old[:len(old)-1]
	return last
}

// state is all that the policy of one partition remembers. One goroutine.
type state struct {
	clock     int64 // newest event time seen, ns
	revision  int64 // of the newest record
	entries   map[string]*entry
	ends      dues // of entries; one whose time no longer matches is stale
	offenders map[string]offender
	idle      dues // of offenders, likewise
	quotas    map[string]*quota
}

func newState() state {
	return state{entries: map[string]*entry{}, offenders: map[string]offender{}, quotas: map[string]*quota{}}
}

func (s *state) quota(tenant string) *quota {
	q := s.quotas[tenant]
	if q == nil {
		q = &quota{}
		s.quotas[tenant] = q
	}
	return q
}

// put remembers e under key, in the place of what was there.
func (s *state) put(key string, e *entry) {
	q := s.quota(e.Tenant)
	if old := s.entries[key]; old != nil && enforcing(old.Op) {
		q.Active--
	}
	if enforcing(e.Op) {
		q.Active++
	}
	s.entries[key] = e
	heap.Push(&s.ends, due{e.Until, key})
}

// popEnded takes out one entry that ended at or before t.
func (s *state) popEnded(t int64) (key string, e *entry, ok bool) {
	for len(s.ends) > 0 && s.ends[0].At <= t {
		d := heap.Pop(&s.ends).(due)
		e := s.entries[d.Key]
		if e == nil || e.Until != d.At {
			continue // extended since
		}
		delete(s.entries, d.Key)
		if enforcing(e.Op) {
			s.quota(e.Tenant).Active--
		}
		return d.Key, e, true
	}
	return "", nil, false
}

// offence counts an offence of target at t and says the how-manieth it is. While
// another action for it is live, it is the same offence.
func (s *state) offence(target string, t time.Time, forget time.Duration) int {
	o, ok := s.offenders[target]
	switch {
	case !ok || t.UnixNano()-o.Until > int64(forget):
		return 1
	case t.UnixNano() >= o.Until:
		return o.Count + 1
	}
	return o.Count
}

// remember notes the n-th offence of target, whose action ends at until.
func (s *state) remember(target string, n int, until int64, limit int) {
	until = max(until, s.offenders[target].Until)
	s.offenders[target] = offender{Count: n, Until: until}
	heap.Push(&s.idle, due{until, target})
	for len(s.offenders) > limit {
		d := heap.Pop(&s.idle).(due)
		if o, ok := s.offenders[d.Key]; ok && o.Until == d.At {
			delete(s.offenders, d.Key)
		}
	}
}

// forget drops the offenders whose last action ended at or before t.
func (s *state) forget(t int64) {
	for len(s.idle) > 0 && s.idle[0].At <= t {
		d := heap.Pop(&s.idle).(due)
		if o, ok := s.offenders[d.Key]; ok && o.Until == d.At {
			delete(s.offenders, d.Key)
		}
	}
}

func enforcing(op string) bool { return op != "" && op != "log" }
