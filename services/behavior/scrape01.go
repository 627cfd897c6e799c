package behavior

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/behavior/reputation"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Scrape01 are the settings of SCRAPE-01.
type Scrape01 struct {
	// Items is the least count of different items a day that alerts, Coverage the part
	// of the catalogue that must be covered, Steady the same where requests come as
	// evenly as a machine's (a coefficient of variation below Rhythm).
	Items    int     `yaml:"items" doc:"Different items of a catalogue in a day that alert at least."`
	Coverage float64 `yaml:"coverage" doc:"Part of the catalogue that must be covered in a day."`
	Steady   float64 `yaml:"steady" doc:"The same where requests come as evenly as a machine's."`
	Rhythm   float64 `yaml:"rhythm" doc:"Coefficient of variation of the pauses between requests below which they are even."`
	// Bursts is the variation from which requests come from several people: then twice
	// the coverage is needed. Address is the part that all programs at one address must
	// cover together.
	Bursts  float64 `yaml:"bursts" doc:"Coefficient of variation of the pauses from which several people are behind a client; twice the coverage is needed then."`
	Address float64 `yaml:"address" doc:"Part of the catalogue that all programs at one address together must cover."`
	// Open is the part of what is read of a kind that is read without a login, or
	// Readers the reads of an item by different clients, from which a kind is a catalogue.
	Open    float64 `yaml:"open" doc:"Part read without a login from which a kind of item is a catalogue."`
	Readers float64 `yaml:"readers" doc:"Clients an item in the mean from which a kind of item is a catalogue."`
	// Usual is how many times as much as on its fullest day before a client must read.
	Usual float64 `yaml:"usual" doc:"Times as much as on its fullest day before that a client must read."`
	// Once is the part of what a client reads that must be new to it: many behind one
	// address meet the same popular items again, a copy needs each once.
	Once  float64 `yaml:"once" doc:"Part of the reads of a day that must be of an item for the first time; many behind one address read popular ones again."`
	Kinds int     `yaml:"kinds" doc:"Kinds of items a partition."`
}

func defaultScrape01() Scrape01 {
	return Scrape01{Items: 150, Coverage: 0.09, Steady: 0.04, Rhythm: 0.3, Bursts: 1.25, Address: 0.6, Open: 0.05, Readers: 3, Usual: 2, Once: 0.75, Kinds: 1000}
}

func (c *Scrape01) validate(l *limits) {
	l.integer("scrape_01.items", c.Items, 20, 1_000_000)
	l.number("scrape_01.coverage", c.Coverage, 0.001, 1)
	l.number("scrape_01.steady", c.Steady, 0.001, 1)
	l.number("scrape_01.rhythm", c.Rhythm, 0, 1)
	l.number("scrape_01.bursts", c.Bursts, c.Rhythm, 100)
	l.number("scrape_01.address", c.Address, 0.001, 1)
	l.number("scrape_01.open", c.Open, 0, 1)
	l.number("scrape_01.readers", c.Readers, 1, 1e6)
	l.number("scrape_01.usual", c.Usual, 1, 1000)
	l.number("scrape_01.once", c.Once, 0, 1)
	l.integer("scrape_01.kinds", c.Kinds, 1, 1_000_000)
}

// SCRAPE-01: a catalogue is copied.
//
// Method: of each kind of item, and of the pages of each list, how many different ones
// a client got in a day against how many there are: the ratio of two HyperLogLogs. Of a
// catalogue people see what is popular, and crawlers a sample; a copy needs it all. Even
// pauses between requests (their coefficient of variation) halve what
// is needed.
//
// Guards: a catalogue that hardly anybody else reads is not known yet; only a catalogue can be copied, which is what many read or what needs no
// login (one's own objects are BOLA-01's and EXFIL-01's); those who read the same
// again, or in bursts, are many behind one address, where programs are told apart; who read as much on days before
// does what it always does; crawlers that were verified are let be.
var scrape01 = finding.Rule{
	ID: "SCRAPE-01", Title: "Catalogue copied", Detector: Name, Severity: finding.Medium,
	OWASP: []string{"API6"}, CWE: []string{"CWE-799"}, ATTACK: []string{"T1119"},
	Remediation: "Limit how much of the catalogue a client gets a day, offer partners an export under contract, and challenge clients without a browser.",
}

