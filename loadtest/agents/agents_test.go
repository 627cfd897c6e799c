package agents_test

import (
	"hash/fnv"
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/event"
)

func world(tb testing.TB, o agents.Options) *agents.World {
	tb.Helper()
	w, err := agents.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// every is one attack of every kind and intensity.
func every() (list []agents.Attack) {
	for _, k := range agents.Kinds() {
		for i := range agents.Intensities {
			list = append(list, agents.Attack{Kind: k, Intensity: i})
		}
	}
	return list
}

// day is the last day of o.
func day(tb testing.TB, o agents.Options, attacks []agents.Attack) (list []*agents.Transaction) {
	tb.Helper()
	if err := world(tb, o).Day(o.Days-1, attacks, func(t *agents.Transaction) error {
		list = append(list, t)
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return list
}

func hash(tb testing.TB, o agents.Options) (sum uint64, n int) {
	tb.Helper()
	h := fnv.New64a()
	var b []byte
	err := world(tb, o).Each(every(), func(t *agents.Transaction) (err error) {
		n++
		h.Write(event.Encode(nil, t.Event))
		b, err = t.AppendLine(b[:0])
		h.Write(b)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return h.Sum64(), n
}

func small() agents.Options {
	o := agents.Defaults()
	o.Customers, o.Days, o.Sales, o.Deploys, o.Holidays = 200, 2, []int{1}, []int{1}, nil
	return o
}

func TestSameSeedSameBytes(t *testing.T) {
	o := small()
	one, n := hash(t, o)
	two, _ := hash(t, o)
	o.Seed++
	other, _ := hash(t, o)
	if one != two || one == other {
		t.Errorf("hashes %x and %x of one seed, %x of another", one, two, other)
	}
	if n < 15_000 {
		t.Errorf("%d transactions of two days", n)
	}
}

// The ordinary traffic is the same, whatever attacks are in it: the difference is
// theirs alone.
func TestAttacksChangeNothingAroundThem(t *testing.T) {
	ordinary := func(attacks []agents.Attack) (lines []string) {
		for _, x := range day(t, small(), attacks) {
			if x.Attack == nil {
				x.Event.ID, x.Event.Sequence = [16]byte{}, 0
				lines = append(lines, string(event.Encode(nil, x.Event)))
			}
		}
		return lines
	}
	with, without := ordinary(every()), ordinary(nil)
	if len(with) != len(without) || len(with) < 5000 {
		t.Fatalf("%d with attacks, %d without", len(with), len(without))
	}
	for i := range with {
		if with[i] != without[i] {
			t.Fatalf("transaction %d differs", i)
		}
	}
}

func TestLabels(t *testing.T) {
	all := day(t, small(), every())
	seen := map[string]int{}
	last := int64(0)
	for i, x := range all {
		if x.Event.RequestTime < last {
			t.Fatalf("transaction %d goes back in time", i)
		}
		last = x.Event.RequestTime
		if x.Attack == nil {
			continue
		}
		seen[x.Attack.String()]++
		switch x.Attack.Kind.Name {
		case "stuffing", "stuffing-spread", "spray", "brute":
			if x.User == "" || string(x.Event.Path) != "/v1/login" {
				t.Fatalf("%s: %s of user %q", x.Attack, x.Event.Path, x.User)
			}
		case "scan":
			if x.Event.Status != 404 || x.Template != "" {
				t.Fatalf("%s: %d at %q", x.Attack, x.Event.Status, x.Template)
			}
		case "walk", "objects", "rotation":
			if x.Object == "" || !x.Event.Authenticated() {
				t.Fatalf("%s: object %q, principal %s", x.Attack, x.Object, x.Event.Principal())
			}
		}
	}
	for _, a := range every() {
		// As many as its rate allows in the rest of the day, or as there are at most.
		n, rate := seen[a.String()], a.Rate()
		most := a.Kind.Most
		if a.Kind.Name == "unpaid" || a.Kind.Name == "fetch" {
			most *= 2 // two requests a step
		}
		if n == 0 || n > most || a.Intensity == agents.Intensities-1 && n != most {
			t.Errorf("%s: %d transactions at %.0f an hour, at most %d", &a, n, rate, most)
		}
	}
	if want := 30 * agents.Intensities; len(seen) != want || len(every()) != want {
		t.Errorf("%d attacks seen, %d made, want %d", len(seen), len(every()), want)
	}
}

func TestCohorts(t *testing.T) {
	type habit struct{ events, principals, addresses map[string]int }
	habits := map[agents.Cohort]*habit{}
	failed, gone, v2 := 0, 0, 0
	hours := make([]int, 24)
	for _, x := range day(t, small(), nil) {
		h := habits[x.Cohort]
		if h == nil {
			h = &habit{map[string]int{}, map[string]int{}, map[string]int{}}
			habits[x.Cohort] = h
		}
		h.events[x.Template]++
		h.principals[x.Event.Principal()]++
		h.addresses[string(x.Event.Client.Address)]++
		if x.Cohort == agents.Shopper || x.Cohort == agents.Visitor {
			hours[x.Event.Time().Hour()]++
		}
		switch {
		case x.User != "" && x.Event.Status == 401:
			failed++
		case x.Event.Status == 410:
			gone++
		case x.Template == "/v2/wallet/cards":
			v2++
		}
	}
	for c, want := range map[agents.Cohort][2]int{
		agents.Phone: {60, 140}, agents.Desk: {60, 400}, agents.Shopper: {80, 2000}, agents.Visitor: {25, 120},
		agents.Partner: {5, 5}, agents.Batch: {2, 2}, agents.Support: {12, 12}, agents.Crawler: {3, 3},
	} {
		h := habits[c]
		if h == nil || len(h.principals) < want[0] || len(h.principals) > want[1] {
			t.Errorf("%s: %d principals, want %d to %d", c, len(h.principals), want[0], want[1])
			continue
		}
		total, most := 0, 0
		for _, n := range h.principals {
			total, most = total+n, max(most, n)
		}
		if c == agents.Phone && most < 4*total/len(h.principals) {
			t.Errorf("%s: the busiest made %d of %d by %d: no heavy tail", c, most, total, len(h.principals))
		}
		t.Logf("%s: %d transactions, %d principals, %d addresses, the busiest %d", c, total, len(h.principals), len(h.addresses), most)
	}
	if hours[12] < 2*hours[15] {
		t.Errorf("%d in the hour of the sale, %d later", hours[12], hours[15])
	}
	if failed == 0 || gone == 0 || v2 == 0 {
		t.Errorf("%d logins refused, %d calls of what the deploy removed, %d of what it brought", failed, gone, v2)
	}
	if n := len(habits[agents.Support].addresses); n != 1 {
		t.Errorf("support sits behind %d addresses", n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, change := range map[string]func(*agents.Options){
		"customers": func(o *agents.Options) { o.Customers = 3 }, "days": func(o *agents.Options) { o.Days = 0 },
		"tenant": func(o *agents.Options) { o.Tenant = "" }, "midnight": func(o *agents.Options) { o.Start = o.Start.Add(1) },
	} {
		o := agents.Defaults()
		change(&o)
		if _, err := agents.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := world(t, small()).Day(2, nil, nil); err == nil {
		t.Error("a day that is not there")
	}
	if err := world(t, small()).Day(1, []agents.Attack{{Kind: agents.Kinds()[0], Intensity: 5}}, nil); err == nil {
		t.Error("a sixth intensity")
	}
}

// BenchmarkDay is the making of one day, as events and as lines; events/s is what
// matters.
func BenchmarkDay(b *testing.B) {
	w := world(b, agents.Defaults())
	var line []byte
	for name, use := range map[string]func(*agents.Transaction) error{
		"events": func(*agents.Transaction) error { return nil },
		"lines":  func(t *agents.Transaction) (err error) { line, err = t.AppendLine(line[:0]); return err },
	} {
		b.Run(name, func(b *testing.B) {
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Day(0, nil, func(t *agents.Transaction) error { n++; return use(t) }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
