package calibrate_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/miradorhq/mirador/services/calibrate"
	"github.com/miradorhq/mirador/services/keyed"
	"github.com/vmihailenco/msgpack/v5"
)

func TestCounterSlides(t *testing.T) {
	var c calibrate.Counter
	at := 100 * calibrate.Day
	c.Move(at)
	c.Add(10)
	if closed := c.Move(at + 4*calibrate.Minute); closed.Any() || c.Sum(0) != 10 || c.Sum(2) != 10 {
		t.Errorf("%+v after 4 minutes", c)
	}
	closed := c.Move(at + 7*calibrate.Minute + calibrate.Minute/2)
	if !closed.Is[0] || closed.N[0] != 10 || closed.Is[1] || c.Sum(0) != 5 || c.Sum(1) != 10 {
		t.Errorf("%+v, closed %+v: half of the window before is left", c, closed)
	}
	c.Move(at) // late
	if c.At != at+7*calibrate.Minute+calibrate.Minute/2 {
		t.Error("went back")
	}
	if closed := c.Move(at + 3*calibrate.Day); !closed.Is[2] || closed.N[2] != 10 || c.Sum(0)+c.Sum(1)+c.Sum(2) != 0 {
		t.Errorf("%+v, closed %+v after days", c, closed)
	}
}

// exact is P(X >= x) by its sum.
func exact(x int, mean, size float64) float64 {
	q := mean / (size + mean)
	p := math.Exp(size * math.Log1p(-q))
	below := 0.0
	for k := range x {
		below += p
		p *= q * (size + float64(k)) / float64(k+1)
	}
	return 1 - below
}

// Chernoff's bound must never call a count less probable than it is, and not be far off.
func TestTailIsABound(t *testing.T) {
	for _, mean := range []float64{0.1, 1, 5, 40} {
		for _, size := range []float64{0.1, 0.5, 2, 10} {
			for x := 1; x < 60; x++ {
				p := exact(x, mean, size)
				if p < 1e-11 {
					break
				}
				s := calibrate.Tail(float64(x), mean, size)
				if s > -math.Log10(p)+1e-9 {
					t.Fatalf("x %d mean %v size %v: %v says less than %v", x, mean, size, s, -math.Log10(p))
				}
				if float64(x) > 2*mean && s < -math.Log10(p)-2.6 {
					t.Errorf("x %d mean %v size %v: %v, exactly %v", x, mean, size, s, -math.Log10(p))
				}
			}
		}
	}
}

var prior = calibrate.Prior{Mean: [calibrate.Windows]float64{1, 2, 4}, Size: 2, Weight: 50, OwnWeight: 8, Least: 0.05}

func TestLimitIsWhereSurpriseBegins(t *testing.T) {
	var c calibrate.Cohort
	var own calibrate.Own
	for w := range calibrate.Windows {
		n := prior.Limit(&c, &own, w, 4)
		for _, x := range []float64{n - 1, n} {
			mean, size := prior.Expect(&c, &own, w)
			s := calibrate.Tail(x, mean, size) - math.Log10(calibrate.Windows*[]float64{288, 24, 1}[w])
			if (s >= 4) != (x == n) {
				t.Errorf("window %d: %v has %v, the limit is %v", w, x, s, n)
			}
		}
	}
}

// day shows the counts of actors on a day: visits of one window each.
func show(c *calibrate.Cohort, owns []calibrate.Own, day int, count func(i int) uint32) (changed bool) {
	for i := range owns {
		closed := calibrate.Closed{Is: [calibrate.Windows]bool{true, true, true}, N: [calibrate.Windows]uint32{count(i), count(i), count(i)}}
		changed = prior.Learn(c, &owns[i], &closed, int64(100+day)*calibrate.Day) || changed
	}
	return changed
}

