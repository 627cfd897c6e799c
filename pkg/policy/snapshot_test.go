package policy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/action"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
)

// tight is a configuration whose every cap is met within a short run.
func tight() Config {
	c := Defaults()
	c.Caps = Caps{Active: 9, NewPerMinute: 2, Hold: 90 * time.Second, Tracked: 16, Offenders: 10}
	c.Forget = time.Hour
	c.Rules["T-*"] = Rule{Op: action.Throttle}
	return c
}

// drive runs n steps of a seeded stream through a detector. With cuts, the
// detector is replaced now and then by one restored from its snapshot.
func drive(t *testing.T, seed uint64, n int, cuts bool, signer *action.Signer) []detect.Record {
	t.Helper()
	p := newPolicy(t, tight(), signer)
	inner := &said{}
	wrap := Wrap(func(int32) detect.Detector { return inner }, p)
	d := wrap(1)
	r, cut := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	var all []detect.Record
	now := start
	for i := range n {
		var out detect.Out
		now = now.Add(time.Duration(r.IntN(20000)) * time.Millisecond)
		rule := []string{"SIG-1", "T-1", "BOLA-01"}[r.IntN(3)]
		at := now.Add(-time.Duration(r.IntN(70)) * time.Second)
		who := fmt.Sprint("c", r.IntN(25))
		inner.next = nil
		for k := range r.IntN(3) {
			inner.next = append(inner.next, finding.Finding{ID: fmt.Sprint("f", i, "-", k), Tenant: fmt.Sprint("t", r.IntN(2)), Rule: rule,
				Severity: finding.High, Confidence: 1, Count: 1, Time: at, LastSeen: at, Subject: finding.Subject{Principal: "cred:" + who, Credential: who}})
		}
		d.(detect.Advancer).Advance(at.Add(-time.Minute), &out)
		d.Detect(&detect.Tx{Event: &event.Event{}, Source: detect.Source{Offset: int64(i), BrokerTime: now}}, &out)
		for _, f := range out.Findings[len(inner.next):] {
			b, err := finding.Encode(&f)
			if err != nil {
				t.Fatal(err)
			}
			out.Record("breaker", nil, b)
		}
		all = append(all, out.Records...)
		if cuts && cut.IntN(7) == 0 {
			d = restored(t, wrap, d)
		}
	}
	return all
}

func restored(t *testing.T, wrap detect.Factory, d detect.Detector) detect.Detector {
	t.Helper()
	var one, two bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&one); err != nil {
		t.Fatal(err)
	}
	text := bytes.Clone(one.Bytes())
	fresh := wrap(1)
	if err := fresh.(detect.Stateful).Restore(&one); err != nil {
		t.Fatal(err)
	}
	if err := fresh.(detect.Stateful).Snapshot(&two); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, two.Bytes()) {
		t.Fatal("a restored state has another snapshot")
	}
	return fresh
}

func TestSnapshotAndRestoreEqualNeverHavingStopped(t *testing.T) {
	signer := testSigner(t)
	for seed := range uint64(20) {
		straight := drive(t, seed, 600, false, signer)
		if again := drive(t, seed, 600, true, signer); !reflect.DeepEqual(straight, again) {
			t.Fatalf("seed %d: %d records without restores, %d with, or others", seed, len(straight), len(again))
		}
		kinds := map[string]int{}
		for _, r := range straight {
			switch {
			case r.Topic == "breaker":
				kinds["breaker"]++
			case r.Value == nil:
				kinds["tombstone"]++
			default:
				a, err := action.Decode(r.Value)
				if err != nil {
					t.Fatal(err)
				}
				kinds[string(a.Op)]++
			}
		}
		for _, k := range []string{"breaker", "tombstone", "block", "throttle", "log"} {
			if kinds[k] == 0 {
				t.Errorf("seed %d: the stream never led to a %s: %v", seed, k, kinds)
			}
		}
	}
}

