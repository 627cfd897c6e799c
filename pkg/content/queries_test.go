package content_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/miradorhq/mirador/pkg/content"
)

// TestQueriesAreShared reads the texts of many clients from many goroutines with a
// memory that is too small for all of them.
func TestQueriesAreShared(t *testing.T) {
	texts := make([]string, 40)
	want := make([]string, len(texts))
	parse := func(doc *content.Document, i int, limits content.Limits) string {
		content.ParseRequest(transaction("application/json", []byte(`{"query":`+quoted(texts[i])+`}`)), doc, limits)
		return fmt.Sprint(doc.Issues, all(doc))
	}
	var doc content.Document
	for i := range texts {
		texts[i] = fmt.Sprintf("query Q%d { a%d(id: %d) { b } }", i, i, i)
		want[i] = parse(&doc, i, content.Limits{})
	}
	limits := content.Limits{Queries: content.NewQueries(10 << 10)}
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			var doc content.Document
			for n := range 400 {
				if i := (n*7 + g) % len(texts); parse(&doc, i, limits) != want[i] {
					t.Errorf("text %d read otherwise than without a memory", i)
					return
				}
			}
		})
	}
	wait.Wait()
}

// TestQueriesForget sends ever new texts: what is kept must stay within the bound.
func TestQueriesForget(t *testing.T) {
	limits := content.Limits{Queries: content.NewQueries(1 << 20)}
	var doc content.Document
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 20000 {
		content.ParseRequest(transaction("application/json", fmt.Appendf(nil, `{"query":"{ a(id: %d) { b c d e f g h } }"}`, i)), &doc, limits)
		if len(doc.Operations) != 1 || len(doc.Nested) != 1 {
			t.Fatalf("%d operations, %d nested leaves", len(doc.Operations), len(doc.Nested))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(limits)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 3<<20 {
		t.Errorf("%d bytes are kept, 1 MiB was the bound", kept)
	}
}
