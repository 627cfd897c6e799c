package signature_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/signature"
	"github.com/vmihailenco/msgpack/v5"
)

// few makes every limit near, so that short traffic meets all of them.
func few() signature.Config {
	c := signature.Defaults()
	c.Window, c.Longest, c.UpdateEvery, c.ScanEndpoints, c.MaxWindows = 20*time.Second, 90*time.Second, 5*time.Second, 3, 12
	return c
}

// traffic is made from seed: callers with and without tokens, refused ones, scans, late
// and replayed events, pauses.
func traffic(seed uint64, n int) (es []*event.Event) {
	r := rand.New(rand.NewPCG(seed, 2))
	var seq uint64
	at := time.Duration(0)
	for len(es) < n {
		at += time.Duration(r.ExpFloat64() * float64(time.Second))
		if r.IntN(80) == 0 {
			at += 25 * time.Second
		}
		s := step{At: at, N: 1 + r.IntN(3), Status: []uint16{200, 401, 404, 500}[r.IntN(4)], Replayed: r.IntN(10) == 0,
			Path: fmt.Sprintf("/w%dx", min(r.IntN(4), r.IntN(12))), IP: fmt.Sprintf("192.0.2.%d", 1+r.IntN(5))}
		if r.IntN(6) == 0 {
			s.At -= time.Duration(r.IntN(5)) * time.Second
		}
		if r.IntN(2) == 0 {
			s.Sub, s.Token = fmt.Sprint("s", r.IntN(4)), fmt.Sprint("t", r.IntN(3))
		}
		if r.IntN(3) > 0 {
			s.Q = fmt.Sprintf("%s %d f%d", []string{"sqli", "xss", "rce", "leak"}[r.IntN(4)], 4+r.IntN(20), r.IntN(6))
		}
		es = append(es, s.events(&seq)...)
	}
	return es
}

// play feeds es as the runner does: the watermark follows the newest event, and is told
// before the record that moves it over a second. restart says before which events state
// is saved and a new detector goes on with it.
func play(t testing.TB, es []*event.Event, restart func(int) bool) []string {
	t.Helper()
	d := newDetector(t, few(), nil)
	var tr trace
	var out detect.Out
	var watermark time.Time
	for i, e := range es {
		if restart(i) {
			var b, again bytes.Buffer
			if err := d.(detect.Stateful).Snapshot(&b); err != nil {
				t.Fatal(err)
			}
			d = newDetector(t, few(), nil)
			if err := d.(detect.Stateful).Restore(bytes.NewReader(b.Bytes())); err != nil {
				t.Fatal(err)
			}
			if err := d.(detect.Stateful).Snapshot(&again); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
				t.Fatalf("event %d: another state after a round trip (%v)", i, err)
			}
		}
		if w := e.Time().Add(-2 * time.Second); w.Truncate(time.Second).After(watermark) {
			watermark = w.Truncate(time.Second)
			d.(detect.Advancer).Advance(w, &out)
		}
		detectOne(d, e, &out)
		tr.take(t, &out)
	}
	d.(detect.Advancer).Advance(watermark.Add(time.Hour), &out)
	tr.take(t, &out)
	for i := range tr.full {
		tr.full[i] = tr.lines[i] + " " + tr.full[i]
	}
	return tr.full
}

// The same events give the same findings, in the same order, wherever the state was saved
// and restored.
func TestRestoreEqualsNeverHavingStopped(t *testing.T) {
	for seed := range uint64(6) {
		es := traffic(seed, 1200)
		want := play(t, es, func(int) bool { return false })
		r := rand.New(rand.NewPCG(seed, 3))
		restarts := 0
		got := play(t, es, func(int) bool {
			stop := r.IntN(20) == 0
			if stop {
				restarts++
			}
			return stop
		})
		if restarts < 20 || len(want) < 300 {
			t.Errorf("seed %d: %d restarts, %d findings: too few to show anything", seed, restarts, len(want))
		}
		if i := slices.IndexFunc(got, func(s string) bool { return !slices.Contains(want, s) }); i >= 0 || !slices.Equal(got, want) {
			t.Errorf("seed %d: %d findings, want %d; the first that is new is number %d", seed, len(got), len(want), i)
		}
	}
}

