package runner

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

func (b *bed) detectStage(o Options, abort func() bool) *Stage {
	b.t.Helper()
	s := must[*Stage](b.t)(NewDetect(o, DetectStage{Name: "count", New: newCounter, PartialKinds: []string{"hosts"}}))
	s.hooks.abort = abort
	return s
}

func (b *bed) mergeStage(o Options, abort func() bool) *Stage {
	b.t.Helper()
	s := must[*Stage](b.t)(NewMerge(o, MergeStage{Name: "sum", Kind: "hosts", New: newSummer}))
	s.hooks.abort = abort
	return s
}

func TestPlainRun(t *testing.T) {
	b := newBed(t, 3)
	b.start(b.detectStage(b.options("a"), nil))
	b.start(b.mergeStage(b.options("a"), nil))
	b.send(0, 500)
	checkOnce(t, b.read("catalog", atLeast(500)), 500)
	b.read("fields", totalsReached(500))
}

// TestExactlyOnce restarts, kills and rebalances two members of each stage at
// random, and has one transaction in four abort.
func TestExactlyOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("MIRADOR_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("MIRADOR_SEED=%d repeats the schedule", seed)
	b := newBed(t, 4)
	const n, rounds = 6000, 12
	var mu sync.Mutex
	coin := rand.New(rand.NewPCG(seed, 1))
	abort := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return coin.IntN(4) == 0
	}
	make := func(name string, merge bool) *running {
		o := b.options(name)
		o.SnapshotInterval = 150 * time.Millisecond
		o.BatchRecords = 200
		if merge {
			return b.start(b.mergeStage(o, abort))
		}
		s := must[*Stage](t)(NewDetect(o, DetectStage{Name: "count", New: newCapturing(func() { time.Sleep(70 * time.Millisecond) }), PartialKinds: []string{"hosts"}}))
		s.hooks.abort = abort
		return b.start(s)
	}
	plan := rand.New(rand.NewPCG(seed, 2))
	var members [4]*running
	start := func(i int) { members[i] = make(string(rune('a'+i%2)), i >= 2) }
	for i := range members {
		start(i)
	}
	for round := range rounds {
		b.send(round*n/rounds, (round+1)*n/rounds)
		time.Sleep(time.Duration(plan.IntN(400)) * time.Millisecond)
		i := plan.IntN(4)
		if members[i] == nil {
			start(i)
			continue
		}
		if plan.IntN(2) == 0 {
			members[i].kill()
		} else {
			members[i].stop()
		}
		switch plan.IntN(3) {
		case 0:
			members[i] = nil // stays away for a round: the other takes over
		case 1: // comes, and goes again while it restores
			start(i)
			time.Sleep(time.Duration(plan.IntN(60)) * time.Millisecond)
			members[i].kill()
			start(i)
		default:
			start(i)
		}
	}
	for i := range members {
		if members[i] == nil {
			start(i)
		}
	}
	got := b.read("catalog", atLeast(n))
	b.read("fields", totalsReached(n))
	for _, m := range members {
		m.stop()
	}
	// Nothing may follow.
	got = b.read("catalog", func() func(rs []*kgoRecord) bool {
		quietly := time.Now().Add(300 * time.Millisecond)
		return func(rs []*kgoRecord) bool { return len(rs) >= len(got) && time.Now().After(quietly) }
	}())
	checkOnce(t, got, n)
	sums := b.read("fields", totalsReached(n))
	low := map[string]int{}
	for _, r := range sums {
		v, _ := strconv.Atoi(string(r.Value))
		if v <= low[string(r.Key)] {
			t.Fatalf("the total of %s went from %d to %d", r.Key, low[string(r.Key)], v)
		}
		low[string(r.Key)] = v
	}
}
