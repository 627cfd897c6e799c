package transform_test

import (
	"strings"
	"testing"

	"github.com/miradorhq/mirador/services/signature/transform"
)

func BenchmarkTransformations(b *testing.B) {
	value := strings.Repeat("The quick Brown fox; jumps over /the lazy%20dog. ", 21)[:1024]
	for _, name := range transform.Names() {
		tr, _ := transform.Lookup(name)
		b.Run(name, func(b *testing.B) {
			var a transform.Arena
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				a.Reset()
				tr.Apply(&a, value)
			}
		})
	}
}
