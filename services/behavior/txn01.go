package behavior

import (
	"errors"
	"fmt"
	"math"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Txn01 are the settings of TXN-01.
type Txn01 struct {
	// MinPayees is the least count of new payees that alerts, whatever the model says.
	MinPayees int `yaml:"min_payees" doc:"Least new payees that alert, whatever the model says."`
	// Mean, Size and Weight are of the new payees of an ordinary client an hour.
	Mean   float64 `yaml:"mean" doc:"New payees an hour of an ordinary client, until it has shown better."`
	Size   float64 `yaml:"size" doc:"Dispersion of that count; smaller is wilder."`
	Weight float64 `yaml:"weight" doc:"Hours of a client that weigh as much as the prior."`
	Alpha  float64 `yaml:"alpha" doc:"Tail probability at which an hour or a day alerts."`
	// Cards and CardsDay are the different cards of one principal of which at least
	// Declined are refused.
	Cards    int     `yaml:"cards" doc:"Different cards an hour that alert where many are declined."`
	CardsDay int     `yaml:"cards_day" doc:"The same in a day."`
	Declined float64 `yaml:"declined" doc:"Part of the payments that must be declined."`
	// Clients is how many principals at one address, or for one account, must pay new
	// payees within a day.
	Clients int `yaml:"clients" doc:"Principals at one address, or of one account, that together pay new payees."`
}

func defaultTxn01() Txn01 {
	return Txn01{MinPayees: 8, Mean: 0.5, Size: 0.8, Weight: 16, Alpha: 1e-5, Cards: 5, CardsDay: 7, Declined: 0.5, Clients: 4}
}

func (c *Txn01) validate(l *limits) {
	l.integer("txn_01.min_payees", c.MinPayees, 2, topCount)
	l.number("txn_01.mean", c.Mean, 0.001, 1000)
	l.number("txn_01.size", c.Size, 0.05, 100)
	l.number("txn_01.weight", c.Weight, 0.1, 1e6)
	l.number("txn_01.alpha", c.Alpha, 1e-13, 0.1)
	l.integer("txn_01.cards", c.Cards, 2, maxCards)
	l.integer("txn_01.cards_day", c.CardsDay, 2, maxCards)
	l.number("txn_01.declined", c.Declined, 0, 1)
	l.integer("txn_01.clients", c.Clients, 2, 1000)
}

// TXN-01: money moved faster, and to more people, than its owner ever did.
//
// Method: novelty, not volume, as in BOLA-01. A payee is new to a principal that never
// paid it. New payees in an hour and in a day are held against a negative binomial
// whose mean is a decayed gamma-Poisson estimate of the principal's own hours. Amounts
// are not needed for it; how much of the money went to new payees is told beside it.
// txn01_cards.go counts cards tried out. What no principal shows is gathered by address
// and by the account that pays (second stage, spread.go).
//
// Guard: payrolls. Who paid many new payees in hours before is measured by that; the
// decisions that this held back are counted.
var txn01 = finding.Rule{
	ID: "TXN-01", Title: "Transfers to many new payees", Detector: Name, Severity: finding.High,
	OWASP: []string{"API6"}, CWE: []string{"CWE-841"}, ATTACK: []string{"T1657"},
	Remediation: "Hold the transfers named until their owner has confirmed them; ask for a second factor where a payee is new, and limit new payees and declined cards a day.",
}

// payersAt and payersOf are what the second stage gathers: principals at one address, and
// of one account.
func payersAt(cfg *Config) profile {
	p := payersOf(cfg)
	p.title, p.what, p.by, p.address = "Transfers to new payees by many from one address", "payees never paid before", "from one address", true
	return p
}

func payersOf(cfg *Config) profile {
	c := &cfg.Txn
	return profile{rule: &txn01, title: "Transfers to new payees by many out of one account", clients: c.Clients, items: 2 * c.MinPayees, usual: prior{2, 1, c.Weight},
		alpha: c.Alpha, most: 0.6, what: "payees never paid before", by: "out of one account"}
}

type txn struct {
	cfg     *Config
	metrics *Metrics
	payers  *keyed.Table[payer]
	cards   *keyed.Table[cardTrier]
	pending [2]spreading // by address and by paying account
}

// payer is one principal at one endpoint that moves money.
type payer struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Payees   keyed.Filter
	Novel    minutes
	Day      hours
	Usual    habit
	Moved    float64 // of the episode, in the unit of the API
	Episode  episode
}

func (s *payer) valid() error {
	if !finite(s.Usual.S, s.Usual.T, s.Moved) {
		return errors.New("payer whose history is not a number")
	}
	return errors.Join(s.Payees.Valid(), s.Episode.valid())
}

func newTxn(cfg *Config, m *Metrics) *txn {
	return &txn{cfg: patient(cfg), metrics: m, payers: keyed.NewTable[payer](cfg.MaxKeys, m.eviction("TXN-01")), cards: keyed.NewTable[cardTrier](cfg.MaxKeys, m.eviction("cards")),
		pending: [2]spreading{{dimension: "payers"}, {dimension: "payer"}}}
}

// payment is what the body of a request says.
type payment struct {
	payee, payer, card []byte
	amount             float64
}

