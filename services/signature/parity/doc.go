// Package parity compares engines that read the OWASP core rule set with Coraza, rule
// for rule and score for score, on the same events: the rule set's own regression
// tests, the corpora where they are present, ordinary API traffic and the benign sets
// of the tree. An engine may be as clever as it likes as long as nobody can tell it
// from Coraza here.
//
// It is for tests and benchmarks; no service imports it.
package parity

import "github.com/miradorhq/mirador/pkg/event"

// Engine is what can be compared. Observe gives the sorted ids of all rules that
// fired, without repeats, and every anomaly score by the name of its variable in TX;
// a score that was never set may be absent. It must be safe for concurrent use.
type Engine interface {
	Observe(e *event.Event) (rules []int, scores map[string]int, err error)
}

// Case is an event with what is known of it.
type Case struct {
	Name  string
	Event *event.Event
	// Expect and Forbid are rules that the author of the case says must fire and must
	// not; both are empty where nobody said.
	Expect, Forbid []int
}
