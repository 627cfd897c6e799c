package runner

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestFatalFaultsBeginANewSession: the end of every fourth transaction is
// answered with an error after which the client cannot go on, and is not done.
func TestFatalFaultsBeginANewSession(t *testing.T) {
	b := newBed(t, 2)
	if b.cluster == nil {
		t.Log("faults are injected into kfake only; on real brokers the crash tests bring them about")
		return
	}
	var ends, broken atomic.Int64
	b.cluster.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		if ends.Add(1)%4 != 0 || broken.Load() >= 6 {
			return nil, nil, false
		}
		code := kerr.ProducerFenced.Code
		if broken.Add(1)%2 == 0 {
			code = kerr.InvalidTxnState.Code
		}
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = code
		return resp, nil, true
	})
	o := b.options("a")
	o.SnapshotInterval = 50 * time.Millisecond
	s := b.detectStage(o, nil)
	b.start(s)
	b.start(b.mergeStage(b.options("a"), nil))
	for i := range 40 {
		b.send(i*25, (i+1)*25)
		time.Sleep(15 * time.Millisecond)
	}
	checkOnce(t, b.read("catalog", atLeast(1000)), 1000)
	b.read("fields", totalsReached(1000))
	if broken.Load() < 2 {
		t.Errorf("only %d faults happened", broken.Load())
	}
}
