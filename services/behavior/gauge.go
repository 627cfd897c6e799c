package behavior

import (
	"errors"

	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// gauge is a count of what each actor does, and what is usual of it.
type gauge struct {
	prior   calibrate.Prior
	least   float64 // a day, below which nothing surprises
	states  *keyed.Kept[gauged]
	cohorts *keyed.Table[calibrate.Cohort]
	absent  calibrate.Absent
	shifted func()
}

// gauged is the count of an actor.
type gauged struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Count    calibrate.Counter
	Own      calibrate.Own
	Mark     calibrate.Mark
}

func (t *gauged) valid() error { return errors.Join(t.Own.Valid(), t.Mark.Valid()) }

func newGauge(cfg *Config, m *Metrics, actors *keyed.Actors, number int, rule, what string, prior calibrate.Prior, least float64) gauge {
	return gauge{prior: prior, least: least, states: keyed.Keep(actors, number, (*gauged).pack, (*gauged).valid, m.eviction(rule+what)),
		cohorts: keyed.NewTable[calibrate.Cohort](cfg.MaxCohorts, m.eviction(rule+what+" cohorts")),
		absent:  calibrate.NewAbsent(cfg.MaxKeys), shifted: m.shifts.WithLabelValues(rule).Inc}
}

// seen is what adding to a gauge came to.
type seen struct {
	*gauged
	cohort   *calibrate.Cohort
	surprise float64
	window   int
}

// add counts n of the actor's that of tells from its others, who is of the cohort group.
func (t *gauge) add(of, group uint64, now int64, n uint32) (s seen) {
	for range 2 {
		if who, k, g, ok := t.absent.Gone(now); ok {
			t.gone(who, k, g, now)
		}
	}
	s.gauged, s.cohort = t.states.Touch(of), t.cohorts.Touch(group)
	first := s.Count.At == 0
	closed := s.Count.Move(now)
	if t.prior.Learn(s.cohort, &s.Own, &closed, now) {
		t.shifted()
	}
	if (first || closed.Is[2]) && !t.prior.Deaf {
		t.absent.Expect(t.states.Actor(), of, group, now)
	}
	s.Count.Add(n)
	if s.Count.Sum(2) >= t.least {
		s.surprise, s.window = t.prior.Surprise(s.cohort, &s.Own, &s.Count)
	}
	return s
}

// gone has an actor teach who has not come back since its day was over.
func (t *gauge) gone(who, key, group uint64, now int64) {
	s := t.states.Of(who, key)
	if s == nil {
		return
	}
	closed, heard := s.Count.Move(now), t.prior
	heard.Deaf = false // it was not when it was last seen
	if heard.Learn(t.cohorts.Touch(group), &s.Own, &closed, now) {
		t.shifted()
	}
}

// known says whether enough days of clients were seen to tell what is usual.
func (s *seen) known(days float64) bool { return float64(s.cohort.N[1]) >= days }

// normal is the mean of the window of s, and the count that would reach bar.
func (t *gauge) normal(s *seen, bar float64) (mean, limit float64) {
	mean, _ = t.prior.Expect(s.cohort, &s.Own, s.window)
	return mean, max(t.least, t.prior.Limit(s.cohort, &s.Own, s.window, bar))
}

func (t *gauge) capture(c *keyed.Capture) {
	t.cohorts.Capture(c)
	t.absent.Capture(c)
}

func (t *gauge) decode(d *msgpack.Decoder) error {
	if err := t.cohorts.Decode(d, (*calibrate.Cohort).Valid); err != nil {
		return err
	}
	return t.absent.Decode(d)
}
