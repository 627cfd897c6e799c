package agents_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/miradorhq/mirador/pkg/capture"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/transcript"
)

// What is written as lines is read as the same events by the same principals.
func TestLinesAreRead(t *testing.T) {
	var b []byte
	var err error
	all := day(t, small(), every())
	for _, x := range all {
		if b, err = x.AppendLine(b); err != nil {
			t.Fatal(err)
		}
	}
	builder, err := transcript.Inspecting(capture.Config{Tenant: "default"})
	if err != nil {
		t.Fatal(err)
	}
	in, err := transcript.New(bytes.NewReader(b), transcript.Config{Builder: builder})
	if err != nil {
		t.Fatal(err)
	}
	there, back := map[string]string{}, map[string]string{}
	for i, x := range all {
		e, meta, err := in.Next()
		if err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		if got, want := shape(e), shape(x.Event); got != want || meta.ID != x.Event.IDString() {
			t.Fatalf("line %d: %s of id %s, want %s", i+1, got, meta.ID, want)
		}
		if x.Cohort == agents.Caller { // by certificate, which lines do not carry
			continue
		}
		p, q := x.Event.Principal(), e.Principal()
		if there[p] == "" && back[q] == "" {
			there[p], back[q] = q, p
		}
		if there[p] != q || back[q] != p {
			t.Fatalf("line %d: principal %s is %s, was %s and %s", i+1, p, q, there[p], back[q])
		}
	}
	if _, _, err := in.Next(); err != io.EOF {
		t.Errorf("after the last line: %v", err)
	}
}

func shape(e *event.Event) string {
	return fmt.Sprintf("%s %s%s?%s %d %d %s %s", e.Method, e.Authority, e.Path, e.Query, e.Status, e.RequestTime, e.Client.Address, e.ResponseBody.Data)
}
