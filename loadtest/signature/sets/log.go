package sets

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/transcript"
)

// AccessLogs is the name of that set.
const AccessLogs = "access log"

// AccessLog is at most n lines of a real web server's access log. It is not
// labelled: a few of its requests are probes.
func AccessLog(dir string, n int) ([]Sample, error) {
	builder, err := transcript.Inspecting(capture.Config{Tenant: event.DefaultTenant})
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	r, err := transcript.Open(filepath.Join(dir, "behavior", "accesslog_elastic_apache.log.gz"), transcript.Config{Builder: builder})
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	defer func() { _ = r.Close() }() // it was opened for reading
	var out []Sample
	for {
		e, _, err := r.Next()
		var bad *transcript.LineError
		switch {
		case errors.Is(err, io.EOF):
			return pick(out, n, 9), nil
		case errors.As(err, &bad):
			continue
		case err != nil:
			return nil, fmt.Errorf("sets: %w", err)
		}
		line := string(e.Method) + " " + string(e.Path) + "?" + string(e.Query) + " " + string(e.RequestHeader("Referer")) + " " + string(e.RequestHeader("User-Agent"))
		out = append(out, Sample{Set: AccessLogs, Source: "client " + string(e.Client.Address), Class: "normal", Line: []byte(line), Event: e})
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
