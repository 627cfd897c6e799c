package classifier

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
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

// FuzzLeaf holds of any value under any name: what is found lies within it, is the same
// again, and can be shown without being told.
func FuzzLeaf(f *testing.F) {
	for _, v := range seeds(f) {
		f.Add("user.data[]."+v[:min(len(v), 3)], []byte(v))
	}
	f.Add("user.creditCard[].PANNumber", []byte("4111 1111 1111 1111"))
	f.Add("customer.name", []byte("Muster, Johanna"))
	t, err := NewTables(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(tt *testing.T, path string, v []byte) {
		if len(v) == 0 {
			return
		}
		before := bytes.Clone(v)
		find := func() []hit {
			h := hits{tables: t}
			h.leaf(&content.Leaf{Path: path, Name: path, Value: v}, v, t.naming(path, t.memo.hash(path)), request, start.UnixNano())
			return h.list
		}
		list := find()
		if !reflect.DeepEqual(list, find()) {
			tt.Fatal("two answers")
		}
		if !bytes.Equal(before, v) {
			tt.Fatal("the value was changed")
		}
		for _, m := range list {
			if m.start < 0 || m.end <= m.start || m.end > len(v) {
				tt.Fatalf("%+v in %d bytes", m, len(v))
			}
			c, w := t.classes[m.class], v[m.start:m.end]
			if len(c.normalize(nil, w)) <= len(c.name)+1 {
				tt.Fatalf("%s: nothing is left of %q", c.name, w)
			}
			if _, digit := letters(w); digit && len(w) >= 4 && bytes.Contains([]byte(t.mask(c, w)), w) {
				tt.Fatalf("%s: %q is shown as %q", c.name, w, t.mask(c, w))
			}
		}
	})
}

// FuzzCustom holds that no file of classes makes reading it panic, and that an error names it.
func FuzzCustom(f *testing.F) {
	f.Add([]byte("name: a\ncategory: person\npattern: \"E-{d:3}\"\ncases: {positive: [E-123], negative: [x]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := ReadCustom("own.yaml", text); err != nil && !strings.HasPrefix(err.Error(), "own.yaml:") {
			t.Fatalf("%v", err)
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
		m := MergerFactory(l.cfg, l.tables)(0)
		m.Merge(&detect.Partial{Kind: Kind, Tenant: "default", Dimension: "e", Payload: payload}, nil)
		var out detect.Out
		m.(detect.Flusher).Flush(&out)
		restored := newDetector(t, l.cfg, l.tables, 0)
		if restored.(detect.Stateful).Restore(bytes.NewReader(payload)) == nil {
			restored.(detect.Flusher).Flush(&out)
		}
	})
}
