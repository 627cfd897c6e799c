package discovery

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
)

// A record of which only counters moved waits for event time; whatever else changes
// is told with the next commit.
func TestCountersWait(t *testing.T) {
	x := newMerging(t, Defaults())
	x.m.cfg.CountsEvery = 30 * time.Second
	commit := func() (n int) {
		t.Helper()
		var out detect.Out
		x.m.Flush(&out)
		n = len(out.Records)
		x.take(&out)
		return n
	}
	advance := func(d time.Duration) {
		t.Helper()
		var out detect.Out
		x.at = x.at.Add(d)
		if x.m.Advance(x.at, &out); len(out.Records) > 0 {
			t.Fatalf("%v", out.Records)
		}
	}
	x.at = start.Truncate(time.Minute)
	advance(0)
	x.feed(200, "/a", "/b")
	if n := commit(); n != 2 {
		t.Fatalf("%d records of two new endpoints", n)
	}
	for range 3 {
		x.feed(200, "/a", "/b")
		if n := commit(); n != 0 {
			t.Fatalf("%d records though only counters moved", n)
		}
	}
	advance(20 * time.Second)
	if n := commit(); n != 0 {
		t.Fatalf("%d records before the time", n)
	}
	x.feed(404, "/a")
	if n := commit(); n != 1 {
		t.Fatalf("%d records of a status that was not seen before", n)
	}
	x.are("/a 5", "/b 1")
	// What waits goes on in another process.
	var b bytes.Buffer
	if err := x.m.Snapshot(&b); err != nil {
		t.Fatal(err)
	}
	x.m = newMerger(x.m.cfg, x.m.metrics, 0)
	if err := x.m.Restore(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	advance(10 * time.Second)
	commit()
	x.are("/a 5", "/b 4")
	if advance(time.Hour); commit() != 0 {
		t.Error("records though nothing moved")
	}
	x.m.cfg.CountsEvery = 0
	x.feed(200, "/b")
	commit()
	x.are("/a 5", "/b 5")
	var c Config
	c.CountsEvery = 2 * time.Hour
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "discovery.counts_every") {
		t.Errorf("%v", err)
	}
}
