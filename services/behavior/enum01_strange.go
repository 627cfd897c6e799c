package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// strange is ENUM-01 for ids without an order: an API that tests ownership refuses who
// asks for objects of others, and that is all there is to see.
//
// Method: different ids of a kind that were never issued to the client and that it was
// refused (403, 404, 410), in 5 minutes, an hour and a day, against a negative binomial
// of its cohort and of its own days, calibrated to the alert budget (package calibrate).
//
// Guards: what was refused before is not counted again, so that a client with a dead
// link asks in vain forever; a client most of whose unknown ids are answered, such as a
// partner whose list is old, is BOLA-01's at most;
// a walk is said once.
type strange struct {
	cfg      *Config
	pace     Config // of its episodes
	metrics  *Metrics
	walks    *enum                     // which sees every id first
	counts   gauge                     // by kind of object
	seen     *keyed.Kept[keyed.Filter] // ids refused, by kind
	episodes *keyed.Table[strangeEpisode]
	bars     *calibrate.Calibrator
}

type strangeEpisode struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	// Answered counts unknown ids that it got since the first was refused.
	Answered uint32
	Episode  episode
}

func newStrange(cfg *Config, m *Metrics, actors *keyed.Actors, walks *enum) *strange {
	c := &cfg.Enum
	prior := calibrate.Prior{Mean: [calibrate.Windows]float64{0.3, 0.5, 1}, Size: 1, Weight: 50, OwnWeight: 5, Least: 0.1}
	r := &strange{cfg: cfg, pace: *cfg, metrics: m, walks: walks, counts: newGauge(cfg, m, actors, keptTried, enum01.ID, " tried", prior, float64(c.Tried)),
		seen:     keyed.Keep(actors, keptRefused, (*keyed.Filter).Pack, (*keyed.Filter).Valid, m.eviction("ENUM-01 refused")),
		episodes: keyed.NewTable[strangeEpisode](cfg.MaxKeys, m.eviction("ENUM-01 tried episodes")),
		bars:     calibrate.New(cfg.calibration(enum01.ID, c.Floor, c.Ceiling), m.eviction("ENUM-01 bars"), m.held("alert_cap"))}
	r.pace.Quiet = max(cfg.Quiet, quietDay)
	return r
}

func (r *strange) observe(o *observation, out *detect.Out) {
	refused := o.tx.Event.Status == 403 || o.tx.Event.Status == 404 || o.tx.Event.Status == 410
	if len(o.objects) == 0 || !refused && !o.ok || !o.tx.Event.Authenticated() {
		return
	}
	// The last is what is asked for; those before it say where it is.
	b := &o.objects[len(o.objects)-1]
	if b.own {
		return
	}
	key := mix(o.who, b.kind)
	if o.ok { // only who was refused is worth a state
		if e := r.episodes.Get(key); e != nil {
			e.Answered++
		}
		return
	}
	if !r.seen.Touch(b.kind).Add(b.id) {
		return
	}
	r.refuse(o, b, key, out)
}

func (r *strange) refuse(o *observation, b *object, key uint64, out *detect.Out) {
	tx, c := o.tx, &r.cfg.Enum
	group := mix(b.kind, o.cohort)
	r.counts.prior.Deaf = r.cfg.attacks(o.who, enum01.ID, o.now)
	s := r.counts.add(b.kind, group, o.now, 1)
	e := r.episodes.Touch(key)
	e.Episode.see(tx, o.now, &r.pace, b.shape)
	if e.Episode.Count == 1 {
		e.Answered = 0
	}
	alert, bar := r.bars.Judge(group, o.now, &s.Mark, s.surprise)
	if !alert {
		return
	}
	r.bars.Alerted(group, o.who, &s.Mark)
	share := float64(e.Episode.Count) / float64(e.Episode.Count+uint64(e.Answered))
	if share < c.TriedShare {
		r.metrics.suppressed.WithLabelValues("enum_answered").Inc()
		return
	}
	if r.walks.found(o, b) {
		r.metrics.suppressed.WithLabelValues("enum_walked").Inc()
		return
	}
	if !e.Episode.due(o.now, r.cfg) {
		return
	}
	noun := b.noun
	if noun == "" {
		noun = "object"
	}
	f := e.Episode.finding(&enum01, tx, tx.Principal, "tried", b.noun)
	f.Title = "Ids of others tried"
	mean, limit := r.counts.normal(&s, bar)
	n, window := s.Count.Sum(s.window), calibrate.Names[s.window]
	f.Confidence = min(0.95, 0.6+0.2*share+0.15*min(1, s.surprise/14))
	f.Features = []finding.Number{{Name: "refused_1h", Value: s.Count.Sum(1)}, {Name: "refused_24h", Value: s.Count.Sum(2)}, {Name: "refused_share", Value: share}, {Name: "surprise", Value: s.surprise}}
	f.Baseline = []finding.Number{{Name: "mean", Value: mean}, {Name: "limit", Value: limit}, {Name: "bar", Value: bar}, {Name: "refused_share", Value: c.TriedShare}}
	f.Summary = fmt.Sprintf("%.0f different %s ids that it was never shown refused to it in %s; normal for it %.1f, limit %.0f; %s of the unknown ids that it asked for were refused", n, noun, window, mean, limit-1, percent(share, 1))
	f.Counterfactual = fmt.Sprintf("%.0f or fewer in %s would not alert", limit-1, window)
	o.unusual(f, out)
}

func (r *strange) capture(c *keyed.Capture) {
	r.counts.capture(c)
	r.episodes.Capture(c)
	r.bars.Capture(c)
}

func (r *strange) decode(d *msgpack.Decoder) error {
	if err := r.counts.decode(d); err != nil {
		return err
	}
	if err := r.episodes.Decode(d, func(e *strangeEpisode) error { return e.Episode.valid() }); err != nil {
		return err
	}
	return r.bars.Decode(d)
}
