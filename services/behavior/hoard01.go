package behavior

import (
	"errors"
	"fmt"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Hoard01 are the settings of HOARD-01.
type Hoard01 struct {
	// Units of one item that a client takes in a day and lets go, of all that is taken of
	// it at least Share.
	Units int     `yaml:"units" doc:"Units of one item that are held and let go in a day, from which it alerts."`
	Share float64 `yaml:"share" doc:"Part of all that is held of the item."`
	// Bought is the part of what was held that is bought, up to which it was let go.
	Bought float64 `yaml:"bought" doc:"Part of what was held that is bought, from which it is ordinary."`
	Items  int     `yaml:"items" doc:"Items a partition of which it is known how much is held."`
}

func defaultHoard01() Hoard01 { return Hoard01{Units: 30, Share: 0.1, Bought: 0.1, Items: 50_000} }

func (c *Hoard01) validate(l *limits) {
	l.integer("hoard_01.units", c.Units, 2, 60_000)
	l.number("hoard_01.share", c.Share, 0.0001, 1)
	l.number("hoard_01.bought", c.Bought, 0.001, 1)
	l.integer("hoard_01.items", c.Items, 1, 10_000_000)
}

// HOARD-01: stock, seats or slots are held and let go, so that nobody else gets them.
//
// Method (OWASP's automated threat OAT-021, denial of inventory): units of one item that
// a client puts into carts, holds or reservations within a day, against what it bought
// and against what all hold of the item.
//
// Guards: a flash sale has everybody hold the one item, so a client must have a share
// of it; who buys some of what it holds is a customer.
var hoard01 = finding.Rule{
	ID: "HOARD-01", Title: "Stock held and let go", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API6"}, CWE: []string{"CWE-799"}, ATTACK: []string{"T1499"},
	Remediation: "Let holds end soon, allow few of an item a customer, and ask for a deposit or a challenge where a hold is renewed.",
}

type hoard struct {
	cfg     *Config
	metrics *Metrics
	clients *keyed.Table[holder]
	buys    *keyed.Table[hours]    // by client
	items   *keyed.Table[itemHeld] // by item, of all clients
}

// holder is one client and one item.
type holder struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Units    hours
	Episode  episode
}

// itemHeld is what all clients hold of an item.
type itemHeld struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      int64
	// Today and Before are units of the day and the one before.
	Today, Before float64
}

func (s *holder) valid() error { return s.Episode.valid() }

func (k *itemHeld) valid() error {
	if !finite(k.Today, k.Before) {
		return errors.New("item whose units are not a number")
	}
	return nil
}

func newHoard(cfg *Config, m *Metrics) *hoard {
	return &hoard{cfg: patient(cfg), metrics: m, clients: keyed.NewTable[holder](cfg.MaxKeys, m.eviction("HOARD-01")),
		buys: keyed.NewTable[hours](cfg.MaxKeys, m.eviction("buyers")), items: keyed.NewTable[itemHeld](cfg.Hoard.Items, m.eviction("items"))}
}

// holdOf is what the body of a hold says: of what, and how many.
func holdOf(o *observation) (item uint64, name []byte, units uint16) {
	units = 1
	leaves := o.tx.Request().Leaves
	for i := range leaves {
		l := &leaves[i]
		if l.Location != content.Body || len(l.Value) == 0 || len(l.Value) > 128 {
			continue
		}
		switch o.name(l.Name).bare {
		case "productid", "product", "sku", "itemid", "item", "variantid", "seat", "seatid", "slot", "slotid", "eventid", "offerid", "roomid", "ticketid":
			if name == nil {
				name = l.Value
			}
		case "quantity", "qty", "count", "units", "seats", "amount":
			if n, ok := numberOf(l.Value); ok && n >= 1 && n <= 10_000 {
				units = uint16(n)
			}
		}
	}
	if name == nil {
		return 0, nil, 0
	}
	return o.hash.value(o.scope, name), name, units
}

func (r *hoard) observe(o *observation, out *detect.Out) {
	if o.intent&(holds|done) == 0 || !o.ok {
		return
	}
	if o.intent&done != 0 {
		r.buys.Touch(o.who).add(o.now, 1)
		return
	}
	item, name, units := holdOf(o)
	if units == 0 {
		return
	}
	tx, c := o.tx, &r.cfg.Hoard
	all := r.items.Touch(item)
	if today := o.now / day; today > all.Day {
		if all.Before = all.Today; today > all.Day+1 {
			all.Before = 0
		}
		all.Day, all.Today = today, 0
	}
	all.Today = min(1e12, all.Today+float64(units))
	s := r.clients.Touch(mix(o.who, item))
	s.Units.add(o.now, units)
	shape := func() string { return shapeOf(string(name)) }
	s.Episode.see(tx, o.now, r.cfg, shape)
	n := s.Units.sum()
	if n < c.Units || s.Episode.Count < 3 {
		return
	}
	total := max(float64(n), all.Today+all.Before)
	share := float64(n) / total
	if share < c.Share {
		r.metrics.suppressed.WithLabelValues("hoard_sale").Inc()
		return
	}
	bought := 0
	if b := r.buys.Get(o.who); b != nil {
		b.move(o.now)
		bought = b.sum()
	}
	if float64(bought) >= c.Bought*float64(s.Episode.Count) {
		r.metrics.suppressed.WithLabelValues("hoard_customer").Inc()
		return
	}
	if !s.Episode.due(o.now, r.cfg) {
		return
	}
	f := s.Episode.finding(&hoard01, tx, tx.Principal, fmt.Sprintf("%016x", item))
	f.Confidence = min(0.95, 0.65+0.15*min(1, float64(n)/float64(4*c.Units))+0.15*share)
	f.Features = []finding.Number{{Name: "units_24h", Value: float64(n)}, {Name: "holds", Value: float64(s.Episode.Count)}, {Name: "share", Value: share}, {Name: "bought", Value: float64(bought)}}
	f.Baseline = []finding.Number{{Name: "units", Value: float64(c.Units)}, {Name: "share", Value: c.Share}, {Name: "bought_share", Value: c.Bought}}
	f.Summary = fmt.Sprintf("%d units of one item (%s) held at %s in 24 h, %s of all that is held of it, in %d requests; %d purchases", n, shape(), tx.Endpoint.Label, percent(float64(n), total), s.Episode.Count, bought)
	f.Counterfactual = fmt.Sprintf("%d or fewer units would not alert, nor would purchases of %.0f %% of them", c.Units-1, 100*c.Bought)
	out.Finding(f)
}

func (r *hoard) capture(c *keyed.Capture) {
	r.clients.Capture(c)
	r.buys.Capture(c)
	r.items.Capture(c)
}

func (r *hoard) decode(d *msgpack.Decoder) error {
	if err := r.clients.Decode(d, (*holder).valid); err != nil {
		return err
	}
	if err := r.buys.Decode(d, nil); err != nil {
		return err
	}
	return r.items.Decode(d, (*itemHeld).valid)
}
