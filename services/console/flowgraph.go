package console

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	sequence "github.com/miradorhq/mirador/pkg/flow"
)

// flowPicture is the drawing of business flows: operations in layers, what comes first
// above, between them the ways that sessions take and what must come before what.
type flowPicture struct {
	Width, Height float64
	Boxes         []opBox
	Lines         []opLine
	Hidden        int // operations beyond those that are drawn
}

// opBox is an operation.
type opBox struct {
	ID, Method, Path   string
	Name               string // method and path, however long
	Sessions, Findings uint64
	X, Y               float64
	layer              int
	order              float64
}

// opLine is a way between two operations.
type opLine struct {
	Path, Says string
	Kind       string // "must" where SEQ-01 holds to it, "back" where it leads up, else "way"
	Width      float64
}

// Lengths in units of the picture.
const (
	boxWidth, boxHeight = 214.0, 52.0
	boxGap, rowGap      = 28.0, 58.0
	boxesInRow          = 4
	drawnOperations     = 20
	drawnShare          = 0.05 // of the sessions of either end, from which a way is drawn
)

// Right and Middle and Bottom are where things at the box stand.
func (b opBox) Right() float64  { return b.X + boxWidth - 10 }
func (b opBox) Middle() float64 { return b.X + boxWidth/2 }
func (b opBox) Bottom() float64 { return b.Y + boxHeight }
func (b opBox) Left() float64   { return b.X + 12 }
func (b opBox) Line1() float64  { return b.Y + 21 }
func (b opBox) Line2() float64  { return b.Y + 40 }

// newFlowPicture draws the operations of most sessions, and those that have findings or
// are mandatory for one that is drawn.
func newFlowPicture(g *sequence.Graph, skipped map[string]uint64) flowPicture {
	var p flowPicture
	at := map[string]int{}
	musts := mandatory(g.Prerequisites)
	wanted := map[string]bool{}
	for _, m := range musts {
		wanted[m.Before], wanted[m.Operation] = true, true
	}
	for i, o := range g.Operations {
		if i >= drawnOperations && (!wanted[o.ID] && skipped[o.ID] == 0 || len(p.Boxes) >= 2*drawnOperations) {
			p.Hidden++
			continue
		}
		at[o.ID] = len(p.Boxes)
		method, path, _ := strings.Cut(o.Endpoint, " ")
		path = strings.TrimPrefix(path, g.Host)
		p.Boxes = append(p.Boxes, opBox{ID: o.ID, Method: method, Path: pathEnd(path), Name: method + " " + path, Sessions: o.Sessions, Findings: skipped[o.ID]})
	}
	ways := drawnMoves(g.Moves, at, p.Boxes)
	p.place(ways, at)
	most := uint64(1)
	for _, m := range ways {
		most = max(most, m.Sessions)
	}
	for _, m := range ways {
		from, to := &p.Boxes[at[m.From]], &p.Boxes[at[m.To]]
		l := opLine{Kind: "way", Width: 1 + 4*math.Sqrt(float64(m.Sessions)/float64(most))}
		if l.Path = curve(from, to, 0); to.layer <= from.layer {
			l.Kind = "back"
		}
		l.Says = fmt.Sprintf("%s, then %s: %d sessions, %s of those that came to it", from.Name, to.Name, m.Sessions, percent(float64(m.Sessions)/float64(max(1, to.Sessions))))
		p.Lines = append(p.Lines, l)
	}
	for _, m := range musts {
		i, ok := at[m.Before]
		j, there := at[m.Operation]
		if ok && there {
			from, to := &p.Boxes[i], &p.Boxes[j]
			p.Lines = append(p.Lines, opLine{Path: curve(from, to, 16), Kind: "must", Width: 2.5, Says: fmt.Sprintf("%s must come before %s", from.Name, to.Name)})
		}
	}
	return p
}

// mandatory are the prerequisites that hold, but those that follow from others.
func mandatory(all []sequence.Prerequisite) (out []sequence.Prerequisite) {
	must := map[[2]string]bool{}
	for i := range all {
		if all[i].Mandatory() {
			must[[2]string{all[i].Before, all[i].Operation}] = true
		}
	}
	for i := range all {
		p := &all[i]
		if !p.Mandatory() {
			continue
		}
		follows := slices.ContainsFunc(all, func(q sequence.Prerequisite) bool {
			return q.Before != p.Before && q.Operation == p.Operation && q.Mandatory() && must[[2]string{p.Before, q.Before}] && !must[[2]string{q.Before, p.Before}]
		})
		if !follows {
			out = append(out, *p)
		}
	}
	return out
}

