package calibrate

import (
	"fmt"
	"slices"

	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

// Settings are those of a Calibrator.
type Settings struct {
	// Budget is the part of actor-days that may alert though nothing is wrong.
	Budget float64
	// Floor is the surprise below which nothing alerts, calibrated or not; Ceiling that
	// above which everything does. Without a ceiling, whoever attacks while it learns
	// decides how much worse one must be to be seen.
	Floor, Ceiling float64
	// Cold is the bar on the day on which a cohort is first seen, on which what many of
	// it do is no alert either; 0 for neither.
	Cold float64
	// Cap is how many actors a day may alert at most: the most surprising ones.
	Cap int
	// Cohorts bounds the cohorts.
	Cohorts int
	// Confirmed says whether the actor of that hash is known, on a day since the epoch, to
	// attack: its alerts are no part of what is ordinary. Nil is nobody.
	Confirmed func(who uint64, day int64) bool
}

// Calibrator knows of every cohort how surprising the ordinary actor gets in a day, by
// the greatest surprise of each actor and day of the last seven.
//
// Method: with 2,000 actor-days the tail above the .98 quantile (or above less, so that
// there are at most 200 excesses) is a generalised Pareto (Siffer et al., "Anomaly
// detection in streams with extreme value theory", 2017, fitted by probability-weighted
// moments: Hosking and Wallis, 1987), with fewer it is their rank (conformal). What is
// kept is a histogram, so that its size and the cost of an event do not depend on the
// traffic; the actor carries which cell of it is its own today.
type Calibrator struct {
	settings Settings
	capped   func()
	cohorts  *keyed.Table[scale]
	today    leaders
	alerts   keyed.List[alerted] // of the days that are calibrated from
}

// alerted is an actor that alerted on a day, and how surprising it was.
type alerted struct {
	_msgpack    struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Cohort, Who uint64
	Day         uint32
	Cell        uint8
}

// Mark is how surprising an actor got today. 8 bytes.
type Mark struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      uint32
	Cell     uint8
	Alerted  bool
}

const (
	cells  = 128
	days   = 7 // that are calibrated from
	enough = 2000
	level  = 0.98
	most   = 200 // excesses
	// habit is the part of the actors of a cohort that must do alike, company how many
	// at least, for it to be no attack.
	habit, company = 0.15, 3
)

// leaders are the most surprising actors that alerted today.
type leaders struct {
	_msgpack struct{} `msgpack:",as_array"` //nolint:unused // read by msgpack
	Day      uint32
	Scores   keyed.List[float64]
}

// New makes a Calibrator; evicted and capped count cohorts forgotten for want of room,
// and alerts held back by the cap.
func New(s Settings, evicted, capped func()) *Calibrator {
	return &Calibrator{settings: s, capped: capped, cohorts: keyed.NewTable[scale](s.Cohorts, evicted)}
}

// Judge takes note of the surprise of an actor of a cohort and says whether it alerts,
// and the bar it was held against. It must be called for actors that surprise by
// nothing too: a share is one of all.
func (c *Calibrator) Judge(cohort uint64, now int64, m *Mark, surprise float64) (alert bool, bar float64) {
	day, cell := uint32(max(0, now)/Day), cellOf(surprise)
	// Most events change nothing.
	if m.Day == day && cell <= m.Cell && surprise < c.settings.Floor {
		return false, c.settings.Floor
	}
	s := c.cohorts.Touch(cohort)
	if day > s.Day {
		c.turn(s, cohort, day)
	}
	if m.Day < day {
		*m = Mark{Day: day, Cell: cell}
		s.Cells[s.Day%(days+1)][cell]++
	} else if cell > m.Cell {
		today := &s.Cells[s.Day%(days+1)]
		if today[m.Cell] > 0 {
			today[m.Cell]--
		}
		today[cell]++
		m.Cell = cell
	}
	if surprise < s.Bar || c.settings.Cold > 0 && s.crowd(m, c.settings.Floor) {
		return false, s.Bar
	}
	return c.leads(day, m, surprise), s.Bar
}

// crowd says whether, on its first day, so many others of the cohort surprise as well,
// half as much as would alert, that this is what the cohort does and nobody's attack.
// Later the cohort knows.
func (s *scale) crowd(m *Mark, floor float64) bool {
	if m.Alerted || s.Day > s.First {
		return false
	}
	all, others := 0.0, -1.0 // m is one
	for cell, n := range s.Cells[s.Day%(days+1)] {
		all += float64(n)
		if edge(cell) >= floor/2 {
			others += float64(n)
		}
	}
	return others >= company && others >= habit*all
}

