// Package traffic makes labelled API traffic from a seed: the demo bank with
// ordinary customers and partners, and attackers among them. The labels are the
// truth that Oracle computes expectations from; neither shares code with a
// detector.
package traffic

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/event"
)

// Host is where the generated API is served.
const Host = "api.bank.example"

// Options say what to make. The same Options give the same traffic.
type Options struct {
	Seed   uint64
	Events int       // how many transactions, at least 2,000
	Start  time.Time // event time of the first one
	Span   time.Duration
	// Attackers of each kind; 0 means 2.
	Attackers int
	Tenant    string
}

// Kind labels a transaction.
type Kind string

const (
	Ordinary    Kind = ""
	Injection   Kind = "injection"   // SQL in a JSON field, by a logged-in customer
	Stuffing    Kind = "stuffing"    // logins of many users from one address, failing
	Enumeration Kind = "enumeration" // accounts of others by counting up
	Scan        Kind = "scan"        // paths that do not exist
)

// Transaction is one event with its label.
type Transaction struct {
	Event *event.Event
	Kind  Kind
	// Actor is who made it; Template the route that served it, "" for none.
	Actor    *Actor
	Template string
}

// Actor is a caller.
type Actor struct {
	Name    string
	Address string
	Subject string // keyed hash of the subject, "" when not logged in
	Kind    Kind

	credential string
	own        []int
	agent      string
	step       int
}

// Principal is the principal as the event contract states it.
func (a *Actor) Principal() string {
	if a.Subject != "" {
		return "sub:" + a.Subject
	}
	return "ip:" + a.Address
}

type generator struct {
	o   Options
	r   *rand.Rand
	at  time.Time
	seq uint64
	out []Transaction
}

const firstAccount = 4100201

// Generate makes the traffic, in order of event time.
func Generate(o Options) []Transaction {
	if o.Attackers == 0 {
		o.Attackers = 2
	}
	if o.Tenant == "" {
		o.Tenant = event.DefaultTenant
	}
	g := &generator{o: o, r: rand.New(rand.NewPCG(o.Seed, 11)), at: o.Start}
	customers := g.customers(200)
	partners := g.partners(3)
	attackers := g.attackers()
	// An attack starts somewhere in the first half, so that it ends inside.
	starts := make([]int, len(attackers))
	for i := range starts {
		starts[i] = g.r.IntN(o.Events / 2)
	}
	slices.Sort(starts)
	var running []*Actor
	step := o.Span / time.Duration(o.Events)
	for len(g.out) < o.Events {
		for len(starts) > 0 && starts[0] <= len(g.out) {
			running, attackers, starts = append(running, attackers[0]), attackers[1:], starts[1:]
		}
		g.at = g.at.Add(step)
		switch {
		case len(running) > 0 && g.r.IntN(4) == 0:
			i := g.r.IntN(len(running))
			if g.attack(running[i]); running[i].step >= attackSteps {
				running = slices.Delete(running, i, i+1)
			}
		case g.r.IntN(12) == 0:
			g.partner(partners[g.r.IntN(len(partners))])
		default:
			g.customer(customers[g.r.IntN(len(customers))])
		}
	}
	return g.out
}

// Burst is one scan by an address of its own, all of it at the given time: an
// attack that comes in the middle of something. n tells bursts apart.
func Burst(o Options, n int, at time.Time) []Transaction {
	if o.Tenant == "" {
		o.Tenant = event.DefaultTenant
	}
	g := &generator{o: o, r: rand.New(rand.NewPCG(o.Seed, uint64(n))), at: at, seq: uint64(n+1) << 32}
	a := &Actor{Name: fmt.Sprintf("burst-%d", n), Address: fmt.Sprintf("203.0.119.%d", 1+n%250), Kind: Scan, agent: "bank-app/4.2"}
	for range attackSteps {
		g.at = g.at.Add(time.Millisecond)
		g.attack(a)
	}
	return g.out
}

// attackSteps is how many requests an attack takes.
const attackSteps = 60

// hash stands for a keyed hash made by a sensor: 128 bits in hex.
func hash(parts ...any) string {
	h := fnv.New128a()
	fmt.Fprint(h, parts...)
	return fmt.Sprintf("%x", h.Sum(nil))
}

func (g *generator) customers(n int) []*Actor {
	list := make([]*Actor, n)
	account := firstAccount
	for i := range list {
		name := fmt.Sprintf("customer%04d", i)
		list[i] = &Actor{
			Name: name, Address: fmt.Sprintf("198.51.%d.%d", 100+i/200, 1+i%200), Subject: hash("subject", name), credential: hash("token", name), agent: "bank-app/4.2",
		}
		for range 1 + g.r.IntN(3) {
			list[i].own = append(list[i].own, account)
			account++
		}
	}
	return list
}

func (g *generator) partners(n int) []*Actor {
	list := make([]*Actor, n)
	for i := range list {
		name := fmt.Sprintf("partner-%d", i)
		list[i] = &Actor{Name: name, Address: fmt.Sprintf("192.0.2.%d", 10+i), Subject: hash("subject", name), credential: hash("token", name), agent: "partner-sync/2.0"}
		for j := range 12 {
			list[i].own = append(list[i].own, firstAccount+i+j*7)
		}
	}
	return list
}

func (g *generator) attackers() []*Actor {
	var list []*Actor
	for i := range g.o.Attackers {
		for k, kind := range []Kind{Injection, Stuffing, Enumeration, Scan} {
			a := &Actor{Name: fmt.Sprintf("%s-%d", kind, i), Address: fmt.Sprintf("203.0.%d.%d", 110+k, 1+i), Kind: kind, agent: "bank-app/4.2"}
			if kind == Injection || kind == Enumeration {
				a.Subject, a.credential = hash("subject", a.Name), hash("token", a.Name)
				a.own = []int{firstAccount + 5000 + 10*i + k}
			}
			list = append(list, a)
		}
	}
	return list
}
