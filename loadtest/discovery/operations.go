package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/segmentio/encoding/json"
)

// operation is one operation of an API description.
type operation struct {
	Provider string      `json:"provider"`
	Method   string      `json:"method"`
	Template string      `json:"template"`
	Params   []parameter `json:"params"`

	// shape is method and template with every parameter as {}: what is scored.
	shape string
}

type parameter struct {
	Name    string `json:"name"`
	In      string `json:"in"`
	Type    string `json:"type"`
	Format  string `json:"format"`
	Pattern string `json:"pattern"`
	Enum    []text `json:"enum"`
	Example text   `json:"example"`
}

// text is a scalar of a document as it stands in a path.
type text string

func (e *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*e = text(s)
	return nil
}

// corpusFile is where the operations of published descriptions are.
func corpusFile() string {
	folder := os.Getenv("MIRADOR_CORPORA")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "corpora") // make runs it in loadtest
	}
	return filepath.Join(folder, "discovery", "templates_dev.jsonl.gz")
}

// readOperations reads operations as JSON lines, by provider.
func readOperations(file string) (map[string][]operation, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	defer func() { _ = f.Close() }() // it was opened for reading
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("operations: %s: %w", file, err)
	}
	var all []operation
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		var op operation
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil {
			return nil, fmt.Errorf("operations: %s: line %d: %w", file, n, err)
		}
		all = append(all, op)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("operations: %s: %w", file, err)
	}
	return byProvider(all), nil
}

// byProvider groups operations; those of one shape are one, with a slash at
// the end or without, and what is no path is left out.
func byProvider(all []operation) map[string][]operation {
	out := map[string][]operation{}
	seen := map[string]bool{}
	for _, op := range all {
		if !strings.HasPrefix(op.Template, "/") || strings.ContainsAny(op.Template, "?# ") {
			continue
		}
		op.Method = strings.ToUpper(op.Method)
		op.shape = shapeOf(op.Method, op.Template)
		if key := op.Provider + " " + strings.TrimRight(op.shape, "/"); !seen[key] {
			seen[key] = true
			out[op.Provider] = append(out[op.Provider], op)
		}
	}
	return out
}

var braces = regexp.MustCompile(`\{[^}]*\}`)

// shapeOf is method and template with every parameter as {}. A slash at the end is
// part of it: a document without it would lead its readers to redirects.
func shapeOf(method, template string) string {
	return method + " " + braces.ReplaceAllString(template, "{}")
}

// heldOut splits providers in halves by a hash of the name.
func heldOut(provider string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(provider)) // a hash takes everything
	return h.Sum32()>>7&1 == 1
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
