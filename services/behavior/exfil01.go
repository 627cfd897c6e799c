package behavior

import (
	"fmt"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Exfil01 are the settings of EXFIL-01.
type Exfil01 struct {
	// Least is the count of records in a day below which nobody carries anything away.
	Least float64 `yaml:"least" doc:"Records new to a client in a day below which nothing alerts; those with sensitive data count for up to four."`
	// Records and Kilobytes are what an ordinary client is served in a day, until its
	// cohort has shown better; an hour and 5 minutes are expected to have a half and a
	// quarter of it, since clients come in visits.
	Records   float64 `yaml:"records" doc:"New records that an ordinary client is served in a day, until its cohort has shown better."`
	Kilobytes float64 `yaml:"kilobytes" doc:"Kilobytes that an ordinary client is served in a day, until its cohort has shown better."`
	// Known is how many days of clients a cohort must have shown for a client to be held
	// against it: nothing is unusual where nothing is known to be usual.
	Known   float64 `yaml:"known" doc:"Days of clients that a cohort must have shown before any of them alerts."`
	Floor   float64 `yaml:"floor" doc:"Surprise (-log10 p of a client's day) below which nothing alerts."`
	Ceiling float64 `yaml:"ceiling" doc:"Surprise above which alerts come whatever was calibrated, the greatest first up to alert_cap."`
}

func defaultExfil01() Exfil01 {
	return Exfil01{Least: 100, Records: 40, Kilobytes: 1000, Known: 20, Floor: 4, Ceiling: 20}
}

func (c *Exfil01) validate(l *limits) {
	l.number("exfil_01.least", c.Least, 10, 1e9)
	l.number("exfil_01.records", c.Records, 1, 1e9)
	l.number("exfil_01.kilobytes", c.Kilobytes, 1, 1e9)
	l.number("exfil_01.known", c.Known, 0, 1e6)
	l.number("exfil_01.floor", c.Floor, 1, 100)
	l.number("exfil_01.ceiling", c.Ceiling, c.Floor, 1000)
}

// EXFIL-01: a client carries away more than such clients do.
//
// Method: two counts of a client in 5 minutes, an hour and a day, each against a negative
// binomial of its cohort and of its own days (package calibrate): the records served that
// are new to it, and the bytes. The lesser surprise of the two counts, so that neither a
// large file nor a long list is enough: it takes much of what was not known. Calibrated to
// the alert budget. A record counts for one more with each kind of sensitive data in it
// (sensitive.go), up to four.
//
// Guards: where too few clients were seen yet, nothing is unusual; what a client was served before is not new, so that a nightly job that reads
// the same is none; who exports every day is usual within days.
var exfil01 = finding.Rule{
	ID: "EXFIL-01", Title: "More records carried away than is usual", Detector: Name, Severity: finding.High,
	OWASP: []string{"API1", "API3"}, CWE: []string{"CWE-200"}, ATTACK: []string{"T1213", "T1530"},
	Remediation: "Check what the client was served and why it needs it; bound the size of pages and how many of them a client may have in a day.",
}

type exfil struct {
	cfg            *Config
	metrics        *Metrics
	pace           Config // of its episodes
	records, bytes gauge  // by actor
	episodes       *keyed.Table[episode]
	bars           *calibrate.Calibrator
}

func newExfil(cfg *Config, m *Metrics, actors *keyed.Actors) *exfil {
	c := &cfg.Exfil
	prior := func(day, least float64) calibrate.Prior {
		return calibrate.Prior{Mean: [calibrate.Windows]float64{day / 4, day / 2, day}, Size: 1, Weight: 50, OwnWeight: day, Least: least, Tame: 0.4, Patient: true}
	}
	r := &exfil{cfg: cfg, metrics: m, pace: *cfg, records: newGauge(cfg, m, actors, keptRecords, exfil01.ID, " records", prior(c.Records, 1), c.Least),
		bytes:    newGauge(cfg, m, actors, keptBytes, exfil01.ID, " bytes", prior(c.Kilobytes, 1), 0),
		episodes: keyed.NewTable[episode](cfg.MaxKeys, m.eviction("EXFIL-01 episodes")),
		bars:     calibrate.New(cfg.calibration(exfil01.ID, c.Floor, c.Ceiling), m.eviction("EXFIL-01 bars"), m.held("alert_cap"))}
	r.pace.Quiet = max(cfg.Quiet, quietDay)
	return r
}

func (r *exfil) observe(*observation, *detect.Out) {}

func (r *exfil) afterwards(o *observation, out *detect.Out) {
	tx := o.tx
	if !o.ok {
		return
	}
	b := &tx.Event.ResponseBody
	kb := uint32(min(1<<30, (max(b.WireLength, uint64(len(b.Data)))+512)/1024))
	deaf := r.cfg.attacks(o.who, exfil01.ID, o.now)
	r.bytes.prior.Deaf, r.records.prior.Deaf = deaf, deaf
	volume := r.bytes.add(o.own(0), o.cohort, o.now, kb)
	s := r.records.add(o.own(0), o.cohort, o.now, uint32(o.fresh*o.carried.weight()))
	surprise := min(s.surprise, volume.surprise)
	alert, bar := r.bars.Judge(o.cohort, o.now, &s.Mark, surprise)
	if alert {
		r.bars.Alerted(o.cohort, o.who, &s.Mark)
	}
	if !alert || o.fresh == 0 {
		return
	}
	if !s.known(r.cfg.Exfil.Known) {
		r.metrics.suppressed.WithLabelValues("exfil_unknown").Inc()
		return
	}
	e := r.episodes.Touch(o.actor)
	e.see(tx, o.now, &r.pace, o.place)
	if !e.due(o.now, r.cfg) {
		return
	}
	f := e.finding(&exfil01, tx, tx.Principal)
	mean, limit := r.records.normal(&s, bar)
	kbMean, kbLimit := r.bytes.normal(&volume, bar)
	n, window := s.Count.Sum(s.window), calibrate.Names[s.window]
	f.Confidence = min(0.95, 0.6+0.3*min(1, surprise/20))
	f.Features = []finding.Number{{Name: "new_records_1h", Value: s.Count.Sum(1)}, {Name: "new_records_24h", Value: s.Count.Sum(2)},
		{Name: "kilobytes_1h", Value: volume.Count.Sum(1)}, {Name: "kilobytes_24h", Value: volume.Count.Sum(2)}, {Name: "sensitivity", Value: float64(o.carried.weight())}, {Name: "surprise", Value: surprise}}
	f.Baseline = []finding.Number{{Name: "records_mean", Value: mean}, {Name: "records_limit", Value: limit}, {Name: "kilobytes_mean", Value: kbMean}, {Name: "kilobytes_limit", Value: kbLimit}, {Name: "bar", Value: bar}}
	f.Summary = fmt.Sprintf("%.0f records new to it in %s, and %.0f kB in %s; normal for such a client %.1f and %.0f kB, limits %.0f and %.0f kB",
		n, window, volume.Count.Sum(volume.window), calibrate.Names[volume.window], mean, kbMean, limit-1, kbLimit-1)
	if o.carried != 0 {
		f.Summary += fmt.Sprintf("; a record with %s data counts for %d", o.carried, o.carried.weight())
	}
	f.Counterfactual = fmt.Sprintf("%.0f or fewer new records in %s, or %.0f kB or less in %s, would not alert", limit-1, window, kbLimit-1, calibrate.Names[volume.window])
	o.unusual(f, out)
}

func (r *exfil) capture(c *keyed.Capture) {
	r.records.capture(c)
	r.bytes.capture(c)
	r.episodes.Capture(c)
	r.bars.Capture(c)
}

func (r *exfil) decode(d *msgpack.Decoder) error {
	for _, t := range []*gauge{&r.records, &r.bytes} {
		if err := t.decode(d); err != nil {
			return err
		}
	}
	if err := r.episodes.Decode(d, (*episode).valid); err != nil {
		return err
	}
	return r.bars.Decode(d)
}
