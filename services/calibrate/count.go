// Package calibrate turns counts of what somebody does into alerts of a known rate.
//
// A Counter counts in three sliding windows. A Cohort learns what is usual in each of
// them for actors of one kind, an Own how much one actor does beside its cohort; both
// say how improbable a count is. Such figures are never right as they stand, since no
// model is: a Calibrator learns which of them an ordinary actor reaches in a day, and
// alerts on so few as the alert budget allows.
//
// Every type is a plain value of fixed size without pointers, but for the Calibrator.
// All times are nanoseconds of event time; nothing depends on a clock or on the order
// of a map.
package calibrate

// Windows is how many windows a count is kept in.
const Windows = 3

// Second to Day are spans in nanoseconds.
const (
	Second = int64(1e9)
	Minute = 60 * Second
	Hour   = 60 * Minute
	Day    = 24 * Hour
)

// Lengths are the windows.
var Lengths = [Windows]int64{5 * Minute, Hour, Day}

// Names are the windows in words.
var Names = [Windows]string{"5 min", "1 h", "24 h"}

// Counter counts in windows that slide: the window that is filling, and of the one
// before it the part that a sliding one would still cover, as if that had been evenly
// filled. The zero value is empty.
type Counter struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// At is the newest time, in ns, a whole millisecond; late events count as of then.
	At          int64
	Now, Before [Windows]uint32
}

// Closed are the windows that ended with something in them.
type Closed struct {
	Is [Windows]bool
	N  [Windows]uint32
}

// Any says whether a window ended.
func (c *Closed) Any() bool { return c.Is[0] }

// Move goes on to now and says which windows ended. A window in which nothing touched
// the counter is none: who is away teaches nothing.
func (c *Counter) Move(now int64) (closed Closed) {
	now -= now % (Second / 1000)
	if c.At == 0 || now <= c.At {
		if c.At == 0 {
			c.At = now
		}
		return closed
	}
	for w, length := range Lengths {
		switch moved := now/length - c.At/length; {
		case moved == 1:
			closed.Is[w], closed.N[w] = true, c.Now[w]
			c.Now[w], c.Before[w] = 0, c.Now[w]
		case moved > 1:
			closed.Is[w], closed.N[w] = true, c.Now[w]
			c.Now[w], c.Before[w] = 0, 0
		}
	}
	c.At = now
	return closed
}

// Add counts n more at the time it was moved to.
func (c *Counter) Add(n uint32) {
	for w := range c.Now {
		c.Now[w] += min(n, 1<<32-1-c.Now[w])
	}
}

// Sum is the count of sliding window w.
func (c *Counter) Sum(w int) float64 {
	length := Lengths[w]
	part := 1 - float64(c.At%length)/float64(length)
	return float64(c.Now[w]) + part*float64(c.Before[w])
}
