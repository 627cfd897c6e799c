package corpora_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/miradorhq/mirador/pkg/corpora"
)

func TestEach(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("MIRADOR_CORPORA", folder)
	if err := os.Mkdir(filepath.Join(folder, "part"), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(folder, "part", "a.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte("one\ntwo\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	corpora.Each(t, "part", "a.gz", func(line []byte) { got = append(got, string(line)) })
	if !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q", got)
	}
	reached := false
	t.Run("absent", func(t *testing.T) {
		defer func() {
			if !t.Skipped() {
				t.Error("it is not skipped")
			}
		}()
		corpora.Each(t, "part", "b.gz", func([]byte) {})
		reached = true
	})
	if reached {
		t.Error("the test went on without its corpus")
	}
}
