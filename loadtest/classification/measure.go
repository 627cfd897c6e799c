package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/miradorhq/mirador/services/classifier/scan"
	"github.com/rs/zerolog"
	"github.com/segmentio/encoding/json"
	"github.com/zricethezav/gitleaks/v8/detect"
)

type evaluation struct {
	scanner *scan.Scanner
	out     io.Writer
	misses  bool
	texts   []string // of the credentials, for the clock
}

// each reads a gzipped file of JSON lines.
func each[T any](file string, row func(T)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	lines, n := bufio.NewScanner(z), 0
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		n++
		var r T
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("%s: line %d: %w", file, n, err)
		}
		row(r)
	}
	return lines.Err()
}

// best says whether the class is the best, or ties, for the value.
func (e *evaluation) best(value, class string) bool {
	var top, mine float32
	for _, m := range e.scanner.Value([]byte(value), "", nil) {
		top = max(top, m.Score)
		if e.scanner.Name(m.Class) == class {
			mine = max(mine, m.Score)
		}
	}
	return mine > 0 && mine == top
}

func (e *evaluation) numbers(file string) error {
	have, scores, unknown := map[string]bool{}, map[string]*score{}, map[string]int{}
	for _, name := range e.scanner.Classes() {
		have[name] = true
	}
	err := each(file, func(r struct {
		Type, Value string
		Valid       bool
	}) {
		if !have[r.Type] {
			unknown[r.Type]++
			return
		}
		if scores[r.Type] == nil {
			scores[r.Type] = &score{}
		}
		got := e.best(r.Value, r.Type)
		scores[r.Type].add(r.Valid, got)
		if e.misses && got != r.Valid {
			fmt.Fprintf(e.out, "wrong: %s %q valid %v\n", r.Type, r.Value, r.Valid)
		}
	})
	if err != nil {
		return err
	}
	var all score
	fmt.Fprintf(e.out, "Identifiers as values, %d types (no class for %d more):\n", len(scores), len(unknown))
	for _, name := range ordered(scores) {
		scores[name].write(e.out, name)
		all.sum(scores[name])
	}
	all.write(e.out, "all")
	return nil
}

func (e *evaluation) secrets(file string) error {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	other, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return fmt.Errorf("gitleaks: %w", err)
	}
	var mine, theirs score
	rules := map[string]*score{}
	err = each(file, func(r struct {
		Rule, Text string
		Positive   bool
	}) {
		if rules[r.Rule] == nil {
			rules[r.Rule] = &score{}
		}
		e.texts = append(e.texts, r.Text)
		got := e.secret(r.Text)
		mine.add(r.Positive, got)
		rules[r.Rule].add(r.Positive, got)
		theirs.add(r.Positive, len(other.DetectString(r.Text)) > 0)
		if e.misses && got != r.Positive {
			fmt.Fprintf(e.out, "wrong: %s %.160q is one: %v\n", r.Rule, r.Text, r.Positive)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "Credentials in texts, by gitleaks' rule:\n")
	for _, name := range ordered(rules) {
		rules[name].write(e.out, name)
	}
	for _, x := range []struct {
		name string
		*score
	}{{"scanner", &mine}, {"gitleaks", &theirs}} {
		fmt.Fprintf(e.out, "  %-9s %d with one, %d without: precision %.3f  recall %.3f  F1 %.4f\n", x.name, x.right+x.missed, x.wrong+x.silent, x.precision(), x.recall(), x.f1())
	}
	return nil
}

func (e *evaluation) secret(text string) bool {
	for _, m := range e.scanner.Text([]byte(text), nil) {
		if e.scanner.Secret(m.Class) {
			return true
		}
	}
	return false
}

// ordinary is the body of an API's response with nothing sensitive in it.
func ordinary() string {
	var b strings.Builder
	b.WriteString(`{"items":[`)
	for i := range 40 {
		fmt.Fprintf(&b, `{"id":%d,"sku":"SKU-%05d","title":"Walnut side table with two drawers","price":%d.90,"currency":"EUR","inStock":true,"categoryName":"living room","ratings":[5,4,4,3],"sellerKey":"north","description":"A small table that fits beside any sofa, made by hand of oiled wood."},`, 1000+i*7, i*13, 20+i)
	}
	return strings.TrimSuffix(b.String(), ",") + `],"total":40,"page":1}`
}

// speed holds both against the clock, on one core.
func (e *evaluation) speed() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	zerolog.SetGlobalLevel(zerolog.Disabled)
	other, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return fmt.Errorf("gitleaks: %w", err)
	}
	body := ordinary()
	sets := []struct {
		name  string
		texts []string
	}{{fmt.Sprintf("ordinary JSON of %d bytes", len(body)), []string{body}}}
	if len(e.texts) > 0 {
		sets = append(sets, struct {
			name  string
			texts []string
		}{"the texts with credentials", e.texts})
	}
	fmt.Fprintln(e.out, "Speed, one core:")
	var to []scan.Match
	for _, set := range sets {
		mine := throughput(set.texts, func(t []byte, _ string) { to = e.scanner.Text(t, to[:0]) })
		theirs := throughput(set.texts, func(_ []byte, t string) { other.DetectString(t) })
		fmt.Fprintf(e.out, "  %s: scanner %.1f MB/s, gitleaks %.2f MB/s, %.0f times\n", set.name, mine, theirs, mine/theirs)
	}
	return nil
}

// throughput reads texts for a second of processor time at least, in millions of bytes a second: what
// other processes take of the machine does not count.
func throughput(texts []string, read func([]byte, string)) float64 {
	bytes := make([][]byte, len(texts))
	for i, t := range texts {
		bytes[i] = []byte(t)
	}
	total, began := 0, processorTime()
	for processorTime()-began < time.Second {
		for range 1 + 100_000/(1+len(texts)*len(texts[0])) {
			for i, t := range texts {
				read(bytes[i], t)
				total += len(t)
			}
		}
	}
	return float64(total) / 1e6 / (processorTime() - began).Seconds()
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic("getrusage: " + err.Error()) // of a process itself it can't fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