// TestEveryActionEnds: each key that got an action gets a tombstone once time has
// passed, and none that is older than the action.
func TestEveryActionEnds(t *testing.T) {
	signer := testSigner(t)
	p := newPolicy(t, tight(), signer)
	inner := &said{}
	d := Wrap(func(int32) detect.Detector { return inner }, p)(1)
	open := map[string]time.Time{}
	note := func(records []detect.Record, watermark time.Time) {
		for _, r := range records {
			if r.Value == nil {
				if watermark.Before(open[string(r.Key)]) {
					t.Fatalf("%s ended at %s, before its not_after", r.Key, watermark)
				}
				delete(open, string(r.Key))
				continue
			}
			a, err := action.Decode(r.Value)
			if err != nil {
				t.Fatal(err)
			}
			open[string(r.Key)] = a.NotAfter
		}
	}
	for i := range 500 {
		at := start.Add(time.Duration(i) * 7 * time.Second)
		who := fmt.Sprint("c", i%9)
		inner.next = []finding.Finding{{ID: fmt.Sprint(i), Tenant: "t", Rule: "SIG-1", Severity: finding.High, Confidence: 1, Count: 1, LastSeen: at,
			Subject: finding.Subject{Principal: "cred:" + who, Credential: who}}}
		var out detect.Out
		d.(detect.Advancer).Advance(at, &out)
		note(out.Records, at)
		out.Reset()
		d.Detect(&detect.Tx{Event: &event.Event{}, Source: detect.Source{Offset: int64(i), BrokerTime: at}}, &out)
		note(out.Records, at)
	}
	var out detect.Out
	end := start.Add(100 * time.Hour)
	d.(detect.Advancer).Advance(end, &out)
	note(out.Records, end)
	if len(open) != 0 {
		t.Errorf("never ended: %v", open)
	}
}

func FuzzRestore(f *testing.F) {
	signer, err := action.NewSigner()
	if err != nil {
		f.Fatal(err)
	}
	p := newPolicy(f, tight(), signer)
	inner := &said{}
	wrap := Wrap(func(int32) detect.Detector { return inner }, p)
	d := wrap(1)
	var seed bytes.Buffer
	for i := range 30 {
		who := fmt.Sprint("c", i)
		inner.next = []finding.Finding{{ID: who, Tenant: "t", Rule: "SIG-1", Severity: finding.High, Confidence: 1, Count: 1, LastSeen: start,
			Subject: finding.Subject{Principal: "cred:" + who, Credential: who}}}
		d.Detect(&detect.Tx{Event: &event.Event{}, Source: detect.Source{Offset: int64(i)}}, &detect.Out{})
	}
	if err := d.(detect.Stateful).Snapshot(&seed); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Add(seed.Bytes()[:40])
	f.Add([]byte("MPS1\x00\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := wrap(1)
		b = bytes.Clone(b)
		if err := d.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
			// The same bytes with a length and a sum that fit must get past them.
			if len(b) < 13 {
				return
			}
			binary.BigEndian.PutUint32(b[5:9], uint32(len(b)-13))
			binary.BigEndian.PutUint32(b[9:13], checksum(b[13:]))
			copy(b, "MPS1\x00")
			if bytes.ContainsAny(b[13:], "\xc6\xdb\xdd\xdf\xc9") {
				return // 32-bit lengths: the decoder would make room for them
			}
			if err := d.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
				return
			}
		}
		// Whatever was restored can be driven on and written again.
		var out detect.Out
		inner.next = []finding.Finding{{ID: "x", Tenant: "t", Rule: "SIG-1", Severity: finding.High, Confidence: 1, Count: 1, LastSeen: start,
			Subject: finding.Subject{Principal: "cred:x", Credential: "x"}}}
		d.(detect.Advancer).Advance(start, &out)
		d.Detect(&detect.Tx{Event: &event.Event{}}, &out)
		if err := d.(detect.Stateful).Snapshot(&bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkJudgeLive(b *testing.B) {
	signer, err := action.NewSigner()
	if err != nil {
		b.Fatal(err)
	}
	p := newPolicy(b, Defaults(), signer)
	inner := &said{next: []finding.Finding{{ID: "x", Tenant: "t", Rule: "SIG-1", Severity: finding.High, Confidence: 1, Count: 1, LastSeen: start,
		Subject: finding.Subject{Principal: "cred:x", Credential: "x"}}}}
	d := Wrap(func(int32) detect.Detector { return inner }, p)(1)
	tx := &detect.Tx{Event: &event.Event{}, Source: detect.Source{BrokerTime: start}}
	var out detect.Out
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		d.Detect(tx, &out)
	}
}
