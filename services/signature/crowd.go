package signature

import (
	"fmt"
	"math/bits"
	"slices"
)

// crowd is a sample of those who send values to a place, drawn evenly over callers
// and not over requests (Gibbons, "Distinct Sampling", 2001): a caller is in it if its
// hash begins with Level zeros, and Level grows as there are more.
type crowd struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Level    uint8
	Callers  []member // sorted by hash
}

// member is a caller and what it sent: which classes of rules matched, since when, and
// in how many ways.
type member struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Hash     uint64
	Classes  ClassSet
	// Since is when the newest of Classes matched first, 0 for never; Last is when it
	// was last here. Both in ns.
	Since, Last int64
	Text        bool // sentences
	// Hostile is set for good where it sent what no habit explains.
	Hostile bool
}

// maxCallers is the size of a sample: shares are known to within 5 in 100.
const maxCallers = 96

// maxClasses is from how many classes on a caller is one who tries everything.
const maxClasses = 6

// see notes what a caller sent.
func (c *crowd) see(hash uint64, p *sent, now, keep int64) {
	if c.Level > 0 && hash>>(64-c.Level) != 0 {
		return
	}
	i, known := slices.BinarySearchFunc(c.Callers, hash, func(m member, h uint64) int {
		switch {
		case m.Hash < h:
			return -1
		case m.Hash > h:
			return 1
		}
		return 0
	})
	if !known {
		c.Callers = slices.Insert(c.Callers, i, member{Hash: hash})
	} else if now-c.Callers[i].Last > keep {
		c.Callers[i] = member{Hash: hash, Hostile: c.Callers[i].Hostile}
	}
	m := &c.Callers[i]
	m.Last = max(m.Last, now)
	m.Text = m.Text || p.text
	if m.Classes|p.classes != m.Classes {
		m.Classes, m.Since = m.Classes|p.classes, now
	}
	m.Hostile = m.Hostile || p.sure || bits.OnesCount32(uint32(m.Classes)) >= maxClasses
	c.shrink(now, keep)
}

// shrink makes room: first of who was not here for long, then of every other caller.
func (c *crowd) shrink(now, keep int64) {
	if len(c.Callers) <= maxCallers {
		return
	}
	c.Callers = slices.DeleteFunc(c.Callers, func(m member) bool { return now-m.Last > keep })
	for len(c.Callers) > maxCallers && c.Level < 63 {
		c.Level++
		c.Callers = slices.DeleteFunc(c.Callers, func(m member) bool { return m.Hash>>(64-c.Level) != 0 })
	}
}

// tally is what a crowd says of a habit: how many callers there are, as far as the
// sample shows, how many match, and how many write sentences.
type tally struct{ all, matching, text int }

// count counts the callers that were here lately. Who matches in all of classes counts
// only some time after the first match: a habit is older than a day's attack.
func (c *crowd) count(classes ClassSet, now, keep, after int64) tally {
	var t tally
	for i := range c.Callers {
		m := &c.Callers[i]
		if m.Hostile || now-m.Last > keep {
			continue
		}
		t.all++
		if m.Text {
			t.text++
		}
		if m.Classes&classes == classes && now-m.Since >= after {
			t.matching++
		}
	}
	return t
}

func (c *crowd) valid() error {
	if c.Level > 63 || len(c.Callers) > maxCallers {
		return fmt.Errorf("a crowd of %d at level %d", len(c.Callers), c.Level)
	}
	for i := range c.Callers {
		if h := c.Callers[i].Hash; i > 0 && h <= c.Callers[i-1].Hash || c.Level > 0 && h>>(64-c.Level) != 0 {
			return fmt.Errorf("a crowd that is not in order, or not of its level")
		}
	}
	return nil
}
