package behavior

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/services/keyed"
)

// session is what a principal did lately.
type session struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Newest   int64
	// Past are the operations, each once, the least recent first.
	Past keyed.List[pastStep]
	// Last are the last three, the newest first.
	Last    [3]uint64
	Skipped keyed.List[skipped]
	Taught  keyed.List[taught]
}

// pastStep is an operation of a session.
type pastStep struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Step     uint64
	At       uint32 // number of the request in the session
}

// taught is the day on which a principal taught a step.
type taught struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Of       uint64
	Day      int64
}

// skipped is how often a session took step Of without its prerequisite, of how often.
type skipped struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Of       uint64
	N, Tries uint32
	Episode  episode
}

const (
	maxPast    = 24 // operations of a session
	maxSkipped = 4
	maxTaught  = 8
)

func (s *session) valid() error {
	if len(s.Past) > maxPast || len(s.Skipped) > maxSkipped || len(s.Taught) > maxTaught {
		return fmt.Errorf("session of %d steps, %d skipped", len(s.Past), len(s.Skipped))
	}
	var errs []error
	for i := range s.Skipped {
		errs = append(errs, s.Skipped[i].Episode.valid())
	}
	return errors.Join(errs...)
}

// Empty implements keyed.Emptier.
func (s *session) Empty() { *s = session{Past: s.Past[:0]} }

// take puts step at the end of what the session did, and says whether it was not in it.
func (s *session) take(step uint64, n uint32) bool {
	for i := range s.Past {
		if s.Past[i].Step == step {
			p := s.Past[i]
			p.At = n
			copy(s.Past[i:], s.Past[i+1:])
			s.Past[len(s.Past)-1] = p
			return false
		}
	}
	if len(s.Past) == maxPast {
		copy(s.Past, s.Past[1:])
		s.Past = s.Past[:maxPast-1]
	}
	s.Past = append(s.Past, pastStep{Step: step, At: n})
	return true
}

// teaches says whether the principal has not taught step today, and takes note of it.
func (s *session) teaches(step uint64, today int64) bool {
	for i := range s.Taught {
		if t := &s.Taught[i]; t.Of == step {
			old := t.Day
			t.Day = max(old, today)
			return old < today
		}
	}
	if len(s.Taught) == maxTaught {
		copy(s.Taught, s.Taught[1:])
		s.Taught = s.Taught[:maxTaught-1]
	}
	s.Taught = append(s.Taught, taught{Of: step, Day: today})
	return true
}

// had says whether the session took step, and whether after its request n.
func (s *session) had(step uint64, n uint32) (any, since bool) {
	for i := range s.Past {
		if s.Past[i].Step == step {
			return true, s.Past[i].At > n
		}
	}
	return false, false
}

func (s *session) skippedOf(step uint64) *skipped {
	for i := range s.Skipped {
		if s.Skipped[i].Of == step {
			return &s.Skipped[i]
		}
	}
	return nil
}
