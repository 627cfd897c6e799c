package behavior_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/vmihailenco/msgpack/v5"
)

func TestConfigReportsAllErrors(t *testing.T) {
	err := behavior.Config{}.Validate()
	for _, want := range []string{"max_keys", "quiet", "recon_01.capacity", "enum_01.stride", "bola_01.floor", "cred_01.users",
		"cred_02.share", "tok_01.window", "jwt_01.public", "auth_01.open", "ato_01.score", "bfla_01.rare", "reputation.max_bytes"} {
		if err == nil || !strings.Contains(err.Error(), "behavior."+want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
	if err := defaults().Validate(); err != nil {
		t.Error(err)
	}
}

// small bounds every table, so that hostile bytes and long tests meet the bounds.
func small() behavior.Config {
	c := defaults()
	c.MaxKeys, c.MaxObjects, c.MaxLogins, c.MaxSources, c.MaxCohorts = 64, 64, 8, 100, 8
	return c
}

// A full table forgets and goes on; nothing grows without end.
func TestFullTablesForget(t *testing.T) {
	factory, mergers := newStage(t, small())
	d, m := factory(0), mergers(0)
	var out detect.Out
	for _, file := range files(t) {
		_, es := scenario(t, file)
		for i, e := range es {
			e.Identity.Subject = []byte{byte(i), byte(i >> 8)}
			detectOne(d, e, &out)
		}
	}
	d.(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		m.Merge(&out.Partials[i], &out)
	}
	for _, s := range []any{d, m} {
		var b bytes.Buffer
		if err := s.(detect.Stateful).Snapshot(&b); err != nil || b.Len() > 1<<20 {
			t.Errorf("state of %d bytes (%v)", b.Len(), err)
		}
	}
}

func detectOne(d detect.Detector, e *event.Event, out *detect.Out) {
	var tx detect.Tx
	tx.Reset(e, detect.Source{}, e.Time(), &catalog.Lexical{}, content.Limits{})
	d.(detect.Preparer).Prepare(&tx)
	d.Detect(&tx, out)
}

// snapshots are states of both stages with something in every table.
func snapshots(tb testing.TB) (first, second []byte) {
	factory, mergers := newStage(tb, small())
	d, m := factory(0), mergers(0)
	var out detect.Out
	for _, file := range files(tb) {
		_, es := scenario(tb, file)
		for _, e := range es[:min(len(es), 40)] {
			detectOne(d, e, &out)
		}
	}
	d.(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		m.Merge(&out.Partials[i], &out)
	}
	m.(detect.Advancer).Advance(start.Add(30*time.Second), &out)
	var a, b bytes.Buffer
	if err := d.(detect.Stateful).Snapshot(&a); err != nil {
		tb.Fatal(err)
	}
	if err := m.(detect.Stateful).Snapshot(&b); err != nil {
		tb.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

// Any bytes give a state or an error, and whatever state they gave goes on working.
func FuzzRestore(f *testing.F) {
	first, second := snapshots(f)
	f.Add(first, true)
	f.Add(second, false)
	v1, err := os.ReadFile("testdata/v1/second-stage.msgpack")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v1, false)
	f.Add(first[:len(first)/2], true)
	f.Add([]byte{1, 0xdd, 0xff, 0xff, 0xff, 0xff}, true)
	f.Add([]byte{}, false)
	factory, mergers := newStage(f, small())
	var es []*event.Event
	for _, file := range files(f) {
		_, x := scenario(f, file)
		es = append(es, x[:min(len(x), 3)]...)
	}
	f.Fuzz(func(t *testing.T, b []byte, detector bool) {
		var out detect.Out
		if detector {
			d := factory(0)
			if err := d.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
				return
			}
			for _, e := range es {
				detectOne(d, e, &out)
			}
		} else {
			m := mergers(0)
			if err := m.(detect.Stateful).Restore(bytes.NewReader(b)); err != nil {
				return
			}
			m.(detect.Advancer).Advance(start, &out)
			m.(detect.Advancer).Advance(start.Add(time.Hour), &out)
		}
		for i := range out.Findings {
			check(t, &out.Findings[i], 1<<62)
		}
	})
}

// A partial comes from a topic: any bytes must be refused or counted, no more.
func FuzzMerge(f *testing.F) {
	factory, mergers := newStage(f, small())
	d := factory(0)
	var out detect.Out
	_, es := scenario(f, "testdata/CRED-01/positive-one-source.jsonl")
	_, calls := scenario(f, "testdata/SSRF-01/positive-metadata.jsonl")
	for _, file := range []string{"TXN-01/positive-one-address", "SLOW-01/positive-rotation", "SLOW-01/positive-guessed", "SPAM-01/positive-many-accounts"} {
		_, x := scenario(f, "testdata/"+file+".jsonl")
		es = append(es, x[max(0, len(x)-60):]...)
	}
	for _, e := range append(append(es, calls...), stuffing()[:300]...) {
		detectOne(d, e, &out)
	}
	d.(detect.Flusher).Flush(&out)
	late := *es[0] // tells of flows go out with the next minute
	late.RequestTime += 3600e9
	detectOne(d, &late, &out)
	d.(detect.Flusher).Flush(&out)
	for _, p := range out.Partials {
		f.Add(p.Payload)
	}
	v1, err := os.ReadFile("testdata/v1/partial.msgpack")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(v1)
	empty, err := msgpack.Marshal([]any{"", "", "", []any{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty)
	_, es = scenario(f, "testdata/AUTH-01/positive-mixed.jsonl")
	out.Reset()
	for _, e := range es {
		detectOne(d, e, &out)
	}
	d.(detect.Flusher).Flush(&out)
	for _, p := range out.Partials {
		f.Add(p.Payload)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := mergers(0)
		var out detect.Out
		for _, dimension := range []string{"login|x", "login|x", "open|x", "open|x", "service|x", "service|x", "payers|x", "payer|x", "tokens|x", "clients|x", "guess|x", "text|x", "flow|x", "flow|x"} {
			p := detect.Partial{Kind: behavior.PartialKind, Tenant: "default", Dimension: dimension, Payload: b}
			m.Merge(&p, &out)
		}
		m.(detect.Advancer).Advance(start.Add(time.Hour), &out)
		for i := range out.Findings {
			check(t, &out.Findings[i], 1<<62)
		}
	})
}
