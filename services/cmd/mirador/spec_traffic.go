package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/schemas"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/prometheus/client_golang/prometheus"
)

// learnTraffic runs discovery and the classifier over recorded traffic: the endpoints as they stand
// at its end, merges carried out, in an order of their own.
func learnTraffic(ctx context.Context, cfg *platform.Config, files []string, format transcript.Format) ([]catalog.Endpoint, error) {
	first, second, err := cfg.InspectStages([]string{"discovery", "classifier"}, false)
	if err != nil {
		return nil, err
	}
	endpoints := map[string]catalog.Endpoint{}
	var failed error
	o := runner.DefaultOptions()
	o.Matcher, o.Logger, o.Registry = &catalog.Lexical{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	local, err := runner.NewLocal(runner.LocalOptions{Options: o, Partitions: 1, Detect: first, Merge: second,
		Record: func(_ string, r detect.Record) {
			if r.Topic != schemas.TopicCatalog || len(r.Value) == 0 {
				return // an end says nothing that the record of the merge does not
			}
			e, err := catalog.DecodeEndpoint(r.Value)
			if err != nil {
				failed = errors.Join(failed, err)
				return
			}
			endpoints[e.ID] = e
		}})
	if err != nil {
		return nil, err
	}
	builder, err := transcript.Inspecting(capture.Config{Tenant: cfg.Tenant})
	if err != nil {
		return nil, err
	}
	for i, path := range files {
		if err := feed(ctx, local, path, transcript.Config{Builder: builder, Format: format, File: i}); err != nil {
			return nil, err
		}
	}
	local.Close()
	if failed != nil {
		return nil, failed
	}
	out := make([]catalog.Endpoint, 0, len(endpoints))
	merged := map[string]bool{}
	for _, e := range endpoints {
		for _, id := range e.Supersedes {
			merged[id] = true
		}
	}
	for id, e := range endpoints {
		if !merged[id] {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b catalog.Endpoint) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Template, b.Template), cmp.Compare(a.Method, b.Method))
	})
	return out, nil
}

func feed(ctx context.Context, local *runner.Local, path string, cfg transcript.Config) error {
	in, err := transcript.Open(path, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was opened for reading
	for ctx.Err() == nil {
		e, _, err := in.Next()
		var bad *transcript.LineError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			fmt.Fprintf(os.Stderr, "mirador spec: %s: %v\n", path, err)
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		default:
			local.Feed(e, time.Time{})
		}
	}
	return ctx.Err()
}