// Counts are absolute: over all findings of a run the last count of each sums to the
// events that something was found in, neither lost nor double.
func TestCountsAreAbsolute(t *testing.T) {
	for seed := range uint64(6) {
		es := traffic(seed, 1200)
		want := 0
		for _, e := range es {
			var out detect.Out
			cfg := few()
			cfg.Window = 0
			detectOne(newDetector(t, cfg, nil), e, &out)
			want += len(out.Findings)
		}
		last := map[string]int{}
		for _, line := range play(t, es, func(i int) bool { return i%100 == 50 }) {
			var number, at, rule, severity string
			var count int
			if _, err := fmt.Sscanf(line, "%s %s %s %s x%d", &number, &at, &rule, &severity, &count); err != nil {
				t.Fatal(line, err)
			}
			if count < last[number] {
				t.Errorf("seed %d: the count of %s falls from %d to %d", seed, number, last[number], count)
			}
			last[number] = count
		}
		got := 0
		for _, n := range last {
			got += n
		}
		if got != want || len(last)*2 > want {
			t.Errorf("seed %d: %d findings count %d events, want %d", seed, len(last), got, want)
		}
	}
}

func snapshotOf(tb testing.TB) []byte {
	d := newDetector(tb, few(), nil)
	var out detect.Out
	for _, e := range traffic(1, 24) {
		detectOne(d, e, &out)
	}
	var b bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func TestRestoreRefuses(t *testing.T) {
	good := snapshotOf(t)
	version, err := msgpack.Marshal(99)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "another version": version, "half": good[:len(good)/2],
		"an unknown severity":   []byte(strings.Replace(string(good), `"severity":"high"`, `"severity":"hugh"`, 1)),
		"a record that is none": []byte(strings.Replace(string(good), `{"id":`, `{"io":`, 1)),
	} {
		if err := newDetector(t, few(), nil).(detect.Stateful).Restore(bytes.NewReader(b)); err == nil || !strings.HasPrefix(err.Error(), "signature: restore") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := newDetector(t, few(), nil).(detect.Stateful).Restore(bytes.NewReader(good)); err != nil {
		t.Error(err)
	}
}

// Any bytes give a state or an error, and whatever state they gave goes on working.
func FuzzRestore(f *testing.F) {
	good := snapshotOf(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte{2, 0xd3, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{2, 1, 0, 0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{})
	es := traffic(1, 24)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDetector(t, few(), nil)
		if err := d.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
			return
		}
		var out detect.Out
		for _, e := range es {
			detectOne(d, e, &out)
		}
		d.(detect.Advancer).Advance(start.Add(time.Hour), &out)
		for i := range out.Findings {
			if g := &out.Findings[i]; len(g.Events) > 20 || len(g.Evidence) > 10 || g.Count == 0 || g.Severity.Weight() == 0 {
				t.Errorf("malformed: %+v", g)
			}
		}
		if err := d.(detect.Stateful).Snapshot(&bytes.Buffer{}); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	for name, s := range map[string]step{"one endpoint": {Q: "sqli 5 note"}, "scan": {Q: "sqli 5 note", Path: "/w{i}x"}} {
		b.Run(name, func(b *testing.B) {
			s.N, s.Every = 10_000, time.Millisecond
			var seq uint64
			es := s.events(&seq)
			d := newDetector(b, signature.Defaults(), nil)
			var out detect.Out
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				detectOne(d, es[i%len(es)], &out)
				out.Reset()
				i++
			}
		})
	}
}

// BenchmarkSnapshot saves and restores as many open findings as the defaults allow.
func BenchmarkSnapshot(b *testing.B) {
	s := step{Q: "sqli 5 note", Sub: "s{i}", Token: "t", N: signature.Defaults().MaxWindows}
	var seq uint64
	var out detect.Out
	d := newDetector(b, signature.Defaults(), nil)
	for range 2 {
		for _, e := range s.events(&seq) {
			detectOne(d, e, &out)
			out.Reset()
		}
	}
	var buf bytes.Buffer
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			buf.Reset()
			if err := d.(detect.Stateful).Snapshot(&buf); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(buf.Len())/1e6, "MB")
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if err := newDetector(b, signature.Defaults(), nil).(detect.Stateful).Restore(bytes.NewReader(buf.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