type scrape struct {
	cfg     *Config
	metrics *Metrics
	clients *keyed.Kept[copier] // by kind
	kinds   *keyed.Table[catalogue]
}

// copier is a client and a kind of item.
type copier struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      int64    // since the epoch, that Items is of
	Items    distinct
	Reads    uint32  // of the day, of whatever item
	Fullest  float64 // of the days before, decayed
	At       int64   // ns of the newest item
	// Pause and Square are the smoothed pause between items in seconds, and its square.
	Pause, Square float32
	Episode       episode
}

// catalogue is a kind of item and how it is read.
type catalogue struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      int64
	Items    distinct // today's
	Size     float64  // the largest of the days before, decayed
	// Reads counts items that clients read for the first time in a day, Open those of
	// them without a login.
	Reads, Open float64
}

const day = 24 * hour

func (s *copier) valid() error {
	if !finite(s.Fullest, float64(s.Pause), float64(s.Square)) {
		return errors.New("copier whose history is not a number")
	}
	return errors.Join(s.Items.valid(), s.Episode.valid())
}

// Empty implements keyed.Emptier.
func (s *copier) Empty() { *s = copier{Items: distinct{Few: s.Items.Few[:0]}} }

func (k *catalogue) valid() error {
	if !finite(k.Size, k.Reads, k.Open) {
		return errors.New("catalogue whose size is not a number")
	}
	return k.Items.valid()
}

func newScrape(cfg *Config, m *Metrics, actors *keyed.Actors) *scrape {
	return &scrape{cfg: patient(cfg), metrics: m, clients: keyed.Keep(actors, keptCopiers, (*copier).pack, (*copier).valid, m.eviction("SCRAPE-01")), kinds: keyed.NewTable[catalogue](cfg.Scrape.Kinds, m.eviction("catalogues"))}
}

func (r *scrape) observe(o *observation, out *detect.Out) {
	if !o.ok || string(o.tx.Event.Method) != "GET" {
		return
	}
	switch n := len(o.objects); {
	case n > 0:
		b := &o.objects[n-1]
		r.read(o, b.kind, b.key, b.noun, b.value, out)
	case pages(o.tx.Event.Query):
		q := o.hash.value(o.endpoint, o.tx.Event.Query)
		r.read(o, o.endpoint, q, "page", string(o.tx.Event.Query), out)
	}
}

// pages says whether a query is for a page of a list.
func pages(query []byte) bool {
	for p := range strings.SplitSeq(string(query), "&") {
		name, _, _ := strings.Cut(p, "=")
		switch bare(name) {
		case "page", "pageno", "pagenumber", "offset", "start", "cursor", "after", "skip":
			return true
		}
	}
	return false
}

func (r *scrape) read(o *observation, kind, item uint64, noun, spelled string, out *detect.Out) {
	c, today := &r.cfg.Scrape, o.now/day
	k := r.kinds.Touch(kind)
	k.turn(today)
	k.Items.add(item)
	n := r.copied(o, k, o.own(kind), item, noun, spelled, 0, out)
	if o.actor != o.who { // behind an address
		r.copied(o, k, kind, item, noun, spelled, c.Address, out)
	}
	k.Reads += n
	if !o.tx.Event.Authenticated() {
		k.Open += n
	}
}

