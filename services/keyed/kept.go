package keyed

import (
	"fmt"
)

// Kept are the states of one kind, by actor and by what else tells them apart.
type Kept[S any] struct {
	actors  *Actors
	number  int
	states  *Table[S]
	fields  func(*S, *Pack)
	valid   func(*S) error
	evicted func()
}

// Keep adds the kind of states with the number, which records know it by. fields names
// the fields of a state; valid says what is wrong with one that was read. evicted is
// called for every state that is forgotten since its actor has too many.
func Keep[S any](a *Actors, number int, fields func(*S, *Pack), valid func(*S) error, evicted func()) *Kept[S] {
	k := &Kept[S]{actors: a, number: number, states: NewTable[S](1<<30, nil), fields: fields, valid: valid, evicted: evicted}
	if a.kinds[number] != nil {
		panic(fmt.Sprintf("keyed: there are two kinds %d", number))
	}
	a.kinds[number] = k
	return k
}

// kind is a Kept to Actors.
type kind interface {
	pack(p *Pack, key uint64)
	unpack(p *Pack, key uint64)
	drop(key uint64)
	// check reads a state from p into nothing.
	check(p *Pack) error
}

// Touch is the state of the present actor and sub, made empty if there was none. sub is
// a hash, or 0 where there is one state an actor: 28 bits of it count. The pointer is
// valid until the next actor enters.
func (k *Kept[S]) Touch(sub uint64) *S {
	s := uint32(sub) & maxSub
	at := place(k.actors.key, s)
	if i, ok := k.states.find(at); ok {
		return &k.states.at(i).state
	}
	now := k.actors.now
	if now.n[k.number] == maxSubs {
		k.states.Remove(place(k.actors.key, now.first(k.number)))
		if k.evicted != nil {
			k.evicted()
		}
	}
	now.add(k.number, s)
	return k.states.Touch(at)
}

// Get is the state of the present actor and sub, or nil.
func (k *Kept[S]) Get(sub uint64) *S {
	return k.states.Get(place(k.actors.key, uint32(sub)&maxSub))
}

// Actor is the key of the present actor.
func (k *Kept[S]) Actor() uint64 { return k.actors.key }

// Of is the state of any actor and sub, or nil. The pointer is valid until the next Of
// and the next actor.
func (k *Kept[S]) Of(actor, sub uint64) *S {
	if !k.actors.other(actor) {
		return nil
	}
	return k.states.Get(place(actor, uint32(sub)&maxSub))
}

func (k *Kept[S]) pack(p *Pack, key uint64) {
	s := k.states.Get(key)
	if s == nil { // a record that names a state twice
		s = new(S)
	}
	k.fields(s, p)
}

func (k *Kept[S]) unpack(p *Pack, key uint64) { k.fields(k.states.Touch(key), p) }

func (k *Kept[S]) drop(key uint64) { k.states.Remove(key) }

func (k *Kept[S]) check(p *Pack) error {
	var s S
	k.fields(&s, p)
	if p.err != nil || k.valid == nil {
		return p.err
	}
	return k.valid(&s)
}