// Two in a hundred who attack every day must not become what is usual, for the cohort or
// for themselves; the rest must.
func TestPoisonDoesNotTeach(t *testing.T) {
	clean, poisoned := &calibrate.Cohort{}, &calibrate.Cohort{}
	owns, bad := make([]calibrate.Own, 400), make([]calibrate.Own, 400)
	r := rand.New(rand.NewPCG(1, 2))
	for day := range 7 {
		ordinary := func(int) uint32 { return uint32(r.IntN(3)) }
		if show(clean, owns, day, ordinary) || show(poisoned, bad, day, func(i int) uint32 {
			if i%50 == 0 {
				return 200
			}
			return ordinary(i)
		}) {
			t.Fatal("a few were taken for all")
		}
	}
	for w := range calibrate.Windows {
		a, _ := prior.Expect(clean, &calibrate.Own{}, w)
		b, _ := prior.Expect(poisoned, &calibrate.Own{}, w)
		if b > 1.1*a || a < 0.7 || a > 1.6 {
			t.Errorf("window %d: mean %v, with poison %v", w, a, b)
		}
		if _, size := prior.Expect(poisoned, &calibrate.Own{}, w); size < 5 {
			t.Errorf("window %d: poison made the counts wild: size %v", w, size)
		}
	}
	if bad[0].Seen > 0 || bad[1].Less == 0 {
		t.Errorf("attacker learned %+v, customer %+v", bad[0], bad[1])
	}
	patient := prior
	patient.Patient = true
	var own calibrate.Own
	for day := range 14 {
		closed := calibrate.Closed{Is: [calibrate.Windows]bool{true, true, true}, N: [calibrate.Windows]uint32{40, 40, 40}}
		patient.Learn(clean, &own, &closed, int64(200+day)*calibrate.Day)
	}
	if mean, size := patient.Expect(clean, &own, 2); calibrate.Tail(40, mean, size) > 3 {
		t.Errorf("who is busy every day is still improbable: mean %v", mean)
	}
}

// A release changes everybody: it is said once, and learned.
func TestShiftOfACohort(t *testing.T) {
	var c calibrate.Cohort
	owns := make([]calibrate.Own, 200)
	for day := range 3 {
		show(&c, owns, day, func(int) uint32 { return 1 })
	}
	if !show(&c, owns, 3, func(int) uint32 { return 60 }) {
		t.Fatal("nothing was said")
	}
	said := 0
	for day := range 4 {
		if show(&c, owns, 4+day, func(int) uint32 { return 6 }) {
			said++
		}
	}
	if mean, _ := prior.Expect(&c, &calibrate.Own{}, 1); said > 0 || mean < 4 {
		t.Errorf("said %d times more; mean %v", said, mean)
	}
}

func calibrator() (*calibrate.Calibrator, *int) {
	held := new(int)
	return calibrate.New(calibrate.Settings{Budget: 5.0 / 20000, Floor: 3, Ceiling: 30, Cap: 20, Cohorts: 10}, nil, func() { *held++ }), held
}

// The bar must let through about as many as the budget, whatever the surprises of
// ordinary actors are like: exponential as a right model has them, or with a heavy tail.
func TestBudgetIsKept(t *testing.T) {
	for name, draw := range map[string]func(*rand.Rand) float64{
		"exponential": func(r *rand.Rand) float64 { return r.ExpFloat64() * 0.8 },
		"heavy":       func(r *rand.Rand) float64 { return 0.3 * (math.Pow(r.Float64(), -0.4) - 1) },
		"few":         func(r *rand.Rand) float64 { return max(0, 3*r.NormFloat64()-6) },
	} {
		c, _ := calibrator()
		r := rand.New(rand.NewPCG(3, 4))
		alerts := 0
		for day := range 30 {
			for range 20000 {
				var m calibrate.Mark
				if alert, _ := c.Judge(1, int64(100+day)*calibrate.Day, &m, draw(r)); alert && day >= 10 {
					alerts++
				}
			}
		}
		if a := float64(alerts) / 20; a > 9 {
			t.Errorf("%s: %.1f alerts a day, the budget is 5", name, a)
		} else {
			t.Logf("%s: %.1f alerts a day", name, a)
		}
	}
}

func TestCeilingAndCap(t *testing.T) {
	c, held := calibrator()
	// One in a hundred attacks on all days.
	for day := range 5 {
		for i := range 3000 {
			var m calibrate.Mark
			s := 0.5
			if i%100 == 0 {
				s = 300
			}
			c.Judge(1, int64(100+day)*calibrate.Day, &m, s)
		}
	}
	*held = 0
	alerts := 0
	marks := make([]calibrate.Mark, 100)
	for i := range marks {
		if alert, bar := c.Judge(1, 105*calibrate.Day, &marks[i], float64(31+i%2*50)); bar != 30 {
			t.Fatalf("bar %v, the ceiling is 30", bar)
		} else if alert {
			alerts++
		}
	}
	if alerts < 20 || alerts > 40 || *held == 0 {
		t.Errorf("%d alerts, %d held back; the 20 most surprising are wanted", alerts, *held)
	}
	if alert, _ := c.Judge(1, 105*calibrate.Day, &marks[1], 32); !alert {
		t.Error("who alerted today must go on to")
	}
}

