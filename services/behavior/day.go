package behavior

import (
	"math"
	"time"
)

// hours counts by hour over the last day.
type hours struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// At is the newest hour since the epoch; Ring[h%24] counts hour h, saturating.
	At   int64
	Ring [24]uint16
}

// move goes on to the hour of now. What comes late counts for the newest.
func (h *hours) move(now int64) { h.leave(now, nil) }

// leave does the same, and tells of each hour that leaves the day with something in it.
func (h *hours) leave(now int64, gone func(hour int64, n uint16)) {
	at := now / hour
	if gone != nil && h.At > 0 {
		for t := h.At - 23; t <= h.At && t <= at-24; t++ {
			if n := h.Ring[hourOf(t)]; n > 0 {
				gone(t, n)
			}
		}
	}
	switch {
	case at <= h.At:
		return
	case at-h.At >= 24 || h.At <= 0:
		h.Ring = [24]uint16{}
	default:
		for t := h.At + 1; t <= at; t++ {
			h.Ring[hourOf(t)] = 0
		}
	}
	h.At = at
}

func (h *hours) add(now int64, n uint16) {
	h.move(now)
	i := hourOf(h.At)
	h.Ring[i] += min(n, 65535-h.Ring[i])
}

// sum is the count of the day.
func (h *hours) sum() (s int) {
	for _, n := range h.Ring {
		s += int(n)
	}
	return s
}

// hourOf holds for times before the epoch too.
func hourOf(t int64) int64 { return ((t % 24) + 24) % 24 }

const (
	topCount = 250    // largest threshold
	teaches  = 1e-3   // hours less probable than this do not teach
	fadeHalf = 7 * 24 // hours
)

// fade is what is left of history after so many hours.
func fade(hours int64) float64 { return math.Exp2(-float64(max(0, hours)) / fadeHalf) }

// habit is how many of something its owner usually does an hour: a decayed
// gamma-Poisson estimate of one client, half-life 7 days, in which only hours count
// that have any. An hour that is improbable does not teach it.
type habit struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Hour is the hour since the epoch that Of counts; S and T are what was counted and
	// the hours, decayed as of Hour.
	Hour int64
	Of   uint32
	S, T float64
}

// prior is what is expected of who has shown nothing yet: the mean an hour, the
// dispersion of the count (smaller is wilder), and the hours that it weighs as much as.
type prior struct{ mean, size, weight float64 }

func (h *habit) expect(p prior) float64 { return (p.mean*p.weight + h.S) / (p.weight + h.T) }

// add counts n for the hour of now, after it has closed the one before.
func (h *habit) add(now int64, n uint32, p prior) {
	at := now / hour
	if h.Hour == 0 {
		h.Hour = at
	}
	if at > h.Hour {
		mean := h.expect(p)
		d := fade(at - h.Hour)
		h.S, h.T = h.S*d, h.T*d
		if h.Of > 0 && tail(int(min(h.Of, topCount)), mean, p.size) > teaches {
			h.S, h.T = h.S+float64(h.Of), h.T+1
		}
		h.Hour, h.Of = at, 0
	}
	h.Of += n
}

// patient is cfg for what goes by the day: an attack that pauses for hours is the same.
func patient(cfg *Config) *Config {
	c := *cfg
	c.Quiet = max(c.Quiet, 8*time.Hour)
	return &c
}
