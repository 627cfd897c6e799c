package discovery

import "time"

// A busy endpoint's counters move with every commit, ten times a second. Its record is
// written at once when more than that has changed, and else at fixed points of event
// time: what waits is part of the snapshot, so a merger that goes on elsewhere writes it.
// Whether something waits must not depend on when was flushed, for a replay flushes
// once: so a record that was written for another reason is written again.

// outline is what of an operation is told at once when it changes.
type outline struct {
	params, services          int
	statuses, auth, protocols uint16
}

func (op *operation) outline() outline {
	return outline{op.params.Len(), len(op.services), present(op.statuses[:]), present(op.auth[:]), present(op.protocols[:])}
}

// present has a bit for each count that is not zero.
func present(counts []uint64) (bits uint16) {
	for i, n := range counts {
		if n > 0 {
			bits |= 1 << i
		}
	}
	return bits
}

// counted notes that op, whose outline was another or the same before, has grown.
func (m *merger) counted(op *operation, before outline) {
	if m.cfg.CountsEvery == 0 || op.outline() != before {
		m.dirty[op.id] = true
	} else {
		m.counts[op.id] = true
	}
}

// tick has the records written whose counters have moved.
func (m *merger) tick(watermark time.Time) {
	if m.cfg.CountsEvery > 0 {
		at := watermark.Truncate(m.cfg.CountsEvery)
		if !at.After(m.ticked) {
			return
		}
		m.ticked = at
	}
	for id := range m.counts {
		m.dirty[id] = true
	}
	clear(m.counts)
}
