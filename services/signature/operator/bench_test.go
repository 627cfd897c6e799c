package operator_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/miradorhq/mirador/services/signature/operator"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// lines are those of a file of the core rule set, in lower case as seclang reads them.
func lines(b *testing.B, name string) []string {
	data, err := fs.ReadFile(coreruleset.FS, "@owasp_crs/"+name)
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for l := range strings.Lines(string(data)) {
		if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
			out = append(out, strings.ToLower(l))
		}
	}
	return out
}

// BenchmarkPm looks for lists of the core rule set, and for 3,000 random words, in 1 KB
// of JSON and URLs without any of them.
func BenchmarkPm(b *testing.B) {
	text := strings.Repeat(`{"id":4711,"url":"https://api.example.com/v2/orders/18?expand=items&page=3","state":"shipped","note":"left with a neighbour"},`, 9)[:1024]
	r := rand.New(rand.NewPCG(7, 8))
	random := make([]string, 3000)
	for i := range random {
		w := make([]byte, 5+r.IntN(12))
		for j := range w {
			w[j] = "abcdefghijklmnopqrstuvwxyz_./-"[r.IntN(30)]
		}
		random[i] = string(w)
	}
	lists := map[string][]string{"random3000": random}
	for _, name := range []string{"php-errors.data", "lfi-os-files.data", "unix-shell.data", "sql-errors.data", "java-classes.data", "scanners-user-agents.data"} {
		lists[name] = lines(b, name)
	}
	for name, words := range lists {
		o, err := operator.New(&seclang.Operator{Name: "pmFromFile", Lines: words})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s=%d", name, len(words)), func(b *testing.B) {
			e := &env{}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			matches := 0
			for b.Loop() {
				if o.Match(text, e) {
					matches++
				}
			}
			b.ReportMetric(float64(matches)/float64(b.N), "matches")
		})
	}
}
