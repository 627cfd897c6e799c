package behavior

import (
	"fmt"
	"math"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// seqStep is a write and what comes before it.
type seqStep struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Label    string
	Since    int64 // ns of the first
	// Sessions are those that came to it, Repeats those that came to it once more.
	Sessions, Repeats uint32
	Before            keyed.List[required]
	// Missing is the part of the newest sessions that lacked what all before had, over
	// about a hundred.
	Missing float64
}

// required is an operation that may be a prerequisite: in how many sessions it came
// before at all, and in how many repeats since the same write before.
type required struct {
	_msgpack   struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Step       uint64
	Label      string
	Since      int64
	Any, Fresh uint32
}

const (
	maxRequired = 16
	newest      = 100 // sessions that Missing is over
	enough      = 1 << 20
)

func (y *seqStep) valid() error {
	if len(y.Before) > maxRequired || len(y.Label) > 1024 || !finite(y.Missing) {
		return fmt.Errorf("step of %d prerequisites", len(y.Before))
	}
	for i := range y.Before {
		if x := &y.Before[i]; x.Any > y.Sessions || x.Fresh > y.Repeats {
			return fmt.Errorf("prerequisite of %d and %d of %d sessions", x.Any, x.Fresh, y.Sessions)
		}
	}
	return nil
}

// learn takes a session in that came to the write: what it did before.
func (y *seqStep) learn(s *session, self uint64, now int64, label func(uint64) string) {
	if y.Sessions >= enough { // halved, so that old habits fade
		y.Sessions /= 2
		y.Repeats /= 2
		for i := range y.Before {
			y.Before[i].Any /= 2
			y.Before[i].Fresh = min(y.Before[i].Fresh/2, y.Repeats)
		}
	}
	y.Sessions++
	lacks := false
	keep := y.Before[:0]
	for _, x := range y.Before {
		any, _ := s.had(x.Step, 0)
		if any {
			x.Any++
		}
		lacks = lacks || !any && float64(x.Any) >= 0.98*float64(y.Sessions-1)
		// What half of them do without is none; that makes room.
		if y.Sessions < 20 || 2*x.Any >= y.Sessions {
			keep = append(keep, x)
		}
	}
	y.Before = keep
	y.miss(lacks)
	// Candidates are what the first sessions did; who comes later came without.
	if y.Sessions > 3 {
		return
	}
	for _, p := range s.Past {
		if p.Step == self || len(y.Before) == maxRequired {
			continue
		}
		known := false
		for i := range y.Before {
			known = known || y.Before[i].Step == p.Step
		}
		if !known {
			y.Before = append(y.Before, required{Step: p.Step, Label: label(p.Step), Since: now, Any: 1})
		}
	}
}

// again takes in that a session came to the write once more: what it did since its
// request n, which was the write as well.
func (y *seqStep) again(s *session, n uint32) {
	if y.Repeats >= enough {
		return
	}
	y.Repeats++
	lacks := false
	for i := range y.Before {
		x := &y.Before[i]
		if _, since := s.had(x.Step, n); since {
			x.Fresh++
		} else {
			lacks = lacks || float64(x.Fresh) >= 0.98*float64(y.Repeats-1)
		}
	}
	y.miss(lacks)
}

// forget takes back what a session taught that turned out to be an attack.
func (y *seqStep) forget(s *session) {
	if y.Sessions == 0 {
		return
	}
	y.Sessions--
	for i := range y.Before {
		x := &y.Before[i]
		if any, _ := s.had(x.Step, 0); any && x.Any > 0 {
			x.Any--
		}
		x.Any = min(x.Any, y.Sessions)
	}
}

// miss takes note of whether the newest lacked what all before had.
func (y *seqStep) miss(lacks bool) {
	d := 1 - 1.0/newest
	y.Missing *= d
	if lacks {
		y.Missing += 1 - d
	}
}

// markov is what comes after up to three steps, backing off to fewer where those were
// seen seldom.
type markov struct{ contexts *keyed.Table[series] }

// series is what followed.
type series struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	N        uint32
	Next     keyed.List[follower]
}

type follower struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Step     uint64
	N        uint32
}

const (
	maxFollowers = 6
	seenOften    = 30 // times a context must have been seen to be asked
)

func newMarkov(cfg *Config, m *Metrics) markov {
	return markov{keyed.NewTable[series](cfg.Seq.Contexts, m.eviction("contexts"))}
}

// step is how surprising, in bits, a step is after last (the newest first), which it
// then learns.
func (m *markov) step(last [3]uint64, step uint64) (bits float64) {
	key, asked := uint64(0), false
	keys := [3]uint64{}
	for i, l := range last {
		if l == 0 {
			break
		}
		key = mix(key+1, l)
		keys[i] = key
	}
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == 0 {
			continue
		}
		c := m.contexts.Touch(keys[i])
		if n := c.of(step); !asked && c.N >= seenOften {
			asked, bits = true, math.Log2(float64(c.N+1)/(float64(n)+0.5))
		}
		c.learn(step)
	}
	return max(0, bits)
}

func (c *series) of(step uint64) uint32 {
	for _, f := range c.Next {
		if f.Step == step {
			return f.N
		}
	}
	return 0
}

func (c *series) learn(step uint64) {
	if c.N++; c.N >= enough {
		c.N /= 2
		for i := range c.Next {
			c.Next[i].N /= 2
		}
	}
	least := 0
	for i := range c.Next {
		if c.Next[i].Step == step {
			c.Next[i].N++
			return
		}
		if c.Next[i].N < c.Next[least].N {
			least = i
		}
	}
	if len(c.Next) < maxFollowers {
		c.Next = append(c.Next, follower{Step: step, N: 1})
		return
	}
	// The least wears off, so that a newcomer that stays gets in.
	if c.Next[least].N = max(c.Next[least].N, 1) - 1; c.Next[least].N == 0 {
		c.Next[least] = follower{Step: step, N: 1}
	}
}

func (c *series) valid() error {
	if len(c.Next) > maxFollowers {
		return fmt.Errorf("context of %d followers", len(c.Next))
	}
	return nil
}

func (m *markov) capture(c *keyed.Capture) { m.contexts.Capture(c) }

func (m *markov) decode(d *msgpack.Decoder) error { return m.contexts.Decode(d, (*series).valid) }
