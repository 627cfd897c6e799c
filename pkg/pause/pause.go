// Package pause waits between two tries of something.
package pause

import (
	"context"
	"time"
)

// For waits for d, or returns false at once when ctx ends first.
func For(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
