package classifier

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/segmentio/encoding/json"
)

func seeds(f *testing.F) (values []string) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var c valueCases
		if json.Unmarshal(b, &c) != nil {
			continue // whole fields
		}
		for _, p := range c.Positive {
			values = append(values, p.Value)
		}
		for _, n := range c.Negative {
			values = append(values, n.Value)
		}
	}
	return values
}

// FuzzScan holds of any value: candidates lie within it, in order; what passed
// can be masked, and the mask does not hold the value.
func FuzzScan(f *testing.F) {
	for _, v := range seeds(f) {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		before := bytes.Clone(v)
		ms := scan(v, nil)
		if !reflect.DeepEqual(ms, scan(v, nil)) {
			t.Fatal("two scans differ")
		}
		if !bytes.Equal(before, v) {
			t.Fatal("the value was changed")
		}
		last := 0
		for _, m := range ms {
			if m.start < last || m.end <= m.start || m.end > len(v) {
				t.Fatalf("match %+v in %d bytes after %d", m, len(v), last)
			}
			last = m.start
			r := recognizers[m.typ]
			w := v[m.start:m.end]
			if len(r.normalize(nil, w)) == 0 {
				t.Fatalf("%s: nothing is left of %q", r.name, w)
			}
			if m.pass {
				if mask := r.mask(w); mask == "" || bytes.Contains([]byte(mask), w) {
					t.Fatalf("%s: %q is shown as %q", r.name, w, mask)
				}
			}
		}
	})
}

func FuzzNames(f *testing.F) {
	f.Add("user.creditCard[].PANNumber")
	f.Add("social_security")
	d := newDictionary()
	f.Fuzz(func(t *testing.T, path string) {
		first, again := d.names(path), d.names(path)
		if first != again {
			t.Fatal("two answers")
		}
	})
}

// FuzzPartial holds that no payload and no snapshot makes a stage panic.
func FuzzPartial(f *testing.F) {
	l := newLocal(f, 1)
	for _, e := range traffic(f, 40) {
		l.event(0, e)
	}
	var snapshot bytes.Buffer
	if err := l.detectors[0].(detect.Stateful).Snapshot(&snapshot); err != nil {
		f.Fatal(err)
	}
	f.Add(snapshot.Bytes())
	var out detect.Out
	l.detectors[0].(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		f.Add(out.Partials[i].Payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m := MergerFactory(l.cfg)(0)
		m.Merge(&detect.Partial{Kind: Kind, Tenant: "default", Dimension: "e", Payload: payload}, nil)
		var out detect.Out
		m.(detect.Flusher).Flush(&out)
		restored := newDetector(t, l.cfg, 0)
		if restored.(detect.Stateful).Restore(bytes.NewReader(payload)) == nil {
			restored.(detect.Flusher).Flush(&out)
		}
	})
}