func TestStateIsKept(t *testing.T) {
	c, _ := calibrator()
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 5000 {
		var m calibrate.Mark
		c.Judge(uint64(i%3), int64(100+i/1000)*calibrate.Day, &m, 10*r.ExpFloat64())
	}
	var a, b bytes.Buffer
	save := func(c *calibrate.Calibrator, w *bytes.Buffer) error {
		var p keyed.Capture
		c.Capture(&p)
		return p.Write(msgpack.NewEncoder(w))
	}
	if err := save(c, &a); err != nil {
		t.Fatal(err)
	}
	d, _ := calibrator()
	if err := d.Decode(msgpack.NewDecoder(bytes.NewReader(a.Bytes()))); err != nil {
		t.Fatal(err)
	}
	if err := save(d, &b); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatalf("another state (%v)", err)
	}
	for i := range 1000 {
		var m, n calibrate.Mark
		s := 20 * r.ExpFloat64()
		x, y := c.Judge(uint64(i%4), 106*calibrate.Day, &m, s)
		if v, w := d.Judge(uint64(i%4), 106*calibrate.Day, &n, s); v != x || w != y || m != n {
			t.Fatalf("decided otherwise after a restore")
		}
	}
	for n := 0; n < a.Len(); n += 97 {
		if err := calibrate.New(calibrate.Settings{Cohorts: 10, Cap: 20}, nil, nil).Decode(msgpack.NewDecoder(bytes.NewReader(a.Bytes()[:n]))); err == nil {
			t.Fatalf("%d of %d bytes are no state", n, a.Len())
		}
	}
}

// A rush of all is told from one who rushes, goes by, and does not become usual by itself.
func TestPaceTellsARush(t *testing.T) {
	var p calibrate.Pace
	now := 100 * calibrate.Day
	window := func(each int) {
		for i := range 40 * each {
			p.See(now+int64(i), i < 40)
		}
		now += 5 * calibrate.Minute
	}
	for range 20 {
		window(2)
	}
	if f := p.Factor(); f > 1.1 {
		t.Fatalf("an ordinary hour is %v times the usual", f)
	}
	window(20)
	window(20)
	if f := p.Factor(); f < 6 {
		t.Errorf("ten times as much is %v times the usual", f)
	}
	for range 3 {
		window(2)
	}
	if f := p.Factor(); f > 1.2 {
		t.Errorf("after the rush it is %v", f)
	}
	for range 3 {
		now += calibrate.Hour
		p.See(now, true)
	}
	if f := p.Factor(); f != 1 {
		t.Errorf("one actor alone is %v", f)
	}
}

func BenchmarkJudge(b *testing.B) {
	var c calibrate.Cohort
	bars, _ := calibrator()
	marks, owns, counts := make([]calibrate.Mark, 10000), make([]calibrate.Own, 10000), make([]calibrate.Counter, 10000)
	i, now := 0, 100*calibrate.Day
	b.ReportAllocs()
	for b.Loop() {
		k := i * 7919 % len(marks)
		now += calibrate.Second / 100
		i++
		closed := counts[k].Move(now)
		prior.Learn(&c, &owns[k], &closed, now)
		counts[k].Add(1)
		s, _ := prior.Surprise(&c, &owns[k], &counts[k])
		bars.Judge(1, now, &marks[k], s)
	}
}

// Who is confirmed to attack has no part in what is ordinary: neither its days, nor what
// it does from then on.
func TestConfirmedAlertsAreLeftOut(t *testing.T) {
	confirmed := map[uint64]bool{}
	s := calibrate.Settings{Budget: 5.0 / 20000, Floor: 3, Ceiling: 30, Cap: 20, Cohorts: 10, Confirmed: func(who uint64, _ int64) bool { return confirmed[who] }}
	bar := func(s calibrate.Settings) float64 {
		c := calibrate.New(s, nil, nil)
		last := 0.0
		for day := range 5 {
			for i := range 300 {
				var m calibrate.Mark
				surprise := 0.5
				if i < 3 {
					surprise = 20
				}
				var alert bool
				if alert, last = c.Judge(1, int64(100+day)*calibrate.Day, &m, surprise); alert {
					c.Alerted(1, uint64(i), &m)
				}
			}
		}
		return last
	}
	before := bar(s)
	for who := range uint64(3) {
		confirmed[who] = true
	}
	if after := bar(s); before < 15 || after > 5 {
		t.Errorf("the bar is %v with the attackers, %v without", before, after)
	}
	var c calibrate.Cohort
	var own calibrate.Own
	deaf := prior
	deaf.Deaf = true
	closed := calibrate.Closed{Is: [calibrate.Windows]bool{true, true, true}, N: [calibrate.Windows]uint32{1, 1, 1}}
	deaf.Learn(&c, &own, &closed, 100*calibrate.Day)
	if c != (calibrate.Cohort{}) || own != (calibrate.Own{}) {
		t.Errorf("it taught %+v, %+v", c, own)
	}
}
