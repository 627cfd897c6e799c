package console

import "time"

// span is a time range that ends now, and the width of one point and one bar of its
// charts.
type span struct {
	Name, Label string
	Length      time.Duration
	Step, Bar   time.Duration
}

func spans() []span {
	return []span{
		{"15m", "15 minutes", 15 * time.Minute, 10 * time.Second, 30 * time.Second},
		{"1h", "1 hour", time.Hour, time.Minute, 2 * time.Minute},
		{"6h", "6 hours", 6 * time.Hour, 5 * time.Minute, 15 * time.Minute},
		{"24h", "24 hours", 24 * time.Hour, 15 * time.Minute, time.Hour},
		{"7d", "7 days", 7 * 24 * time.Hour, 2 * time.Hour, 6 * time.Hour},
		{"30d", "30 days", 30 * 24 * time.Hour, 8 * time.Hour, 24 * time.Hour},
	}
}

func spanByName(name string) (span, bool) {
	for _, s := range spans() {
		if s.Name == name {
			return s, true
		}
	}
	return span{}, false
}

func spanNames() []string {
	var out []string
	for _, s := range spans() {
		out = append(out, s.Name)
	}
	return out
}

// from is where the range starts at now, on a boundary of its step: so a point
// does not change its meaning between two refreshes.
func (s span) from(now time.Time) time.Time { return now.Add(-s.Length).Truncate(s.Step) }

// bars is the same range in steps of the width of a bar.
func (s span) bars() span { s.Step = s.Bar; return s }

// points are the starts of the steps from from up to now.
func (s span) points(from, now time.Time) []int64 {
	var out []int64
	for t := from; !t.After(now); t = t.Add(s.Step) {
		out = append(out, t.Unix())
	}
	return out
}
