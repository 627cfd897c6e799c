package console

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
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
		"isAllow": func(o action.Op) bool { return o == action.Allow },
		"dict": func(kv ...any) map[string]any {
			m := map[string]any{}
			for i := 0; i+1 < len(kv); i += 2 {
				m[kv[i].(string)] = kv[i+1]
			}
			return m
		},
		"chartJSON": chartJSON, "size": byteSize, "statusClass": func(s uint16) string { return strconv.Itoa(int(s)/100) + "xx" },
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
		return "> 99 %"
	}
	return strconv.FormatFloat(v*100, 'f', 0, 64) + " %"
}

// share is part of whole as a percentage, for an SVG's width.
func share(part, whole uint64) string {
	if whole == 0 {
		return "0"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 2, 64)
}

func milliseconds(v float64) string {
	switch {
	case v >= 60_000:
		return duration(time.Duration(v) * time.Millisecond)
	case v >= 1000:
		return strconv.FormatFloat(v/1000, 'f', 1, 64) + " s"
	case v >= 10 || v == 0:
		return strconv.FormatFloat(v, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " ms"
}

// duration is for people: two units at most.
func duration(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	switch {
	case d < time.Millisecond:
		return sign + strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < time.Second:
		return sign + strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return sign + strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Minute:
		return sign + strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%s%d min %02d s", sign, int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%s%d h %02d min", sign, int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%s%d days", sign, int(d.Hours())/24)
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
		return strconv.FormatUint(n, 10) + " B"
	case n < 1<<20:
		return decimal(float64(n)/(1<<10)) + " KiB"
	}
	return decimal(float64(n)/(1<<20)) + " MiB"
}
