package runner

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestOutputsWaitForALookAfterAReconnect: where a connection ends in the middle of a
// transaction, its outputs go over the next one only after hung transactions were
// looked for.
func TestOutputsWaitForALookAfterAReconnect(t *testing.T) {
	b := newBed(t, 2)
	if b.cluster == nil {
		t.Log("connections are cut on kfake only; on real brokers the crash tests do it")
		return
	}
	var produced, cuts, early atomic.Int64
	var looked atomic.Bool
	looked.Store(true)
	b.cluster.ControlKey(int16(kmsg.DescribeProducers), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		looked.Store(true)
		return nil, nil, false
	})
	b.cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		if r, ok := req.(*kmsg.ProduceRequest); !ok || r.TransactionID == nil {
			return nil, nil, false // the test's own
		}
		if !looked.Load() {
			early.Add(1)
		}
		if produced.Add(1)%3 != 0 || cuts.Load() >= 6 {
			return nil, nil, false
		}
		cuts.Add(1)
		looked.Store(false)
		return nil, errors.New("cut"), true
	})
	b.start(b.detectStage(b.options("a"), nil))
	for i := range 40 {
		b.send(i*25, (i+1)*25)
		time.Sleep(15 * time.Millisecond)
	}
	checkOnce(t, b.read("catalog", atLeast(1000)), 1000)
	if cuts.Load() == 0 || early.Load() > 0 {
		t.Errorf("%d connections were cut, and %d times outputs came before a look", cuts.Load(), early.Load())
	}
}
