package detect_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

var partial = detect.Partial{Kind: "discovery", Tenant: "default", Dimension: "api.bank.example", Payload: []byte{1, 2, 3}, Source: 4, Watermark: 1_760_000_000_000_000_000}

func TestPartialRoundTrip(t *testing.T) {
	b, err := detect.EncodePartial(&partial)
	if err != nil {
		t.Fatal(err)
	}
	got, err := detect.DecodePartial(b)
	if err != nil || !reflect.DeepEqual(got, partial) {
		t.Errorf("got %+v (%v), want %+v", got, err, partial)
	}
	if string(got.Key()) != "default|api.bank.example" || got.WatermarkTime().Unix() != 1_760_000_000 {
		t.Errorf("key %s, watermark %v", got.Key(), got.WatermarkTime())
	}
}

// hostile claims a payload of 2 GiB in a few bytes.
var hostile = []byte{0x96, 0xa1, 'k', 0xa1, 't', 0xa1, 'd', 0xc6, 0x7f, 0xff, 0xff, 0xff}

func TestHostilePartialsAreErrorsAndStayCheap(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, in := range [][]byte{nil, {0x96}, {0xc0}, hostile, bytes.Repeat([]byte{0x91}, 4096)} {
		if _, err := detect.DecodePartial(in); !errors.Is(err, detect.ErrMalformedPartial) {
			t.Errorf("%x: got %v", in[:min(len(in), 8)], err)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
		t.Errorf("a few bytes made it allocate %d MiB", grown>>20)
	}
}

func FuzzDecodePartial(f *testing.F) {
	b, err := detect.EncodePartial(&partial)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := detect.DecodePartial(in)
		if err != nil {
			if !errors.Is(err, detect.ErrMalformedPartial) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if _, err := detect.EncodePartial(&p); err != nil {
			t.Fatalf("what decodes does not encode: %v", err)
		}
	})
}

type fixed struct{}

func (fixed) Match(_, host, method string, _ []byte) catalog.Match {
	return catalog.Match{ID: "e1", Label: method + " " + host + "/x", Known: true}
}

// TestTransaction holds what a detector may rely on: bodies are parsed once a
// transaction, and a finding carries who, where and when.
func TestTransaction(t *testing.T) {
	e := &event.Event{ID: [16]byte{15: 1}, Tenant: []byte("default"), Method: []byte("POST"), Authority: []byte("api"), Path: []byte("/x"),
		Client: event.Client{Address: []byte("192.0.2.7")}, Identity: event.Identity{Credential: []byte("c1"), KeyID: []byte("k1")},
		RequestBody: event.Body{Data: []byte(`{"a":1}`), ContentType: []byte("application/json")}}
	at := time.Unix(1_760_000_000, 0).UTC()
	var tx detect.Tx
	tx.Reset(e, detect.Source{Offset: 3}, at, fixed{}, content.Limits{})
	if a, b := tx.Request(), tx.Request(); a != b || a.Format != content.JSON {
		t.Errorf("parsed twice, or as %v", a.Format)
	}
	rule := finding.Rule{ID: "X-01", Detector: "x", Severity: finding.High}
	got := tx.Finding(&rule)
	if got.ID != finding.ID("default", "x", "X-01", e.IDString()) || got.Subject.Credential != "c1" || got.Subject.EndpointID != "e1" ||
		!reflect.DeepEqual(got.Subject.Addresses, []string{"192.0.2.7"}) || !got.Time.Equal(at) || got.Subject.Principal != "cred:c1" {
		t.Errorf("%+v", got)
	}
	tx.Prepared = 1
	tx.Reset(e, detect.Source{}, at, fixed{}, content.Limits{})
	if tx.Prepared != nil {
		t.Error("what one transaction prepared reached the next")
	}
	var out detect.Out
	out.Finding(got)
	out.Update(got)
	out.Finding(got)
	if len(out.Findings) != 3 || !out.Acts(0) || out.Acts(1) || !out.Acts(2) {
		t.Errorf("%d findings; which may be acted on: %v %v %v", len(out.Findings), out.Acts(0), out.Acts(1), out.Acts(2))
	}
	out.Within(got, action.Throttle)
	if out.Most(2) != "" || out.Most(3) != action.Throttle || !out.Acts(3) {
		t.Errorf("limits %q and %q", out.Most(2), out.Most(3))
	}
	out.Partial("k", "t", "d", nil)
	out.Record("topic", nil, nil)
	out.Reset()
	if out.Finding(got); out.Most(0) != "" {
		t.Error("a limit outlived its finding")
	}
	if !out.Acts(1) || len(out.Findings) != 1 || len(out.Partials)+len(out.Records) != 0 {
		t.Errorf("%+v", out)
	}
}
