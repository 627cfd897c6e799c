package main

import (
	"fmt"
	"io"
	"runtime"
	"syscall"
	"time"

	"github.com/miradorhq/mirador/services/signature/parity"
	"github.com/segmentio/encoding/json"
)

// measured is what a process of one side reports.
type measured struct {
	Version string        `json:"version"`
	Load    time.Duration `json:"load"`
	Heap    uint64        `json:"heap"` // bytes that the compiled rules keep
	Kinds   []timing      `json:"kinds"`
}

// timing is one kind of events.
type timing struct {
	// CPU is processor time an event, in ns; Allocations and Bytes are an event's.
	CPU         float64 `json:"cpu"`
	Allocations float64 `json:"allocations"`
	Bytes       float64 `json:"bytes"`
	// Best is the shortest time of each single event, in ns.
	Best []int64 `json:"best"`
}

func child(o options, s parity.Setup, kinds []kind, out io.Writer) error {
	me, err := byName(o.side)
	if err != nil {
		return err
	}
	var m measured
	before := heap()
	start := time.Now()
	e, err := me.open(s)
	if err != nil {
		return fmt.Errorf("%s: %w", me.name, err)
	}
	m.Load, m.Version = time.Since(start), e.Version()
	m.Heap = max(heap(), before) - before
	for _, k := range kinds {
		t, err := measure(e, k.cases, o.each)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", me.name, k.name, err)
		}
		m.Kinds = append(m.Kinds, t)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	return err
}

// measure matches all cases again and again for at least each, after a first round
// that warms up what is kept between events.
func measure(e engine, cases []parity.Case, each time.Duration) (t timing, err error) {
	t.Best = make([]int64, len(cases))
	pass := func() error {
		for i := range cases {
			start := time.Now()
			if _, err := e.Match(cases[i].Event); err != nil {
				return err
			}
			if d := time.Since(start).Nanoseconds(); t.Best[i] == 0 || d < t.Best[i] {
				t.Best[i] = d
			}
		}
		return nil
	}
	if err := pass(); err != nil {
		return t, err
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, err := processor()
	if err != nil {
		return t, err
	}
	n := 0
	for start := time.Now(); n == 0 || time.Since(start) < each; n += len(cases) {
		if err := pass(); err != nil {
			return t, err
		}
	}
	end, err := processor()
	if err != nil {
		return t, err
	}
	runtime.ReadMemStats(&after)
	t.CPU = float64(end-cpu) / float64(n)
	t.Allocations = float64(after.Mallocs-before.Mallocs) / float64(n)
	t.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
	return t, nil
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// processor is the processor time of this process.
func processor() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
