package gate

import (
	"fmt"
	"math/bits"
	"regexp"

	"github.com/miradorhq/mirador/services/signature/dfa"
)

// Set answers which of many regular expressions match a text. It is safe for
// concurrent use.
type Set struct {
	filter   *Filter
	matchers []*dfa.Matcher
}

// NewSet compiles expressions of Go's regexp. The states of their automata are taken
// from budget while the set is used.
func NewSet(exprs []string, budget *dfa.Budget) (*Set, error) {
	s := &Set{matchers: make([]*dfa.Matcher, len(exprs))}
	needs := make([]Need, len(exprs))
	for i, e := range exprs {
		re, err := regexp.Compile(e)
		if err != nil {
			return nil, fmt.Errorf("gate: expression %d: %w", i, err)
		}
		if s.matchers[i], err = dfa.New(re, budget); err != nil {
			return nil, fmt.Errorf("gate: expression %d: %w", i, err)
		}
		if needs[i], err = OfRegexp(e); err != nil {
			return nil, fmt.Errorf("gate: expression %d: %w", i, err)
		}
	}
	s.filter = NewFilter(needs)
	return s, nil
}

// Match appends to dst the numbers of the expressions that match text, ascending.
func (s *Set) Match(text string, dst []int) []int {
	var buf [16]uint64
	got := buf[:]
	if w := s.filter.Words(); w <= len(buf) {
		got = got[:w]
	} else {
		got = make([]uint64, w)
	}
	s.filter.Scan(text, KindsOf(text), got)
	for w, b := range got {
		for ; b != 0; b &= b - 1 {
			if i := w<<6 | bits.TrailingZeros64(b); s.matchers[i].Match(text) {
				dst = append(dst, i)
			}
		}
	}
	return dst
}

// Regexp is expression i, for the place of a match.
func (s *Set) Regexp(i int) *regexp.Regexp { return s.matchers[i].Regexp() }
