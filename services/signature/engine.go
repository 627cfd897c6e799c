// Package signature matches known attacks in single transactions and says which
// class of attack it was, where it stood and how sure the rules are.
//
// The rules run in an Engine, which Prepare calls in parallel. Detect files the
// findings of one event under those that are open, so that a scan is one finding and
// not ten thousand: the open ones are all the state there is.
package signature

import "github.com/miradorhq/mirador/pkg/event"

// Engine matches one transaction against a rule set. Match must be pure (the same
// event gives the same result), must be safe for concurrent use, must not change or
// retain e, and may copy out of it. Version names engine and rule set.
type Engine interface {
	Match(e *event.Event) (Result, error)
	Version() string
}

// Result is what an engine says of one transaction. Hits are ordered by rule id,
// then variable, then name. A result may come with an error: then it is what could
// be seen before the engine gave up.
type Result struct {
	// Inbound and Outbound are the anomaly scores of request and response.
	Inbound, Outbound int
	Hits              []Hit
	// Exceeded is set when the engine gave up because the transaction asked for more
	// work than it allows.
	Exceeded bool
	// Clipped is set when a body was longer than the engine inspects.
	Clipped bool
}

// Hit is one rule that matched one place. Value is raw and must not leave Prepare
// unmasked.
type Hit struct {
	Rule    int
	Class   Class
	Score   int
	Message string // fixed text of the rule, nothing of the traffic
	// Location is "request.body", "request.query", "request.header", ...; Name the
	// parameter, header or field inside it.
	Location string
	Name     string
	Value    string
}