func paymentOf(o *observation) (p payment) {
	doc := o.tx.Request()
	for _, leaves := range [...][]content.Leaf{doc.Leaves, doc.Nested} {
		for i := range leaves {
			l := &leaves[i]
			if l.Location != content.Body || len(l.Value) == 0 || len(l.Value) > 128 || l.Via != content.Direct && l.Via != content.FromGraphQL {
				continue
			}
			is := o.names.parties.of(l.Path)
			switch {
			case p.payee == nil && is == payeeOf:
				p.payee = l.Value
			case p.payer == nil && is == payerOf:
				p.payer = l.Value
			case p.card == nil && o.name(l.Name).card:
				p.card = l.Value
			case p.amount == 0 && amountOf(l.Path, l.Name):
				if a, ok := numberOf(l.Value); ok && a > 0 && a < 1e12 {
					p.amount = a
				}
			}
		}
	}
	return p
}

// transfers says whether a payment is one by what it says alone: somebody who can be
// paid, and how much. A path may be in any language, or the same for everything.
func (p *payment) transfers() bool {
	return p.payee != nil && p.amount > 0 && identifies(catalog.Classify(p.payee))
}

func (r *txn) observe(o *observation, out *detect.Out) {
	e := o.tx.Event
	if o.intent&pays == 0 && (o.intent != 0 || !o.ok || !changes(e.Method) || len(e.RequestBody.Data) < 16 || !e.Authenticated() || o.login.counts) {
		return
	}
	p := paymentOf(o)
	if o.intent&pays == 0 && !p.transfers() {
		return
	}
	if p.card != nil {
		r.card(o, p.card, out)
	}
	if p.payee != nil && o.ok && e.Authenticated() {
		r.pay(o, &p, out)
	}
}

func (r *txn) pay(o *observation, p *payment, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Txn
	s := r.payers.Touch(mix(o.who, o.endpoint))
	payee := o.hash.user(tx.Tenant, p.payee)
	if s.Payees.Has(payee) {
		return
	}
	s.Payees.Add(payee)
	r.pending[0].add(o, string(tx.Event.Client.Address), payee)
	if p.payer != nil {
		r.pending[1].add(o, shapeOf(string(p.payer))+fmt.Sprintf(" %016x", o.hash.user(tx.Tenant, p.payer)), payee)
	}
	before := prior{c.Mean, c.Size, c.Weight}
	s.Novel.move(o.now)
	// What is done today must not explain itself: it teaches when it is a day old.
	s.Day.leave(o.now, func(at int64, n uint16) { s.Usual.add(at*hour, uint32(n), before) })
	if s.Day.sum() == 0 {
		s.Episode.idle()
	}
	s.Novel.add(o.now, 1)
	s.Day.add(o.now, 1)
	s.Episode.see(tx, o.now, r.cfg, func() string { return shapeOf(string(p.payee)) })
	if s.Episode.Count == 1 {
		s.Moved = 0
	}
	s.Moved = min(1e14, s.Moved+p.amount)
	sixty, day := s.Novel.sum(60), s.Day.sum()
	if max(sixty, day) < c.MinPayees {
		return
	}
	mean := s.Usual.expect(before)
	limit, limitDay := r.limit(mean, 1), r.limit(mean, dayHours)
	if sixty < limit && day < limitDay {
		if sixty >= r.limit(c.Mean, 1) {
			r.metrics.suppressed.WithLabelValues("txn_payroll").Inc()
		}
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	count, window := sixty, "1 h"
	if sixty < limit {
		count, limit, window = day, limitDay, "24 h"
	}
	surprise := -math.Log10(max(tail(count, mean, c.Size), 1e-14))
	f := s.Episode.finding(&txn01, tx, tx.Principal, tx.Endpoint.ID)
	f.Confidence = min(0.97, 0.75+0.2*surprise/14)
	f.Features = []finding.Number{{Name: "new_payees_1h", Value: float64(sixty)}, {Name: "new_payees_24h", Value: float64(day)}, {Name: "moved", Value: s.Moved}, {Name: "surprise", Value: surprise}}
	f.Baseline = []finding.Number{{Name: "own_mean_1h", Value: mean}, {Name: "limit_1h", Value: float64(r.limit(mean, 1))}, {Name: "limit_24h", Value: float64(limitDay)}}
	f.Summary = fmt.Sprintf("%d payees that it never paid before at %s in %s, %.0f in all; normal for it %.1f an hour, limit %d", count, tx.Endpoint.Label, window, s.Moved, mean, limit-1)
	f.Counterfactual = fmt.Sprintf("%d or fewer new payees in %s would not alert", limit-1, window)
	out.Finding(f)
}

// dayHours are the hours of a day that somebody is about, at the most.
const dayHours = 6

// limit is the least count in so many hours that alerts.
func (r *txn) limit(mean, hours float64) int {
	c := &r.cfg.Txn
	return max(threshold(mean*hours, c.Size*hours, c.Alpha/2, topCount), c.MinPayees)
}

func (r *txn) flush(out *detect.Out) {
	for i := range r.pending {
		r.pending[i].flush(r.metrics, out)
	}
}

func (r *txn) capture(c *keyed.Capture) {
	r.payers.Capture(c)
	r.cards.Capture(c)
}

func (r *txn) decode(d *msgpack.Decoder) error {
	if err := r.payers.Decode(d, (*payer).valid); err != nil {
		return err
	}
	return r.cards.Decode(d, (*cardTrier).valid)
}
