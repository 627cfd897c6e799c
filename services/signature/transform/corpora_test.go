package transform_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/miradorhq/mirador/pkg/corpora"
	"github.com/segmentio/encoding/json"
)

// corpus takes bodies and targets of the corpora, evenly spread.
func corpus(t *testing.T) []string {
	var values []string
	for _, name := range []string{"libinjection.jsonl.gz", "httpparams_train.jsonl.gz", "crs_regression.jsonl.gz"} {
		f, err := os.Open(corpora.Path("signature", name))
		if err != nil {
			fmt.Printf("NOT MEASURED: transformations on %s: set MIRADOR_CORPORA to the folder of the corpora\n", name)
			continue
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("corpus %s: %v", name, err)
		}
		sc := bufio.NewScanner(z)
		sc.Buffer(nil, 16<<20)
		for i := 0; sc.Scan(); i++ {
			if i%60 != 0 {
				continue
			}
			var line any
			if err := json.Unmarshal(sc.Bytes(), &line); err != nil {
				t.Fatalf("corpus %s line %d: %v", name, i, err)
			}
			values = leaves(values, line)
		}
		f.Close()
	}
	return values
}

func leaves(values []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(values, v)
	case []any:
		for _, e := range v {
			values = leaves(values, e)
		}
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			values = leaves(values, v[k])
		}
	}
	return values
}
