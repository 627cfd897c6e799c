package parity

import (
	"fmt"
	"slices"
	"strings"
)

// Departure is a test of which an engine departs: the author expects rules to fire
// that don't, or the other way round.
type Departure struct {
	Name string
	// Silent are expected rules that did not fire, Loud forbidden ones that did.
	Silent, Loud []int
}

func (d Departure) String() string {
	s := d.Name
	if len(d.Silent) > 0 {
		s += fmt.Sprintf(" silent %v", d.Silent)
	}
	if len(d.Loud) > 0 {
		s += fmt.Sprintf(" loud %v", d.Loud)
	}
	return s
}

// Departures holds an engine against what the authors of the cases expect, and says
// how many cases expect something. An expectation holds at the level it is written
// for, which is the highest.
func Departures(cases []Case, e Engine) (list []Departure, asked int, err error) {
	for _, c := range cases {
		if len(c.Expect)+len(c.Forbid) == 0 {
			continue
		}
		asked++
		fired, _, err := e.Observe(c.Event)
		if err != nil {
			return nil, asked, fmt.Errorf("parity: %s: %w", c.Name, err)
		}
		d := Departure{Name: c.Name}
		for _, id := range c.Expect {
			if !slices.Contains(fired, id) {
				d.Silent = append(d.Silent, id)
			}
		}
		for _, id := range c.Forbid {
			if slices.Contains(fired, id) {
				d.Loud = append(d.Loud, id)
			}
		}
		if len(d.Silent)+len(d.Loud) > 0 {
			list = append(list, d)
		}
	}
	return list, asked, nil
}

// Reasons reads a table of departures that are understood: lines of a test, a tab and
// the reason; "#" begins a comment.
func Reasons(table string) (map[string]string, error) {
	m := make(map[string]string)
	for i, l := range strings.Split(table, "\n") {
		if l = strings.TrimSpace(l); l == "" || l[0] == '#' {
			continue
		}
		departure, reason, ok := strings.Cut(l, "\t")
		if !ok || reason == "" {
			return nil, fmt.Errorf("parity: line %d of the departures has no reason", i+1)
		}
		if _, ok := m[departure]; ok {
			return nil, fmt.Errorf("parity: line %d of the departures is there twice: %s", i+1, departure)
		}
		m[departure] = strings.TrimSpace(reason)
	}
	return m, nil
}
