// Package sets makes the labelled requests that the signature detector's verdicts
// are fitted to and measured on: corpora of attacks and ordinary requests where
// they are present, mutations of them in other places of a request, and an
// ordinary set made of what packages of the npm registry ship (JSON examples,
// documentation, change logs, code).
//
// Own payloads and exploits stand here, half of them to be measured and never looked at.
//
// Everything is seeded: the same files give the same requests, byte for byte.
// Sources are split in halves by a hash of their name; a source is what samples
// could resemble one another by: a file of payloads, a rule's tests, a package.
package sets

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sort"

	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/segmentio/encoding/json"
)

// Sample is one labelled request.
type Sample struct {
	// Set is the table's line, Source what the halves are told by.
	Set, Source, Class string
	Attack             bool
	// Unseen samples are measured and nothing else: nothing is ever fitted to them.
	Unseen bool
	// Line is the request as JSON, Event the same as a sensor would send it.
	Line  []byte
	Event *event.Event
}

// HeldOut says whether the sample's source is in the half that nothing was fitted to.
func (s *Sample) HeldOut() bool {
	if s.Unseen {
		return true
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, s.Source) // a hash never fails
	return h.Sum32()>>7&1 == 1
}

// request is a line as transcript reads it.
type request struct {
	Method  string            `json:"method"`
	URI     string            `json:"uri"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

// line is r with its keys in order.
func (r *request) line() []byte {
	b, err := json.Append(nil, r, json.SortMapKeys)
	if err != nil {
		panic(fmt.Sprintf("sets: a request of strings does not marshal: %v", err))
	}
	return b
}

// seal gives every sample its event. One that cannot be read is an error: it is
// made here or stands in a corpus that is known.
func seal(samples []Sample) ([]Sample, error) {
	var text bytes.Buffer
	for i := range samples {
		text.Write(samples[i].Line)
		text.WriteByte('\n')
	}
	builder, err := transcript.Inspecting(capture.Config{Tenant: event.DefaultTenant})
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	r, err := transcript.New(&text, transcript.Config{Builder: builder, Format: transcript.JSONLines})
	if err != nil {
		return nil, fmt.Errorf("sets: %w", err)
	}
	kept := samples[:0]
	for i := range samples {
		e, _, err := r.Next()
		var bad *transcript.LineError
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("sets: %s, request %d: %w", samples[i].Set, i, err)
		}
		if err != nil {
			return nil, fmt.Errorf("sets: %s: %w", samples[i].Set, err)
		}
		s := samples[i]
		s.Event = e
		kept = append(kept, s)
	}
	return kept, nil
}

// pick is a sample of n of the list, in its order; all of them where there are
// fewer.
func pick[T any](list []T, n int, seed uint64) []T {
	if n >= len(list) {
		return list
	}
	at := rand.New(rand.NewPCG(seed, 0)).Perm(len(list))[:n]
	sort.Ints(at)
	out := make([]T, n)
	for i, a := range at {
		out[i] = list[a]
	}
	return out
}
