package console

import (
	"sync"
	"time"
)

// pendingAllows are orders given here that the recorder has not put into the tables
// yet: the page shows them at once. Safe for concurrent use.
type pendingAllows struct {
	mu   sync.Mutex
	rows []pendingRow
}

type pendingRow struct {
	row       actionRow
	withdrawn bool
	given     time.Time
}

// Bounds of what is remembered: people click, so there are few, and the recorder
// is not minutes behind while it lives.
const (
	maxPending  = 100
	pendingLife = 5 * time.Minute
)

func (p *pendingAllows) add(o Order, withdrawn bool, now time.Time) {
	a := o.action(now)
	row := actionRow{Key: string(a.Key()), ID: a.ID, Op: a.Op, Target: a.Target, Scope: a.Scope, Issuer: a.Issuer, Mode: a.Mode, NotBefore: now,
		NotAfter: a.NotAfter, EventTime: now, Reason: a.Reason, Evidence: a.Evidence, Pending: true}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(row.Key)
	if len(p.rows) == maxPending {
		p.rows = p.rows[1:]
	}
	p.rows = append(p.rows, pendingRow{row, withdrawn, now})
}

func (p *pendingAllows) drop(key string) {
	for i := range p.rows {
		if p.rows[i].row.Key == key {
			p.rows = append(p.rows[:i:i], p.rows[i+1:]...)
			return
		}
	}
}

// byKey is an allow that waits to be recorded, nil if there is none.
func (p *pendingAllows) byKey(key string) *actionRow {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rows {
		if r.row.Key == key && !r.withdrawn {
			return &r.row
		}
	}
	return nil
}

// merge puts what still waits before what was read, and forgets what was recorded.
func (p *pendingAllows) merge(active []actionRow, now time.Time) []actionRow {
	p.mu.Lock()
	defer p.mu.Unlock()
	recorded := map[string]int{}
	for i, a := range active {
		recorded[a.Key] = i
	}
	var keep []pendingRow
	var front []actionRow
	gone := map[string]bool{}
	for _, r := range p.rows {
		i, there := recorded[r.row.Key]
		switch {
		case now.Sub(r.given) > pendingLife:
		case r.withdrawn:
			// Still there, and older than the withdrawal: that is on its way.
			if there && active[i].NotBefore.Before(r.given) {
				keep = append(keep, r)
				gone[r.row.Key] = true
			}
		// The table keeps microseconds, and the order was stamped a moment before.
		case there && active[i].NotAfter.Sub(r.row.NotAfter).Abs() < time.Second:
		default:
			keep = append(keep, r)
			front = append(front, r.row)
			gone[r.row.Key] = true
		}
	}
	p.rows = keep
	for _, a := range active {
		if !gone[a.Key] {
			front = append(front, a)
		}
	}
	return front
}
