// Package follow waits for files to change.
package follow

import (
	"context"
	"time"
)

// Files calls reload whenever state, asked every so often, differs from what read says
// was read last and has been the same twice, until ctx ends. What still changes may be
// half written, and half a file can be a valid one. It tells the outcome of each time.
// It always returns nil.
func Files(ctx context.Context, every time.Duration, state, read func() string, reload func() error, told func(error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	before := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := state()
		if now == before && now != read() {
			told(reload())
		}
		before = now
	}
}
