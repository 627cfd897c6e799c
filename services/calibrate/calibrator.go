package calibrate

import (
	"errors"
	"fmt"
	"math"
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
	// Cap is how many actors a day may alert at most: the most surprising ones.
	Cap int
	// Cohorts bounds the cohorts.
	Cohorts int
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
)

// scale is that of a cohort.
type scale struct {
	// First is the day on which it was first seen. For 48 hours everything is new, and
	// what was reached then tells nothing of what is ordinary.
	First, Day uint32
	Bar        float64
	// Cells are the days, that of Day at Day%(days+1).
	Cells [days + 1][cells]uint32
}

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
		c.turn(s, day)
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
	return surprise >= s.Bar && c.leads(day, m, surprise), s.Bar
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

// turn begins a day: the bar follows from those that are over.
func (c *Calibrator) turn(s *scale, day uint32) {
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
	s.Bar = min(c.settings.Ceiling, max(c.settings.Floor, bar(&sum, n, c.settings.Budget)))
}

// bar is the surprise that a part q of n actor-days exceeds.
func bar(sum *[cells]float64, n, q float64) float64 {
	if n == 0 {
		return 0
	}
	if n < enough {
		return edge(rank(sum, q*(n+1)-1))
	}
	// The excesses: the cells above the level, or above so much that they are few.
	top := rank(sum, min(most, (1-level)*n))
	t := edge(top)
	var above, first, second float64
	for i := cells - 1; i >= top; i-- {
		// Of the k in a cell, above+1 to above+k by rank from the greatest.
		k := sum[i]
		x := middle(i) - t
		first += k * x
		second += x * (k*above + k*(k-1)/2)
		above += k
	}
	if above < 10 || above <= q*n {
		return edge(rank(sum, q*n))
	}
	a0, a1 := first/above, second/(above*(above-1))
	// a1 weighs each excess by the part of those that are greater.
	shape, scale := 0.0, a0
	if d := a0 - 2*a1; d > 1e-9 {
		shape = min(0.5, max(-0.5, 2-a0/d))
		scale = a0 * (1 - shape)
	}
	if math.Abs(shape) < 1e-6 {
		return t + scale*math.Log(above/(q*n))
	}
	return t + scale/shape*(math.Pow(above/(q*n), shape)-1)
}

// rank is the least cell at and above which there are at most k; one past the highest
// that has any where k is less than one.
func rank(sum *[cells]float64, k float64) int {
	above := 0.0
	for i := cells - 1; i >= 0; i-- {
		if above += sum[i]; above > max(0, k) {
			return i + 1
		}
	}
	return 0
}

// Cells are an eighth wide at first and wider further up: the last begins at 1,600.
func cellOf(surprise float64) uint8 {
	if !(surprise > 0) {
		return 0
	}
	return uint8(min(cells-1, 12*math.Log2(1+surprise)))
}

// edge is the least surprise of a cell, middle one that stands for it.
func edge(cell int) float64   { return math.Exp2(float64(cell)/12) - 1 }
func middle(cell int) float64 { return math.Exp2((float64(cell)+0.5)/12) - 1 }

// Encode writes the state.
func (c *Calibrator) Encode(e *msgpack.Encoder) error {
	return errors.Join(c.cohorts.Encode(e), e.Encode(&c.today))
}

// Decode reads what Encode wrote into c, which must be new.
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
	return nil
}

// EncodeMsgpack implements msgpack.CustomEncoder.
func (s *scale) EncodeMsgpack(e *msgpack.Encoder) error {
	if err := e.EncodeMulti(s.First, s.Day, s.Bar); err != nil {
		return err
	}
	for d := range s.Cells {
		if err := encodeSparse(e, s.Cells[d][:]); err != nil {
			return err
		}
	}
	return nil
}

// DecodeMsgpack implements msgpack.CustomDecoder.
func (s *scale) DecodeMsgpack(d *msgpack.Decoder) error {
	*s = scale{}
	if err := d.DecodeMulti(&s.First, &s.Day, &s.Bar); err != nil {
		return err
	}
	for i := range s.Cells {
		if err := decodeSparse(d, s.Cells[i][:]); err != nil {
			return err
		}
	}
	return nil
}

func (s *scale) valid() error {
	if !sound(s.Bar) {
		return errors.New("bar is not a number")
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
