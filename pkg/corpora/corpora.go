// Package corpora reads the corpora that measurements are made on. They are not part
// of the tree: MIRADOR_CORPORA names their folder, else they are looked for beside the
// repository. It is for tests.
package corpora

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// maxLine bounds a line, in bytes.
const maxLine = 1 << 24

// Each gives every line of a gzipped file of one part of the corpora, as "discovery".
// Where it is absent the test says that nothing was measured, and is skipped. The
// line is valid until each returns.
func Each(t testing.TB, part, name string, each func(line []byte)) {
	t.Helper()
	file := File(t, part, name)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		each(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// File is where a file of one part of the corpora lies, for those that are no gzipped
// lines. Where it is absent the test says that nothing was measured, and is skipped.
func File(t testing.TB, part, name string) string {
	t.Helper()
	file := Path(part, name)
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Printf("%s NOT MEASURED: no corpus at %s\n", t.Name(), file)
		t.Skipf("NOT MEASURED: no corpus at %s; set MIRADOR_CORPORA to its folder", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Path is where such a file would lie, be it there or not.
func Path(part, name string) string { return filepath.Join(folder(), part, name) }

// folder is that of the corpora: a package may lie at any depth of the repository.
func folder() string {
	if d := os.Getenv("MIRADOR_CORPORA"); d != "" {
		return d
	}
	beside := filepath.Join("..", "..", "..", "shared", "corpora")
	if _, err := os.Stat(beside); err != nil {
		return filepath.Join("..", beside)
	}
	return beside
}
