package calibrate

import (
	"errors"

	"github.com/vmihailenco/msgpack/v5"
)

// Pace is how fast the actors of a cohort are now, beside how fast they are in the hour
// of the week and on the whole. It tells a rush from one who rushes. 1.4 KB.
type Pace struct {
	// Window is the newest of 5 minutes, in which Actors made Events; LastActors and
	// LastEvents are those of the one before.
	Window                 int64
	Actors, Events         uint32
	LastActors, LastEvents uint32
	// Usual are the events of each hour of the week, and those who made them.
	UsualEvents, UsualActors [168]float32
	AllEvents, AllActors     float32
}

// few is how many actors there must be for their pace to be all of the cohort's; as much
// weighs the whole week against one hour of it.
const few = 20

// See takes an event in; first is whether it is the first of its actor within 5 minutes.
func (p *Pace) See(now int64, first bool) {
	if w := now / Lengths[0]; w > p.Window {
		p.turn(w)
	}
	p.Events++
	if first {
		p.Actors++
	}
}

func (p *Pace) turn(w int64) {
	if p.Actors > 0 {
		// A rush teaches no more than twice what is usual: else it would be by its end.
		events := float32(p.Events)
		if p.AllActors >= few {
			events = min(events, float32(2*p.usual())*float32(p.Actors))
		}
		add(&p.UsualEvents[hourOf(p.Window)], &p.UsualActors[hourOf(p.Window)], events, p.Actors)
		add(&p.AllEvents, &p.AllActors, events, p.Actors)
	}
	p.LastActors, p.LastEvents = 0, 0
	if w == p.Window+1 {
		p.LastActors, p.LastEvents = p.Actors, p.Events
	}
	p.Window, p.Actors, p.Events = w, 0, 0
}

// add adds to a mean that forgets: what was before it has seen so many weighs half.
func add(events, actors *float32, e float32, a uint32) {
	if *actors > 1e5 {
		*events, *actors = *events/2, *actors/2
	}
	*events, *actors = *events+e, *actors+float32(a)
}

func hourOf(window int64) int64 { return ((window/12)%168 + 168) % 168 }

// Factor is how many times the usual pace of this hour of the week the cohort has, 1
// where there are too few actors to say. The hour is shrunk to the week.
func (p *Pace) Factor() float64 {
	actors, events := float64(p.Actors+p.LastActors), float64(p.Events+p.LastEvents)
	if actors < few || p.AllActors < few {
		return 1
	}
	return max(1, events/actors/p.usual())
}

// usual is what an actor does in 5 minutes of this hour of the week.
func (p *Pace) usual() float64 {
	h := hourOf(p.Window)
	return (few*float64(p.AllEvents/p.AllActors) + float64(p.UsualEvents[h])) / (few + float64(p.UsualActors[h]))
}

// EncodeMsgpack implements msgpack.CustomEncoder.
func (p *Pace) EncodeMsgpack(e *msgpack.Encoder) error {
	return errors.Join(e.EncodeMulti(p.Window, p.Actors, p.Events, p.LastActors, p.LastEvents, p.AllEvents, p.AllActors),
		encodeSparse(e, p.UsualEvents[:]), encodeSparse(e, p.UsualActors[:]))
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (p *Pace) DecodeMsgpack(d *msgpack.Decoder) error {
	*p = Pace{}
	if err := d.DecodeMulti(&p.Window, &p.Actors, &p.Events, &p.LastActors, &p.LastEvents, &p.AllEvents, &p.AllActors); err != nil {
		return err
	}
	if err := decodeSparse(d, p.UsualEvents[:]); err != nil {
		return err
	}
	return decodeSparse(d, p.UsualActors[:])
}

// Valid says what is wrong with a decoded pace.
func (p *Pace) Valid() error {
	if !sound(p.AllEvents, p.AllActors) || !sound(p.UsualEvents[:]...) || !sound(p.UsualActors[:]...) {
		return errNumber
	}
	return nil
}
