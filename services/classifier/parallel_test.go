package classifier

import (
	"reflect"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
)

// TestParallelPrepare prepares a batch from several goroutines, as the runner
// does, before Detect sees it in order: the result is that of one after the other.
func TestParallelPrepare(t *testing.T) {
	events := traffic(t, 400)
	one, many := newLocal(t, 1), newLocal(t, 1)
	for _, e := range events {
		one.event(0, e)
	}
	d := many.detectors[0]
	txs := make([]detect.Tx, 50)
	for len(events) > 0 {
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := w; i < len(txs); i += 4 {
					txs[i].Reset(events[i], detect.Source{}, events[i].Time(), byPath{}, content.Limits{})
					d.(detect.Preparer).Prepare(&txs[i])
				}
			}()
		}
		wg.Wait()
		for i := range txs {
			d.Detect(&txs[i], nil)
		}
		events = events[len(txs):]
	}
	one.flush(0, true)
	many.flush(0, true)
	if !reflect.DeepEqual(one.fields, many.fields) || !reflect.DeepEqual(one.findings, many.findings) {
		t.Error("preparing in parallel changes the result")
	}
}