// copied takes in that the client that of tells got an item, and gives by how many it has more
// now. It alerts from the coverage least on, if not 0.
func (r *scrape) copied(o *observation, k *catalogue, of, item uint64, noun, spelled string, least float64, out *detect.Out) (added float64) {
	c, today := &r.cfg.Scrape, o.now/day
	s := r.clients.Touch(of)
	s.turn(today)
	before := s.Items.count()
	s.Reads++
	s.Items.add(item)
	n := s.Items.count()
	if n <= before {
		return 0
	}
	added = n - before
	s.beat(o.now)
	if n < float64(c.Items)/2 { // so many that need no trace
		return added
	}
	if s.Episode.see(o.tx, o.now, r.cfg, func() string { return shapeOf(spelled) }); s.Episode.Count == 1 {
		s.Episode.Count = uint64(math.Round(n))
	}
	if n < float64(c.Items) {
		return added
	}
	size := max(k.Size, k.Items.count())
	cover, rhythm := min(1, n/size), s.rhythm()
	need := max(least, c.Coverage)
	switch {
	case least > 0:
	case rhythm < c.Rhythm:
		need = c.Steady
	case rhythm > c.Bursts:
		need = min(1, 2*need)
	}
	if cover < need {
		return added
	}
	switch {
	case k.Reads+added-n < size/2:
		r.metrics.suppressed.WithLabelValues("scrape_unknown").Inc()
		return added
	case k.Open < c.Open*k.Reads && k.Reads < c.Readers*size:
		r.metrics.suppressed.WithLabelValues("scrape_private").Inc()
		return added
	case n < c.Once*float64(s.Reads):
		r.metrics.suppressed.WithLabelValues("scrape_again").Inc()
		return added
	case n < c.Usual*s.Fullest:
		r.metrics.suppressed.WithLabelValues("scrape_usual").Inc()
		return added
	case o.from.claim == reputation.True:
		r.metrics.suppressed.WithLabelValues("scrape_crawler").Inc()
		return added
	}
	if !s.Episode.due(o.now, r.cfg) {
		return added
	}
	tx := o.tx
	f := s.Episode.finding(&scrape01, tx, tx.Principal, noun, tx.Endpoint.ID)
	if cover >= 0.5 {
		f.Severity = finding.High
	}
	f.Confidence = min(0.95, 0.65+0.2*min(1, cover/(4*need))+0.1*max(0, 1-rhythm))
	f.Features = []finding.Number{{Name: "items", Value: math.Round(n)}, {Name: "coverage", Value: cover}, {Name: "pause_variation", Value: rhythm}}
	f.Baseline = []finding.Number{{Name: "catalogue", Value: math.Round(size)}, {Name: "coverage", Value: need}, {Name: "fullest_day", Value: math.Round(s.Fullest)}, {Name: "items", Value: float64(c.Items)}}
	f.Summary = fmt.Sprintf("about %.0f different %s of about %.0f at %s today, %s of all; its fullest day before had %.0f, pauses vary by %.2f", n, noun, size, tx.Endpoint.Label, percent(n, size), s.Fullest, rhythm)
	f.Counterfactual = fmt.Sprintf("fewer than %.0f in a day would not alert", max(float64(c.Items), need*size, c.Usual*s.Fullest))
	out.Finding(f)
	return added
}

func (k *catalogue) turn(today int64) {
	if today <= k.Day {
		return
	}
	d := fade((today - k.Day) * 24)
	k.Size, k.Reads, k.Open = max(k.Size*d, k.Items.count()), k.Reads*d/2, k.Open*d/2
	k.Day, k.Items = today, distinct{}
}

// turn begins a day. A day that alerted teaches nothing.
func (s *copier) turn(today int64) {
	if today <= s.Day {
		return
	}
	if s.Episode.Emitted == 0 {
		s.Fullest = max(s.Fullest*fade((today-s.Day)*24), s.Items.count())
	}
	s.Episode = episode{}
	s.Day, s.Items, s.Reads = today, distinct{}, 0
}

// beat takes note of the pause since the item before.
func (s *copier) beat(now int64) {
	now -= now % int64(time.Millisecond)
	if p := float32(time.Duration(now - s.At).Seconds()); s.At != 0 && p >= 0 && p < 600 {
		const weight = 0.05
		if s.Square == 0 {
			s.Pause, s.Square = p, p*p
		}
		s.Pause += weight * (p - s.Pause)
		s.Square += weight * (p*p - s.Square)
	}
	s.At = max(s.At, now)
}

// rhythm is the coefficient of variation of the pauses, 1 where there is none.
func (s *copier) rhythm() float64 {
	if s.Pause <= 0 {
		return 1
	}
	mean := float64(s.Pause)
	return math.Sqrt(max(0, float64(s.Square)-mean*mean)) / mean
}

func (r *scrape) capture(c *keyed.Capture) {
	r.kinds.Capture(c)
}

func (r *scrape) decode(d *msgpack.Decoder) error {
	return r.kinds.Decode(d, (*catalogue).valid)
}
