package pause_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miradorhq/mirador/pkg/pause"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !pause.For(t.Context(), time.Hour) || time.Since(start) != time.Hour {
			t.Errorf("it waited for %v", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start = time.Now()
		if pause.For(ctx, time.Hour) || time.Since(start) != time.Minute {
			t.Errorf("it went on for %v behind the end", time.Since(start))
		}
	})
}
