// Package agents makes labelled traffic of a bank and a shop, of agents that each
// follow a habit: what behaviour detection is measured with.
//
// A World is a population: customers with heavy-tailed habits on phones and at desks,
// families, offices behind one address, relays that change it; partners, batch jobs,
// support staff, crawlers. A Day of it is its traffic from midnight to midnight, with
// the hours of the week, holidays, a flash sale, a deploy, and the attacks asked for.
//
// Every agent draws from a source of its own, seeded by the seed, the day and its
// number. So a day can be made without those before it, attacks change nothing of the
// ordinary traffic around them, and the same Options give the same bytes. The price is
// that nobody's session outlives midnight.
//
// The traffic is of our own making, and no detector is right about it by being right
// here: figures that others take with theirs are worth more.
package agents

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// Options say who there is. The same Options give the same World.
type Options struct {
	Seed uint64
	// Customers of the bank, at least 100; the shop has as many of its own.
	Customers int
	// Days of the world. Start is the midnight before the first, a Monday if zero.
	Days  int
	Start time.Time
	// Holidays, Sales and Deploys are the days, from 0, that are one or have one.
	Holidays, Sales, Deploys []int
	Tenant                   string
}

// Defaults are four days from a Monday on, the third a holiday, with a sale on the
// second and the last and a deploy on the last.
func Defaults() Options {
	return Options{Seed: 1, Customers: 1000, Days: 4, Start: time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC),
		Holidays: []int{2}, Sales: []int{1, 3}, Deploys: []int{3}, Tenant: event.DefaultTenant}
}

func (o *Options) validate() error {
	var errs []error
	if o.Customers < 100 || o.Customers > 60_000 {
		errs = append(errs, fmt.Errorf("customers is %d: must be between 100 and 60,000", o.Customers))
	}
	if o.Days < 1 || o.Days > 366 {
		errs = append(errs, fmt.Errorf("days is %d: must be between 1 and 366", o.Days))
	}
	if o.Tenant == "" {
		errs = append(errs, errors.New("no tenant"))
	}
	if !o.Start.Equal(o.Start.Truncate(24 * time.Hour)) {
		errs = append(errs, fmt.Errorf("start %s is no midnight in UTC", o.Start))
	}
	return errors.Join(errs...)
}

// Transaction is one event with its truth. It and what it points to are the
// receiver's.
type Transaction struct {
	Event *event.Event
	// Cohort is who acts. Attack is what it is part of, nil for ordinary traffic.
	Cohort Cohort
	Attack *Attack
	// Template is the route that served it, "" for none; Object the id it names and User
	// the user name it tries, if any.
	Template, Object, User string

	bearer, cookie, key string // credentials as sent
}

// World is a population. It does not change; several days of it may be made at once.
type World struct {
	o        Options
	agents   []*Agent
	regulars []int // numbers of the customers with a phone who come most often
}

// New settles a world.
func New(o Options) (*World, error) {
	if o.Start.IsZero() {
		o.Start = Defaults().Start
	}
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("agents: %w", err)
	}
	w := &World{o: o}
	w.settle(rand.New(rand.NewPCG(o.Seed, 1)))
	return w, nil
}

// Options are those that w was made with.
func (w *World) Options() Options { return w.o }

// Each makes all days, with the attacks on the last, and ends with the first error.
func (w *World) Each(attacks []Attack, emit func(*Transaction) error) error {
	for d := range w.o.Days {
		on := attacks
		if d < w.o.Days-1 {
			on = nil
		}
		if err := w.Day(d, on, emit); err != nil {
			return err
		}
	}
	return nil
}

// Day makes the traffic of day n, from 0, in order of event time.
func (w *World) Day(n int, attacks []Attack, emit func(*Transaction) error) error {
	if n < 0 || n >= w.o.Days {
		return fmt.Errorf("agents: day %d of %d", n, w.o.Days)
	}
	d := &day{w: w, n: n, emit: emit, season: w.season(n)}
	d.start = w.o.Start.UnixNano() + int64(n)*int64(24*time.Hour)
	d.end = d.start + int64(24*time.Hour)
	for i, a := range w.agents {
		x := &actor{Agent: a, index: i, r: rand.New(rand.NewPCG(w.o.Seed+uint64(n)<<32, uint64(i)+100))}
		x.at = d.next(x, d.start)
		d.agents = append(d.agents, x)
		d.add(x)
	}
	for i := range attacks {
		x, err := w.attacker(d, &attacks[i])
		if err != nil {
			return fmt.Errorf("agents: %w", err)
		}
		x.index = len(w.agents) + i
		d.add(x)
	}
	heap.Init(&d.queue)
	for len(d.queue) > 0 && d.err == nil {
		x := d.queue[0]
		d.now = x.at
		x.act(d, x)
		if x.at <= d.now { // a habit that forgot to go on would stop the clock
			x.at = d.now + int64(time.Millisecond)
		}
		if x.at >= d.end {
			heap.Pop(&d.queue)
		} else {
			heap.Fix(&d.queue, 0)
		}
	}
	return d.err
}

// day is a day in the making.
type day struct {
	w               *World
	n               int
	start, end, now int64 // ns
	season          season
	agents          []*actor // by number of the agent
	queue           queue
	sequence        uint64
	emit            func(*Transaction) error
	err             error
}

func (d *day) add(x *actor) {
	if x.at < d.end {
		d.queue = append(d.queue, x)
	}
}

// actor is an agent through one day.
type actor struct {
	*Agent
	index int
	r     *rand.Rand
	at    int64 // ns of its next step
	// left is what remains of the session, step what was done of it.
	left, step int
	address    string
	secret     string // of the session: what its token or cookie is made of
	last       string // the newest token, and when it was issued: it outlives the session
	issued     int64
	open       bool   // in a session
	id         string // of the cart
	about      int    // the customer that staff have taken up
	attack     *Attack
}

// wait has x act again after about d: never less than a fifth, seldom more than thrice.
func (x *actor) wait(d time.Duration) {
	x.at += int64(float64(d) * (0.2 + 0.8*x.r.ExpFloat64()))
}

// queue is by time, and by number where that is the same.
type queue []*actor

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].index < q[j].index
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*actor)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
