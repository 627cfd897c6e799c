package console

import (
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// chart is what a figure draws. Its table is in the page too, for who does not see
// a canvas.
type chart struct {
	ID, Title, Note string
	Kind            string // lines or bars (stacked)
	Unit            string // after a number, as "/s"
	X               []int64
	Series          []series
}

// series is one line, or one colour of the stacks.
type series struct {
	Label  string    `json:"label"`
	Colour string    `json:"colour"` // a custom property of the style sheet
	Values []float64 `json:"values"`
}

// Empty says whether there is nothing to draw.
func (c chart) Empty() bool {
	for _, s := range c.Series {
		for _, v := range s.Values {
			if v != 0 {
				return false
			}
		}
	}
	return true
}

// Sum over all series.
func (c chart) Sum() float64 {
	var sum float64
	for _, s := range c.Series {
		sum += s.Total()
	}
	return sum
}

// Total of a series, for its legend.
func (s series) Total() float64 {
	var sum float64
	for _, v := range s.Values {
		sum += v
	}
	return sum
}

// chartRow is a row of the table.
type chartRow struct {
	Time   time.Time
	Values []float64
}

// Rows are those in which something is not zero, the newest first.
func (c chart) Rows() []chartRow {
	var out []chartRow
	for i := len(c.X) - 1; i >= 0; i-- {
		row := chartRow{Time: time.Unix(c.X[i], 0).UTC()}
		zero := true
		for _, s := range c.Series {
			row.Values = append(row.Values, s.Values[i])
			zero = zero && s.Values[i] == 0
		}
		if !zero {
			out = append(out, row)
		}
	}
	return out
}

func chartJSON(c chart) (string, error) {
	b, err := json.Marshal(struct {
		Kind   string   `json:"kind"`
		Unit   string   `json:"unit"`
		X      []int64  `json:"x"`
		Series []series `json:"series"`
	}{c.Kind, c.Unit, c.X, c.Series})
	return string(b), err
}

// trafficChart is in events a second.
func trafficChart(points []trafficPoint, sp span, from, now time.Time) chart {
	step := max(sp.Step, time.Second).Seconds()
	c := chart{ID: "traffic", Title: "Traffic", Kind: "lines", Unit: "/s", X: sp.points(from, now), Note: "Events a second, " + duration(sp.Step) + " a point, by time of request"}
	if sp.Step < time.Minute {
		c.Note = "Events a second, " + duration(sp.Step) + " a point, by time of receipt"
	}
	at := index(c.X)
	n := len(c.X)
	all, c4, c5, re := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for _, p := range points {
		i, ok := at[p.Start]
		if !ok {
			continue // stamped ahead of our clock
		}
		all[i], c4[i], c5[i], re[i] = float64(p.Hits)/step, float64(p.Client4xx)/step, float64(p.Server5xx)/step, float64(p.Refuse)/step
	}
	// The last step is not over: a share of it would look like a drop.
	if elapsed := now.Unix() - c.X[n-1]; elapsed > 0 && n > 1 {
		scale := step / float64(elapsed)
		if elapsed*3 < int64(step) {
			c.X, all, c4, c5, re = c.X[:n-1], all[:n-1], c4[:n-1], c5[:n-1], re[:n-1]
		} else {
			for _, v := range [][]float64{all, c4, c5, re} {
				v[n-1] *= scale
			}
		}
	}
	c.Series = []series{{"All", "--chart-1", all}, {"4xx", "--chart-2", c4}, {"5xx", "--chart-3", c5}, {"Refused by the edge", "--chart-4", re}}
	return c
}

func findingsChart(points []severityPoint, sp span, from, now time.Time) chart {
	c := chart{ID: "findings-over-time", Title: "Findings by severity", Kind: "bars", X: sp.points(from, now), Note: "Count, " + duration(sp.Step) + " a bar, by newest update"}
	at := index(c.X)
	bySeverity := map[string][]float64{}
	for _, p := range points {
		if bySeverity[p.Severity] == nil {
			bySeverity[p.Severity] = make([]float64, len(c.X))
		}
		if i, ok := at[p.Start]; ok {
			bySeverity[p.Severity][i] += float64(p.Count)
		}
	}
	for _, s := range severities() {
		v := bySeverity[s]
		if v == nil {
			v = make([]float64, len(c.X))
		}
		c.Series = append(c.Series, series{strings.ToUpper(s[:1]) + s[1:], "--sev-" + s, v})
	}
	return c
}

func index(x []int64) map[int64]int {
	at := make(map[int64]int, len(x))
	for i, t := range x {
		at[t] = i
	}
	return at
}
