package chsink

import (
	"testing"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/twmb/franz-go/pkg/kgo"
)

// FuzzAppend: any bytes are a row in every column or an error that leaves the
// batch as it was, and what became a row can be encoded for the server.
func FuzzAppend(f *testing.F) {
	e := full()
	f.Add(event.Encode(nil, &e), int64(1))
	f.Add(event.Encode(nil, &event.Event{Tenant: []byte("t")}), int64(-1))
	f.Add([]byte{}, int64(0))
	f.Add([]byte{0xdc, 0xff, 0xff}, int64(1<<62))
	settings := DefaultEventSettings()
	settings.Headers, settings.Bodies, settings.MaxText, settings.MaxBody, settings.Principal = true, true, 64, 128, 4
	s, err := NewEvents(DefaultConfig(), firstSegment{}, settings, nil)
	must(f, err)
	good := event.Encode(nil, &e)
	f.Fuzz(func(t *testing.T, b []byte, at int64) {
		r := &kgo.Record{Value: b, Offset: at, Timestamp: time.Unix(0, at)}
		want := 2
		if err := s.Append(r, [16]byte{1}); err != nil {
			want = 1
		} else {
			var e event.Event
			must(t, event.Decode(b, &e))
			if got := string(s.appendPrincipal(nil, &e)); got != e.Principal() {
				t.Errorf("principal %q, want %q", got, e.Principal())
			}
		}
		must(t, s.Append(&kgo.Record{Value: good}, [16]byte{1}))
		if rows, _ := s.Size(); rows != want {
			t.Fatalf("%d rows, want %d", rows, want)
		}
		var buf proto.Buffer
		block := proto.Block{Columns: len(s.input), Rows: want}
		if err := block.EncodeBlock(&buf, proto.Version, s.input); err != nil {
			t.Fatal(err)
		}
		s.input.Reset()
		s.rows, s.bytes = 0, 0
	})
}

// FuzzLatest: any value and key of the compacted topics is a row or an error.
func FuzzLatest(f *testing.F) {
	f.Add([]byte(`{"id":"e","tenant":"t","params":[{"in":"path","types":[{"name":"int","count":1}]}]}`), []byte("t|e"))
	f.Add([]byte(`{"tenant":"t","op":"block","target":{"type":"address","value":"1"},"issuer":"i","not_after":"2026-01-01T00:00:00Z"}`), []byte("t|address|1|*|i"))
	f.Add([]byte(nil), []byte("t|e"))
	f.Add([]byte(nil), []byte("|||||"))
	endpoints, err := NewEndpoints(DefaultConfig(), nil)
	must(f, err)
	fields, err := NewFields(DefaultConfig(), nil)
	must(f, err)
	actions, err := NewActions(DefaultConfig(), nil)
	must(f, err)
	findings, err := NewFindings(DefaultConfig(), nil)
	must(f, err)
	statuses, err := NewStatuses(DefaultConfig(), nil)
	must(f, err)
	principals, err := NewPrincipals(DefaultConfig(), nil)
	must(f, err)
	verdicts, err := NewVerdicts(DefaultConfig(), nil)
	must(f, err)
	flows, err := NewFlows(DefaultConfig(), nil)
	must(f, err)
	deploys, err := NewDeploys(DefaultConfig(), nil)
	must(f, err)
	sinks := []sink{endpoints, fields, actions, findings, statuses, principals, verdicts, flows, deploys}
	tables := []*table{endpoints.table, fields.table, actions.table, findings.table, statuses.table, principals.table, verdicts.table, flows.table, deploys.table}
	f.Fuzz(func(t *testing.T, value, key []byte) {
		for i, s := range sinks {
			for _, r := range []*kgo.Record{{Value: value, Key: key}, {Key: key}} {
				before := tables[i].rows
				if err := s.Append(r, [16]byte{1}); err == nil {
					before++
				}
				var buf proto.Buffer
				block := proto.Block{Columns: len(tables[i].input), Rows: before}
				if err := block.EncodeBlock(&buf, proto.Version, tables[i].input); err != nil {
					t.Fatal(err)
				}
			}
			tables[i].input.Reset()
			tables[i].rows, tables[i].bytes = 0, 0
		}
	})
}
