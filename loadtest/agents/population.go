package agents

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Cohort is what kind of agent somebody is.
type Cohort string

const (
	Phone    Cohort = "phone"    // of the bank: tokens that are refreshed
	Desk     Cohort = "desk"     // of the bank: a cookie a session
	Shopper  Cohort = "shopper"  // of the shop: an account and a cookie
	Visitor  Cohort = "visitor"  // of the shop: known by the address alone
	Partner  Cohort = "partner"  // a service account with an API key
	Batch    Cohort = "batch"    // a nightly job
	Support  Cohort = "support"  // staff who see many customers
	Crawler  Cohort = "crawler"  // follows links of the shop, dead ones too
	Attacker Cohort = "attacker" // whoever is part of an attack
)

// Agent is somebody with a habit.
type Agent struct {
	Name   string
	Cohort Cohort
	// number is that of the customer: objects follow from it. accounts are what the
	// agent may see; a family shares one.
	number   int
	accounts []int
	// rate is visits a day. every and from are those of a machine.
	rate        float64
	every, from time.Duration
	home        string // address
	// relay changes the address with every session.
	relay bool
	shop  bool
	old   bool // an app that still calls what the deploy removed
	agent string
	ja4   string
	act   func(*day, *actor)
}

const (
	firstAccount = 4_100_200
	perCustomer  = 3 // accounts that are numbered for each customer
	products     = 4000
	staff        = 12
	partners     = 5
	batches      = 2
	crawlers     = 3
	regulars     = 12  // customers with a phone who come most often
	behindNAT    = 250 // of these, some are behind one address of a mobile network
	officeOf     = 200 // of these, two in ten are in one office
)

// heavy is a lognormal rate: most come seldom, some all day.
func heavy(r *rand.Rand, median float64) float64 {
	return min(40, median*math.Exp(1.1*r.NormFloat64()))
}

func (w *World) settle(r *rand.Rand) {
	n := w.o.Customers
	for i := range n {
		a := &Agent{Name: fmt.Sprintf("customer%06d", i), Cohort: Phone, number: i, rate: heavy(r, 0.6), agent: "bank-app/4.2", ja4: "t13d1516h2_8daaf6152771_02713d6af862", old: r.IntN(10) == 0}
		for k := range 1 + r.IntN(perCustomer) {
			a.accounts = append(a.accounts, accountOf(i, k))
		}
		a.home = home(10, i)
		switch i % 10 {
		case 0, 1, 2: // behind the address of a mobile network
			a.home = home(11, i/behindNAT)
		case 3: // a family: an address and the first account are the neighbour's too
			a.home = home(10, i-1)
			a.accounts = append(a.accounts, accountOf(i-1, 0))
		case 4:
			a.relay = true
		case 8, 9: // an office
			a.home = home(12, i/officeOf)
		}
		if a.act = phone; i%10 >= 6 {
			a.Cohort, a.act, a.agent, a.ja4 = Desk, desk, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0", "t13d1717h2_5b57614c22b0_3cbfd9057e0d"
		}
		w.agents = append(w.agents, a)
	}
	w.regulars = slices.Collect(func(yield func(int) bool) {
		for i, a := range w.agents {
			if a.Cohort == Phone && !a.relay && !yield(i) {
				return
			}
		}
	})
	slices.SortFunc(w.regulars, func(i, j int) int {
		return cmp.Or(cmp.Compare(w.agents[j].rate, w.agents[i].rate), cmp.Compare(i, j))
	})
	w.regulars = w.regulars[:regulars]
	for i := range n {
		a := &Agent{Name: fmt.Sprintf("shopper%06d", i), Cohort: Shopper, number: i, rate: heavy(r, 0.5), home: home(20, i), shop: true, act: shopper, agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) Safari/605.1", ja4: "t13d2014h2_a09f3c656075_e42f34c56612"}
		if i%3 == 0 {
			a.Name, a.Cohort = fmt.Sprintf("visitor%06d", i), Visitor
		}
		if i%7 == 0 {
			a.home = home(21, i/behindNAT)
		}
		a.relay = i%11 == 0
		w.agents = append(w.agents, a)
	}
	for i := range partners {
		a := &Agent{Name: fmt.Sprintf("partner%d", i), Cohort: Partner, number: i, every: time.Duration(1+i) * time.Hour, home: home(30, i), act: partner, agent: "partner-sync/2.0"}
		a.accounts = w.some(r, 20*(1+i*i))
		w.agents = append(w.agents, a)
	}
	for i := range batches {
		w.agents = append(w.agents, &Agent{Name: fmt.Sprintf("batch%d", i), Cohort: Batch, number: i, every: 24 * time.Hour, from: time.Duration(2+i) * time.Hour,
			home: fmt.Sprintf("10.20.0.%d", 10+i), act: batch, agent: "ledger-batch/1.7", accounts: w.some(r, min(800, n/2))})
	}
	for i := range staff {
		w.agents = append(w.agents, &Agent{Name: fmt.Sprintf("support%02d", i), Cohort: Support, number: i, rate: 8 + 20*r.Float64(), home: "192.0.2.30", act: support, agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0"})
	}
	for i := range crawlers {
		w.agents = append(w.agents, &Agent{Name: fmt.Sprintf("crawler%d", i), Cohort: Crawler, number: i, rate: 20, home: home(40, i), shop: true, act: crawler, agent: "searchbot/2.1"})
	}
	w.settleServices(r)
}

// some are n different accounts.
func (w *World) some(r *rand.Rand, n int) (list []int) {
	for _, i := range r.Perm(w.o.Customers)[:min(n, w.o.Customers)] {
		list = append(list, accountOf(i, 0))
	}
	return list
}

func accountOf(customer, k int) int { return firstAccount + customer*perCustomer + k }

// home is address n of a network: a /16 of 100.64.0.0/10, which nobody has in public.
func home(network, n int) string {
	return fmt.Sprintf("100.%d.%d.%d", 64+network, n/250%250, 1+n%250)
}
