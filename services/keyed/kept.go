package keyed

import (
	"fmt"
)

// Kept are the states of one kind, by actor and by what else tells them apart.
type Kept[S any] struct {
	actors  *Actors
	number  int
	states  slab[S]
	fields  func(*S, *Pack)
	valid   func(*S) error
	evicted func()
}

// Keep adds the kind of states with the number, which records know it by. fields names
// the fields of a state; valid says what is wrong with one that was read. evicted is
// called for every state that is forgotten since its actor has too many.
func Keep[S any](a *Actors, number int, fields func(*S, *Pack), valid func(*S) error, evicted func()) *Kept[S] {
	k := &Kept[S]{actors: a, number: number, states: newSlab[S](), fields: fields, valid: valid, evicted: evicted}
	if a.kinds[number] != nil {
		panic(fmt.Sprintf("keyed: there are two kinds %d", number))
	}
	a.kinds[number] = k
	return k
}

// kind is a Kept to Actors.
type kind interface {
	pack(p *Pack, slot int32)
	unpack(p *Pack) (slot int32)
	drop(slot int32)
	// check reads a state from p into nothing.
	check(p *Pack) error
}

// Touch is the state of the present actor and sub, made empty if there was none. sub is
// a hash, or 0 where there is one state an actor: 28 bits of it count. The pointer is
// valid until the next actor enters.
func (k *Kept[S]) Touch(sub uint64) *S {
	s, now := uint32(sub)&maxSub, k.actors.now
	i := now.find(k.number, s)
	if i == none {
		if len(now.of(k.number)) == maxSubs {
			k.drop(now.shift(k.number))
			if k.evicted != nil {
				k.evicted()
			}
		}
		i = k.states.take()
		now.add(k.number, s, i)
	}
	return k.states.at(i)
}

// Get is the state of the present actor and sub, or nil.
func (k *Kept[S]) Get(sub uint64) *S { return k.of(k.actors.now, sub) }

// Actor is the key of the present actor.
func (k *Kept[S]) Actor() uint64 { return k.actors.key }

// Of is the state of any actor and sub, or nil. The pointer is valid until the next Of
// and the next actor.
func (k *Kept[S]) Of(actor, sub uint64) *S { return k.of(k.actors.other(actor), sub) }

func (k *Kept[S]) of(s *resident, sub uint64) *S {
	if s == nil {
		return nil
	}
	i := s.find(k.number, uint32(sub)&maxSub)
	if i == none {
		return nil
	}
	return k.states.at(i)
}

func (k *Kept[S]) pack(p *Pack, slot int32) { k.fields(k.states.at(slot), p) }

func (k *Kept[S]) unpack(p *Pack) (slot int32) {
	slot = k.states.take()
	k.fields(k.states.at(slot), p)
	return slot
}

func (k *Kept[S]) drop(slot int32) { k.states.drop(slot) }

func (k *Kept[S]) check(p *Pack) error {
	var s S
	k.fields(&s, p)
	if p.err != nil || k.valid == nil {
		return p.err
	}
	return k.valid(&s)
}
