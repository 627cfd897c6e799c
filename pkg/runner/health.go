package runner

import (
	"cmp"
	"sync"
	"time"
)

// Health is whether a stage does its work, and why not.
type Health struct {
	OK     bool
	Reason string
	Since  time.Time
}

// ailment is one of the things that can be wrong; a stage is healthy when none
// is.
type ailment int

const (
	down    ailment = iota // no session
	stalled                // lag and no progress
	refused                // a sink does not take its rows
	ailments
)

// vitals holds the health of a stage. It is safe for concurrent use.
type vitals struct {
	mu      sync.Mutex
	reasons [ailments]string
	h       Health
	metrics *stageMetrics
}

func newVitals(m *stageMetrics) *vitals {
	v := &vitals{metrics: m}
	v.report(down, "starting")
	return v
}

// report says what is wrong in one respect; an empty reason is: nothing.
func (v *vitals) report(a ailment, reason string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reasons[a] = reason
	reason = cmp.Or(v.reasons[:]...)
	ok := reason == ""
	if v.h.OK != ok || v.h.Since.IsZero() {
		v.h.Since = time.Now()
	}
	v.h.OK, v.h.Reason = ok, reason
	if ok {
		v.metrics.healthy.Set(1)
	} else {
		v.metrics.healthy.Set(0)
	}
}

func (v *vitals) get() Health {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.h
}