// drawnMoves are the ways between boxes that a fair part of sessions take, the widest
// first.
func drawnMoves(all []sequence.Move, at map[string]int, boxes []opBox) (out []sequence.Move) {
	leaving := map[string]uint64{}
	for _, m := range all {
		leaving[m.From] += m.Sessions
	}
	for _, m := range all {
		_, ok := at[m.From]
		i, there := at[m.To]
		if ok && there && m.From != m.To && float64(m.Sessions) >= drawnShare*float64(min(boxes[i].Sessions, leaving[m.From])) {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b sequence.Move) int {
		return cmp.Or(cmp.Compare(b.Sessions, a.Sessions), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return out
}

// place gives each box its layer, the longest way of the widest moves that leads to it,
// and its place in it, below where sessions come from.
func (p *flowPicture) place(ways []sequence.Move, at map[string]int) {
	next, reaches := make([][]int, len(p.Boxes)), make([]map[int]bool, len(p.Boxes))
	for i := range reaches {
		reaches[i] = map[int]bool{i: true}
	}
	for _, m := range ways { // what would close a circle leads up
		from, to := at[m.From], at[m.To]
		if reaches[to][from] {
			continue
		}
		next[from] = append(next[from], to)
		for i := range reaches {
			if reaches[i][from] {
				maps.Copy(reaches[i], reaches[to])
			}
		}
	}
	for range p.Boxes { // the longest way has fewer steps than there are boxes
		for i := range next {
			for _, to := range next[i] {
				p.Boxes[to].layer = max(p.Boxes[to].layer, p.Boxes[i].layer+1)
			}
		}
	}
	order := make([]int, len(p.Boxes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.Boxes[a].layer, p.Boxes[b].layer) })
	p.Width = boxesInRow*boxWidth + (boxesInRow-1)*boxGap + 80 // room for ways that lead up
	row := 0
	for len(order) > 0 {
		n := 1
		for n < len(order) && p.Boxes[order[n]].layer == p.Boxes[order[0]].layer {
			n++
		}
		p.layer(order[:n], &row, next)
		order = order[n:]
	}
	p.Height = float64(row)*(boxHeight+rowGap) - rowGap + 16
}

// layer places the boxes of a layer in as many rows as they need.
func (p *flowPicture) layer(boxes []int, row *int, next [][]int) {
	slices.SortStableFunc(boxes, func(a, b int) int {
		return cmp.Or(cmp.Compare(p.Boxes[a].order, p.Boxes[b].order), cmp.Compare(p.Boxes[b].Sessions, p.Boxes[a].Sessions))
	})
	for len(boxes) > 0 {
		n := min(boxesInRow, len(boxes))
		left := (p.Width - 80 - float64(n)*boxWidth - float64(n-1)*boxGap) / 2
		for k, i := range boxes[:n] {
			b := &p.Boxes[i]
			b.X, b.Y = left+float64(k)*(boxWidth+boxGap), 8+float64(*row)*(boxHeight+rowGap)
			for _, j := range next[i] {
				p.Boxes[j].order = max(p.Boxes[j].order, b.Middle())
			}
		}
		boxes = boxes[n:]
		*row++
	}
}

// curve leads from the lower edge of a box to the upper edge of another, or, where that
// stands no lower, around on the right.
func curve(from, to *opBox, shift float64) string {
	if to.Y > from.Y {
		x1, y1, x2, y2 := from.Middle()+shift, from.Bottom(), to.Middle()+shift, to.Y-5
		bend, aside := math.Min(60, (y2-y1)/2+12), 0.0
		if y2-y1 > boxHeight+rowGap { // there may be boxes between: past them, a mandatory one on the other side
			bend, aside = (y2-y1)/3, 0.7*(boxWidth+boxGap)
			if shift > 0 {
				aside = -aside
			}
		}
		return fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, x1+aside, y1+bend, x2+aside, y2-bend, x2, y2)
	}
	x1, y1, x2, y2 := from.X+boxWidth, from.Y+boxHeight/2+shift/2, to.X+boxWidth+5, to.Y+boxHeight/2+shift/2
	out := math.Max(x1, x2) + 34
	return fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x1, y1, out, y1, out, y2, x2, y2)
}

// longestPath is how many characters of a path have room in a box.
const longestPath = 27

// pathEnd is path, or its end where it has no room.
func pathEnd(path string) string {
	if r := []rune(path); len(r) > longestPath {
		return "…" + string(r[len(r)-longestPath+1:])
	}
	return path
}
