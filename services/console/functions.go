package console

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
)

func functions() template.FuncMap {
	return template.FuncMap{
		"num": number, "dec": decimal, "pct": percent, "ms": milliseconds, "dur": duration, "ago": ago,
		"iso":        func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") },
		"date":       func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"clock":      func(t time.Time) string { return t.UTC().Format(time.TimeOnly) },
		"until":      func(now, t time.Time) string { return duration(t.Sub(now)) },
		"sub":        func(a, b time.Time) time.Duration { return a.Sub(b) },
		"severities": severities, "spans": spans, "moment": func(now, t time.Time) moment { return moment{now, t} },
		"status": func(s map[string]uint64, class string) uint64 { return s[class] },
		"types":  typeNames, "share": share, "datetime": func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.UTC().Format(dateLayout)
		},
		"safelink": func(base string, kv ...string) template.URL {
			q := url.Values{}
			for i := 0; i+1 < len(kv); i += 2 {
				q.Set(kv[i], kv[i+1])
			}
			return template.URL(base + "?" + q.Encode())
		},
		"answers": answerChoices, "answerSays": says, "dec0": func(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) },
		"isAllow": func(o action.Op) bool { return o == action.Allow },
		"dict": func(kv ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(kv); i += 2 {
				m[kv[i].(string)] = kv[i+1]
			}
			return m
		},
		"chartJSON": chartJSON, "breaks": breaks, "stage": func(g string) string { return strings.TrimPrefix(g, defaultPrefix) },
		"isIP": func(p string) bool { return strings.HasPrefix(p, "ip:") }, "size": byteSize, "bytes": func(v float64) string { return byteSize(uint64(max(v, 0))) },
		"shares": shares, "portion": func(part, whole uint64) string {
			if whole == 0 {
				return "–"
			}
			return percent(float64(part) / float64(whole))
		},
		"statusClass": func(s uint16) string { return strconv.Itoa(int(s)/100) + "xx" },
	}
}

// moment is a time and the now that it is told against.
type moment struct{ Now, Time time.Time }

// number writes n with thin groups of three: 12 345.
func number(v any) string {
	s := fmt.Sprint(v)
	if len(s) <= 4 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteRune('\u202f')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// decimal writes v with three figures at most after which nothing is gained.
func decimal(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a >= 1000:
		return number(int64(math.Round(v)))
	case a >= 100 || v == math.Trunc(v):
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 1:
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

func percent(v float64) string {
	if v > 0.995 && v < 1 {
		return ">\u00a099\u00a0%"
	}
	if v > 0 && v < 0.005 {
		return "<\u00a01\u00a0%"
	}
	return strconv.FormatFloat(v*100, 'f', 0, 64) + "\u00a0%"
}

// share is part of whole as a percentage, for an SVG's width.
func share(part, whole uint64) string {
	if whole == 0 {
		return "0"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64)
}

// part is a tally as a share of its list.
type part struct {
	Name  string
	Share float64
}

// shares are those of a list, the largest first.
func shares(list []catalog.Tally) []part {
	var all uint64
	for _, t := range list {
		all += t.Count
	}
	var out []part
	for _, t := range list {
		if t.Count > 0 {
			out = append(out, part{t.Name, float64(t.Count) / float64(all)})
		}
	}
	slices.SortStableFunc(out, func(a, b part) int { return cmp.Compare(b.Share, a.Share) })
	return out
}

func milliseconds(v float64) string {
	switch {
	case v >= 60_000:
		return duration(time.Duration(v) * time.Millisecond)
	case v >= 1000:
		return strconv.FormatFloat(v/1000, 'f', 1, 64) + "\u00a0s"
	case v >= 10 || v == 0:
		return strconv.FormatFloat(v, 'f', 0, 64) + "\u00a0ms"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + "\u00a0ms"
}

// duration is for people: two units at most.
func duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Millisecond:
		return sign + strconv.FormatInt(d.Microseconds(), 10) + "\u00a0µs"
	case d < time.Second:
		return sign + strconv.FormatInt(d.Milliseconds(), 10) + "\u00a0ms"
	case d < 10*time.Second && d%time.Second >= 100*time.Millisecond:
		return sign + strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "\u00a0s"
	case d < time.Minute:
		return sign + strconv.Itoa(int(d.Seconds())) + "\u00a0s"
	case d < time.Hour:
		return twoUnits(sign, int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 48*time.Hour:
		return twoUnits(sign, int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return fmt.Sprintf("%s%d\u00a0days", sign, int(d.Hours())/24)
}

func twoUnits(sign string, a int, unit string, b int, small string) string {
	if b == 0 {
		return fmt.Sprintf("%s%d\u00a0%s", sign, a, unit)
	}
	return fmt.Sprintf("%s%d\u00a0%s\u00a0%02d\u00a0%s", sign, a, unit, b, small)
}

// breaks lets a path be broken behind its slashes, and marks nothing else: what is
// between is escaped.
func breaks(path string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(path), "/", "/<wbr>"))
}

func ago(now, t time.Time) string {
	if t.After(now) {
		return "in " + duration(t.Sub(now))
	}
	return duration(now.Sub(t)) + " ago"
}

func typeNames(t []catalog.Tally) string {
	var names []string
	for _, v := range t {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

func byteSize(n uint64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatUint(n, 10) + "\u00a0B"
	case n < 1<<20:
		return decimal(float64(n)/(1<<10)) + "\u00a0KiB"
	}
	return decimal(float64(n)/(1<<20)) + "\u00a0MiB"
}
