// Command describe writes DETECTIONS.md: what each detection of package behavior looks
// for and how, from where that is said: the rule, the comment above it, its settings,
// the policy's defaults, and its cases. It is run by make generate, in the folder of the
// package.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/pkg/policy"
	"github.com/miradorhq/mirador/services/behavior"
	"github.com/segmentio/encoding/json"
)

func main() {
	text, err := document(".")
	if err == nil {
		err = os.WriteFile("DETECTIONS.md", []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "describe:", err)
		os.Exit(1)
	}
}

// document describes the detections of the package in dir.
func document(dir string) (string, error) {
	methods, err := methodsIn(dir)
	if err != nil {
		return "", err
	}
	rules := behavior.Rules()
	slices.SortFunc(rules, func(a, b finding.Rule) int { return cmp.Compare(a.ID, b.ID) })
	var b strings.Builder
	b.WriteString("# Detections of behaviour\n\nWritten by `make generate` from the detections themselves; change those.\n")
	shared(&b)
	for i := range rules {
		if err := describe(&b, dir, &rules[i], methods[rules[i].ID]); err != nil {
			return "", fmt.Errorf("%s: %w", rules[i].ID, err)
		}
	}
	return b.String(), nil
}

// shared are the settings that are of no rule alone.
func shared(b *strings.Builder) {
	c := reflect.ValueOf(behavior.Defaults())
	b.WriteString("\n| `behavior` | default | |\n|---|---|---|\n")
	for i := range c.NumField() {
		switch f := c.Type().Field(i); f.Tag.Get("yaml") {
		case "alert_budget", "alert_cap", "quiet", "longest", "update_every", "cold_start", "verdict_life":
			fmt.Fprintf(b, "| `%s` | %v | %s |\n", f.Tag.Get("yaml"), c.Field(i), f.Tag.Get("doc"))
		}
	}
	settings(b, "release")
	b.WriteString("\nA finding that is held back by `cold_start`, or by what people said of an earlier one, is put out and causes no action: it says why. Findings of everybody together (campaigns, endpoints, services) have no principal and are not held back.\n")
}

func describe(b *strings.Builder, dir string, r *finding.Rule, method string) error {
	if method == "" {
		return errors.New("no comment that begins with its id stands above it")
	}
	fmt.Fprintf(b, "\n## %s: %s\n\nSeverity %s; %s; by default the policy says %s.\n\n%s\n\nRemedy: %s\n",
		r.ID, r.Title, r.Severity, strings.Join(slices.Concat(r.OWASP, r.CWE, r.ATTACK), ", "), action(r.ID), method, r.Remediation)
	settings(b, r.ID)
	return cases(b, filepath.Join(dir, "testdata", r.ID))
}

// methodsIn are the comments above the rules, by id, as paragraphs.
func methodsIn(dir string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	methods := map[string]string{}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR && g.Doc != nil {
				if id, text, ok := strings.Cut(g.Doc.Text(), ": "); ok && !strings.ContainsAny(id, " \n") {
					methods[id] = sentence(strings.TrimSpace(text))
				}
			}
		}
	}
	return methods, nil
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// action is what the policy does by default, of the patterns that fit the longest.
func action(id string) string {
	best, op := -1, policy.Alert
	for pattern, r := range policy.Defaults().Rules {
		if fits := pattern == id || strings.HasSuffix(pattern, "*") && strings.HasPrefix(id, strings.TrimSuffix(pattern, "*")); fits && len(pattern) > best {
			best, op = len(pattern), r.Op
		}
	}
	return string(op)
}

// settings lists those of the rule, whose name in the file is its id in lower case.
func settings(b *strings.Builder, id string) {
	c := reflect.ValueOf(behavior.Defaults())
	name := strings.ReplaceAll(strings.ToLower(id), "-", "_")
	for i := range c.NumField() {
		if c.Type().Field(i).Tag.Get("yaml") != name {
			continue
		}
		fmt.Fprintf(b, "\n| `behavior.%s` | default | |\n|---|---|---|\n", name)
		for s, j := c.Field(i), 0; j < s.NumField(); j++ {
			f := s.Type().Field(j)
			fmt.Fprintf(b, "| `%s` | %v | %s |\n", f.Tag.Get("yaml"), s.Field(j), f.Tag.Get("doc"))
		}
	}
}

// cases lists what is tested, those that alert first.
func cases(b *strings.Builder, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lists := map[bool][]string{}
	for _, e := range entries {
		what, err := caseOf(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		positive := strings.HasPrefix(e.Name(), "positive")
		lists[positive] = append(lists[positive], what)
	}
	fmt.Fprintf(b, "\nCases that alert: %s.\n\nCases that do not: %s.\n", strings.Join(lists[true], "; "), strings.Join(lists[false], "; "))
	return nil
}

func caseOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var h struct {
		Case string `json:"case"`
	}
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return h.Case, nil
}
