package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// kind of what is told on the screen.
type kind int

const (
	kindStep kind = iota
	kindEndpoint
	kindField
	kindFinding
	kindAction
	kindEnforced
	kindAttack
)

// line is one thing worth telling.
type line struct {
	kind kind
	text string
}

// label and colour of each kind; colours are the terminal's own, so that they
// are readable on light and dark.
var looks = map[kind]struct{ label, colour string }{
	kindStep:     {"", "2"},
	kindEndpoint: {"endpoint", "36"},
	kindField:    {"sensitive", "35"},
	kindFinding:  {"finding", "33"},
	kindAction:   {"action", "34"},
	kindEnforced: {"enforced", "32"},
	kindAttack:   {"attack", "31"},
}

// screen writes lines as they come. Safe for concurrent use.
type screen struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	start  time.Time
}

func (s *screen) tell(l line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look := looks[l.kind]
	label := fmt.Sprintf("%-9s", look.label)
	if s.colour {
		label = "\x1b[" + look.colour + "m" + label + "\x1b[0m"
	}
	fmt.Fprintf(s.out, "%6.1fs  %s  %s\n", time.Since(s.start).Seconds(), label, l.text)
}

func (s *screen) step(format string, args ...any) {
	s.tell(line{kindStep, fmt.Sprintf(format, args...)})
}
