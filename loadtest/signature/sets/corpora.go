package sets

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/segmentio/encoding/json"
)

// Folder is where the corpora are: MIRADOR_CORPORA, else beside the repository.
func Folder() string {
	if dir := os.Getenv("MIRADOR_CORPORA"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "shared", "corpora")
}

// Present says whether there are corpora at all.
func Present(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "signature", "httpparams_train.jsonl.gz"))
	return !errors.Is(err, fs.ErrNotExist)
}

// record is a line of a corpus.
type record struct {
	request
	Label string `json:"label"`
	Class string `json:"class"`
	Src   string `json:"src"`
	Rule  int    `json:"rule"`
}

// payload is the value of a corpus that puts each into /search?q=.
func (r *record) payload() (string, bool) {
	_, q, ok := strings.Cut(r.URI, "?q=")
	if !ok {
		return "", false
	}
	v, err := url.QueryUnescape(q)
	return v, err == nil
}

func read(dir, name string) ([]record, error) {
	f, err := os.Open(filepath.Join(dir, "signature", name))
	if err != nil {
		return nil, fmt.Errorf("corpus: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("corpus %s: %w", name, err)
	}
	var out []record
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("corpus %s: %w", name, err)
		}
		out = append(out, r)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("corpus %s: %w", name, err)
	}
	return out, nil
}

// Corpora are the shared corpora as they are, at most n of a class of each.
func Corpora(dir string, n int) ([]Sample, error) {
	var out []Sample
	for i, name := range []string{"httpparams_train", "libinjection", "csic2010_normal_train", "crs_regression"} {
		all, err := read(dir, name+".jsonl.gz")
		if err != nil {
			return nil, err
		}
		classes := make(map[string][]Sample)
		var order []string
		for _, r := range all {
			if r.Label != "attack" && r.Label != "benign" { // "this rule stays silent" says nothing of the request
				continue
			}
			key := r.Label + "/" + r.Class
			if classes[key] == nil {
				order = append(order, key)
			}
			classes[key] = append(classes[key], Sample{Set: strings.TrimSuffix(name, "_train"), Source: r.source(name), Class: r.Class,
				Attack: r.Label == "attack", Line: r.line()})
		}
		for _, key := range order {
			out = append(out, pick(classes[key], n, uint64(i+1))...)
		}
	}
	return seal(out)
}

// source is what the halves are told by: the file of the payload, the rule of the
// test, else the payload itself.
func (r *record) source(corpus string) string {
	switch {
	case r.Src != "":
		return r.Src
	case r.Rule != 0:
		return fmt.Sprint("rule ", r.Rule)
	}
	return corpus + " " + r.URI + r.Body
}
