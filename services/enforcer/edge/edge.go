// Package edge is the contract between what must hold and the places that refuse
// requests: the orders, and what an edge must do with them.
package edge

import (
	"context"
	"errors"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
)

// Edge refuses requests. An edge is called from one goroutine at a time and
// must return when ctx ends. It need not expire orders itself, but should where
// it can: it may outlive the enforcer.
type Edge interface {
	// Name is kind and place, as "http:edge-1".
	Name() string
	// Apply changes what the edge refuses: removes first, then adds. An add of a
	// Place that is there replaces it.
	Apply(ctx context.Context, adds, removes []Order) error
	// Reconcile makes the edge refuse exactly desired, whatever it did before.
	Reconcile(ctx context.Context, desired []Order) error
}

// ErrNotHere is wrapped, in a PartialError, for an order that an edge of this
// kind can never carry out. That is no failure: another edge does.
var ErrNotHere = errors.New("edge: not for this kind of edge")

// PartialError says which orders an edge did not take; all others hold.
type PartialError struct{ Orders map[Place]error }

func (e *PartialError) Error() string {
	for p, err := range e.Orders {
		if !errors.Is(err, ErrNotHere) {
			return "edge: " + string(p.Type) + " " + p.Value + ": " + err.Error()
		}
	}
	return ErrNotHere.Error()
}

// Place is what one order is about.
type Place struct {
	Tenant string
	Type   action.TargetType
	Value  string
	Scope  string
}

// Order is what must hold at one place: the union of the live actions there.
type Order struct {
	Place
	// KeyID names the key of a hashed value.
	KeyID string
	// Op is Block, Challenge, Throttle, or Allow: a person's, which wins over
	// every order that the same request meets.
	Op    action.Op
	Until time.Time
	// Actions are those behind the order, the deciding one first. Not to be changed.
	Actions []Ref
}

// Ref is what a status needs of an action.
type Ref struct {
	ID, Key, Rule string
	Op            action.Op
	Revision      int64
	EventTime     time.Time
	// Restored: read while the topic was read at start, so now is not when it was
	// first enforced.
	Restored bool
}

// PlaceOf is where a holds.
func PlaceOf(a *action.Action) Place {
	scope := a.Scope
	if scope == "" {
		scope = "*"
	}
	return Place{Tenant: a.Tenant, Type: a.Target.Type, Value: a.Target.Value, Scope: scope}
}

// Strength orders ops by what they do to a request; an allow is above all.
func Strength(op action.Op) int {
	switch op {
	case action.Throttle:
		return 1
	case action.Challenge:
		return 2
	case action.Block:
		return 3
	case action.Allow:
		return 4
	}
	return 0
}
