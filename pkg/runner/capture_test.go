package runner

import (
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/segmentio/encoding/json"

	"github.com/miradorhq/mirador/pkg/snapshot"
)

// capturing is a counter whose state is written when wait returns, beside.
type capturing struct {
	*counter
	wait func()
}

func newCapturing(wait func()) detect.Factory {
	return func(id int32) detect.Detector { return &capturing{newCounter(id).(*counter), wait} }
}

func (c *capturing) Capture() (write func(io.Writer) error) {
	counts := maps.Clone(c.counts)
	return func(w io.Writer) error {
		c.wait()
		return saveCounts(w, counts)
	}
}

// Records go on while a snapshot is written, and what is restored is of the moment at
// which it was taken.
func TestRecordsGoOnBesideASnapshot(t *testing.T) {
	b := newBed(t, 1)
	begun, release := make(chan bool, 100), make(chan bool)
	wait := func() {
		begun <- true
		<-release
	}
	o := b.options("a")
	o.SnapshotInterval = 50 * time.Millisecond
	stage := func() *running {
		return b.start(must[*Stage](t)(NewDetect(o, DetectStage{Name: "count", New: newCapturing(wait), PartialKinds: []string{"hosts"}})))
	}
	r := stage()
	b.send(0, 300)
	<-begun
	b.send(300, 800)
	checkOnce(t, b.read("catalog", atLeast(800)), 800) // while it is being written
	close(release)
	b.read("snapshots", func(rs []*kgoRecord) bool {
		for _, r := range rs {
			var m snapshot.Manifest
			if strings.HasSuffix(string(r.Key), "|manifest") && json.Unmarshal(r.Value, &m) == nil && m.Offset > 0 {
				return true
			}
		}
		return false
	})
	r.kill()
	stage()
	b.send(800, 1000)
	checkOnce(t, b.read("catalog", atLeast(1000)), 1000)
}
