package regimes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Flow is the picture of what goes to whom: kinds of data on the left, who is served on
// the right, between them ribbons as wide as there are fields.
type Flow struct {
	Height  float64
	Left    []Box
	Right   []Box
	Ribbons []Ribbon
}

// Box is a bar with its label. Lengths are in units of the picture.
type Box struct {
	Name    string
	Y, H    float64
	Fields  int
	Warning bool // reaches somebody outside
}

// Mid is where its label stands.
func (b Box) Mid() float64 { return b.Y + b.H/2 }

// Ribbon goes from one bar to another, as an SVG path.
type Ribbon struct {
	Path     string
	From, To string
	Fields   int
	Warning  bool
}

// The picture is flowWidth units wide, bars stand at flowLeft and flowRight.
const (
	flowWidth = 900
	flowLeft  = 260
	flowRight = 640
	flowBar   = 14
	flowGap   = 14
	flowLeast = 12.0
)

// NewFlow draws fields. One that several kinds of callers are served is drawn once for
// each; one that nobody was served yet goes to "not served yet".
func NewFlow(set *Set, fields []Field) Flow {
	type pair struct{ from, to string }
	count := map[pair]int{}
	for i := range fields {
		to := fields[i].Exposed
		if len(to) == 0 {
			to = []string{"not served yet"}
		}
		for _, t := range to {
			count[pair{set.Title(fields[i].Class), t}]++
		}
	}
	if len(count) == 0 {
		return Flow{}
	}
	pairs := make([]pair, 0, len(count))
	left, right := map[string]int{}, map[string]int{}
	places := map[string]int{} // fields of a kind, however many they are served to
	for i := range fields {
		places[set.Title(fields[i].Class)]++
	}
	for p, n := range count {
		pairs = append(pairs, p)
		left[p.from] += n
		right[p.to] += n
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(set.order(a.from), set.order(b.from)), cmp.Compare(Reach(a.to), Reach(b.to)), cmp.Compare(a.from+a.to, b.from+b.to))
	})
	most := 0
	for _, n := range left {
		most += n
	}
	unit := math.Min(18, 420/float64(most))
	var f Flow
	bars := func(total map[string]int, order func(a, b string) int, warn func(string) bool) (boxes []Box, height float64) {
		names := make([]string, 0, len(total))
		for name := range total {
			names = append(names, name)
		}
		slices.SortFunc(names, order)
		y := 4.0
		for _, name := range names {
			h := math.Max(flowLeast, unit*float64(total[name]))
			boxes = append(boxes, Box{Name: name, Y: y, H: h, Fields: total[name], Warning: warn(name)})
			y += h + flowGap
		}
		return boxes, y
	}
	var a, b float64
	f.Left, a = bars(left, func(x, y string) int {
		return cmp.Or(cmp.Compare(set.order(x), set.order(y)), cmp.Compare(x, y))
	}, func(string) bool { return false })
	for i := range f.Left {
		f.Left[i].Fields = places[f.Left[i].Name]
	}
	f.Right, b = bars(right, func(x, y string) int { return cmp.Or(cmp.Compare(Reach(x), Reach(y)), cmp.Compare(x, y)) }, outside)
	f.Height = math.Max(a, b)
	used := map[string]float64{}
	at := func(boxes []Box, side, name string, n, total int) (y, h float64) {
		i := slices.IndexFunc(boxes, func(x Box) bool { return x.Name == name })
		h = boxes[i].H * float64(n) / float64(total)
		y = boxes[i].Y + used[side+name]
		used[side+name] += h
		return y, h
	}
	for _, p := range pairs {
		n := count[p]
		y1, h1 := at(f.Left, "left ", p.from, n, left[p.from])
		y2, h2 := at(f.Right, "right ", p.to, n, right[p.to])
		const from, to, mid = flowLeft + flowBar, flowRight, (flowLeft + flowBar + flowRight) / 2
		f.Ribbons = append(f.Ribbons, Ribbon{From: p.from, To: p.to, Fields: n, Warning: outside(p.to),
			Path: fmt.Sprintf("M%d %.1fC%d %.1f %d %.1f %d %.1fL%d %.1fC%d %.1f %d %.1f %d %.1fZ", from, y1, mid, y1, mid, y2, to, y2, to, y2+h2, mid, y2+h2, mid, y1+h1, from, y1+h1)})
	}
	return f
}

func outside(exposure string) bool {
	return exposure == Unauthenticated || exposure == Public || exposure == Partner
}

// byReach are exposures, the farthest first.
var byReach = []string{Unauthenticated, Public, Partner, Internal}

// Reach is the place of an exposure in the order of how far data gets, the farthest first.
func Reach(exposure string) int {
	if i := slices.Index(byReach, exposure); i >= 0 {
		return i
	}
	return len(byReach)
}

// noKind holds classes that are in no regime's scope.
const noKind = "other"

// Title is what the kind of a class is called.
func (s *Set) Title(class string) string {
	if k := s.KindOf(class); k != nil {
		return k.Title
	}
	return noKind
}

func (s *Set) order(title string) int {
	if i := slices.IndexFunc(s.Kinds, func(k Kind) bool { return k.Title == title }); i >= 0 {
		return i
	}
	return len(s.Kinds)
}
