package content_test

import (
	stdjson "encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/segmentio/encoding/json"
	"github.com/tidwall/gjson"
)

// pathValue is a leaf as any library can give it.
type pathValue struct {
	path, value string
	kind        content.Type
}

// flatten appends the leaves of a value decoded into any.
func flatten(to []pathValue, path string, v any) []pathValue {
	below := func(key string) string {
		if path == "" {
			return key
		}
		return path + "." + key
	}
	switch v := v.(type) {
	case map[string]any:
		for key, x := range v {
			to = flatten(to, below(key), x)
		}
	case []any:
		path += "[]"
		for _, x := range v {
			to = flatten(to, path, x)
		}
	case string:
		to = append(to, pathValue{path, v, content.String})
	case bool:
		to = append(to, pathValue{path, strconv.FormatBool(v), content.Boolean})
	case stdjson.Number:
		to = append(to, pathValue{path, v.String(), content.Number})
	case float64:
		to = append(to, pathValue{path, "", content.Number})
	case nil:
		to = append(to, pathValue{path, "null", content.Null})
	}
	return to
}

func flattenGJSON(to []pathValue, path string, r gjson.Result) []pathValue {
	switch {
	case r.IsObject():
		r.ForEach(func(key, value gjson.Result) bool {
			below := key.String()
			if path != "" {
				below = path + "." + below
			}
			to = flattenGJSON(to, below, value)
			return true
		})
	case r.IsArray():
		path += "[]"
		r.ForEach(func(_, value gjson.Result) bool {
			to = flattenGJSON(to, path, value)
			return true
		})
	case r.Type == gjson.String:
		to = append(to, pathValue{path, r.String(), content.String})
	case r.Type == gjson.Null:
		to = append(to, pathValue{path, r.Raw, content.Null})
	case r.Type == gjson.Number:
		to = append(to, pathValue{path, r.Raw, content.Number})
	default:
		to = append(to, pathValue{path, r.Raw, content.Boolean})
	}
	return to
}

// readers are libraries that make leaves of JSON. Those of content carry raw
// values and issues too; the others are asked for path, value and type alone.
func readers() map[string]func([]byte, []pathValue) ([]pathValue, error) {
	return map[string]func([]byte, []pathValue) ([]pathValue, error){
		"encoding-json": func(b []byte, to []pathValue) ([]pathValue, error) {
			var v any
			err := stdjson.Unmarshal(b, &v)
			return flatten(to, "", v), err
		},
		"segmentio": func(b []byte, to []pathValue) ([]pathValue, error) {
			var v any
			err := json.Unmarshal(b, &v)
			return flatten(to, "", v), err
		},
		"gjson": func(b []byte, to []pathValue) ([]pathValue, error) {
			if !gjson.ValidBytes(b) {
				return to, fmt.Errorf("not JSON")
			}
			return flattenGJSON(to, "", gjson.ParseBytes(b)), nil
		},
	}
}

// bare is an answer without headers, so that what is measured is its body.
func bare(body []byte) *event.Event {
	return &event.Event{Tenant: []byte("default"), Status: 200, ResponseBody: event.Body{Data: body, ContentType: []byte("application/json")}}
}

// TestReadersAgree keeps the benchmark honest: all find the same leaves.
func TestReadersAgree(t *testing.T) {
	for size, body := range map[string][]byte{"accounts": accountList(), "orders": orders()} {
		var doc content.Document
		content.ParseResponse(bare(body), &doc, content.Limits{})
		if doc.Format != content.JSON || len(doc.Issues) > 0 || len(doc.Leaves) < 100 {
			t.Fatalf("%s: %s with %d leaves, issues %v", size, doc.Format, len(doc.Leaves), doc.Issues)
		}
		var want []string
		for i := range doc.Leaves {
			l := &doc.Leaves[i]
			if v := string(l.Value); l.Type == content.Integer || l.Type == content.Number {
				want = append(want, l.Path+"=number")
			} else {
				want = append(want, l.Path+"="+v)
			}
		}
		sort.Strings(want)
		for name, read := range readers() {
			leaves, err := read(body, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range leaves {
				if l.kind == content.Number {
					l.value = "number"
				}
				got = append(got, l.path+"="+l.value)
			}
			sort.Strings(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s finds other leaves:\n%q\n%q", size, name, got, want)
			}
		}
	}
}

// onCore reports bytes a second of processor time: on a machine that others use
// too, the clock on the wall measures them.
func onCore(b *testing.B, size int, f func()) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	start, n := used(), 0
	for b.Loop() {
		f()
		n++
	}
	if spent := used() - start; spent > 0 {
		b.ReportMetric(float64(size)*float64(n)/1e6/spent.Seconds(), "MB/core-s")
	}
}

// BenchmarkJSONToLeaves is the table of the README: one body, every reader.
func BenchmarkJSONToLeaves(b *testing.B) {
	for _, body := range []struct {
		name string
		data []byte
	}{{"accounts", accountList()}, {"orders", orders()}} {
		b.Run(body.name+"/content", func(b *testing.B) {
			e := bare(body.data)
			var doc content.Document
			onCore(b, len(body.data), func() { content.ParseResponse(e, &doc, content.Limits{}) })
		})
		all := readers()
		for _, name := range []string{"encoding-json", "segmentio", "gjson"} {
			read := all[name]
			b.Run(body.name+"/"+name, func(b *testing.B) {
				var leaves []pathValue
				onCore(b, len(body.data), func() {
					var err error
					if leaves, err = read(body.data, leaves[:0]); err != nil {
						b.Fatal(err)
					}
				})
			})
		}
	}
}