// leads says whether an alert is among the most surprising of the day.
func (c *Calibrator) leads(day uint32, m *Mark, surprise float64) bool {
	if m.Alerted {
		return true
	}
	t := &c.today
	if day > t.Day {
		t.Day, t.Scores = day, t.Scores[:0]
	}
	i, _ := slices.BinarySearch(t.Scores, surprise)
	if len(t.Scores) >= c.settings.Cap {
		if i == 0 {
			if c.capped != nil {
				c.capped()
			}
			return false
		}
		copy(t.Scores, t.Scores[1:i])
		t.Scores[i-1] = surprise
	} else {
		t.Scores = slices.Insert(t.Scores, i, surprise)
	}
	m.Alerted = true
	return true
}

// Alerted takes note that the actor of m alerted, so that its day is left out should people
// confirm that it attacked. Days of which there were more alerts than the cap are whole.
func (c *Calibrator) Alerted(cohort, who uint64, m *Mark) {
	for i := len(c.alerts) - 1; i >= 0; i-- {
		if a := &c.alerts[i]; a.Who == who && a.Cohort == cohort && a.Day == m.Day {
			a.Cell = m.Cell
			return
		}
	}
	if c.alerts = slices.DeleteFunc(c.alerts, func(a alerted) bool { return a.Day+days < m.Day }); len(c.alerts) < (days+1)*c.settings.Cap {
		c.alerts = append(c.alerts, alerted{Cohort: cohort, Who: who, Day: m.Day, Cell: m.Cell})
	}
}

// turn begins a day: the bar follows from those that are over, less the alerts that
// people have confirmed by then.
func (c *Calibrator) turn(s *scale, cohort uint64, day uint32) {
	for d := max(s.Day+1, day-min(day, days)); d <= day; d++ {
		s.Cells[d%(days+1)] = [cells]uint32{}
	}
	if s.First == 0 {
		s.First = day
	} else if s.Day <= s.First+1 {
		s.Cells[s.Day%(days+1)] = [cells]uint32{}
	}
	s.Day = day
	var sum [cells]float64
	n := 0.0
	for d := range s.Cells {
		for i, k := range s.Cells[d] {
			sum[i] += float64(k)
			n += float64(k)
		}
	}
	if s.First == day {
		s.Bar = max(c.settings.Floor, c.settings.Cold)
		return
	}
	for i := range c.alerts {
		a := &c.alerts[i]
		if a.Cohort == cohort && a.Day+days >= day && a.Day < day && sum[a.Cell] > 0 && c.settings.Confirmed != nil && c.settings.Confirmed(a.Who, int64(day)) {
			sum[a.Cell]--
			n--
		}
	}
	s.Bar = min(c.settings.Ceiling, max(c.settings.Floor, bar(&sum, n, c.settings.Budget)))
}

// Capture adds the state to p.
func (c *Calibrator) Capture(p *keyed.Capture) {
	c.cohorts.Capture(p)
	p.Value(&c.today)
	p.Value(c.alerts)
}

// Decode reads what was captured into c, which must be new.
func (c *Calibrator) Decode(d *msgpack.Decoder) error {
	if err := c.cohorts.Decode(d, (*scale).valid); err != nil {
		return err
	}
	if err := d.Decode(&c.today); err != nil {
		return err
	}
	if t := &c.today; len(t.Scores) > c.settings.Cap {
		t.Scores = t.Scores[len(t.Scores)-c.settings.Cap:]
	}
	if !sound(c.today.Scores...) || !slices.IsSorted(c.today.Scores) {
		return fmt.Errorf("%d alerts of a day out of order", len(c.today.Scores))
	}
	if err := d.Decode(&c.alerts); err != nil {
		return err
	}
	for i := range c.alerts {
		if c.alerts[i].Cell >= cells || len(c.alerts) > (days+1)*c.settings.Cap {
			return fmt.Errorf("%d alerts, one of cell %d of %d", len(c.alerts), c.alerts[i].Cell, cells)
		}
	}
	return nil
}

// Valid says what is wrong with a decoded mark.
func (m *Mark) Valid() error {
	if m.Cell >= cells {
		return fmt.Errorf("cell %d of %d", m.Cell, cells)
	}
	return nil
}
