// Command new-detector writes the skeleton of a detection service: a package
// with one rule, its cases as data, and a test that runs them. `make
// new-detector NAME=...` calls it.
package main

import (
	"bytes"
	"embed"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed template/*.tmpl
var templates embed.FS

var validName = regexp.MustCompile(`^[a-z][a-z0-9]{2,30}$`)

func main() {
	name := flag.String("name", "", "name of the new package: lower-case letters and digits, such as payments")
	dir := flag.String("services", "services", "folder of the services module")
	flag.Parse()
	if err := write(*dir, *name); err != nil {
		fmt.Fprintln(os.Stderr, "new-detector:", err)
		os.Exit(1)
	}
	fmt.Printf(`%[1]s/%[2]s is there. Next:
  1. go test ./%[2]s            in %[1]s: the example rule and its cases pass
  2. replace the example by your detection; a detection is one file with its cases
  3. so that it runs: a case and a name in %[1]s/platform/detectors.go, an entry in
     %[1]s/platform/services.go, %[1]s/cmd/%[2]s/main.go like any other, and the folder
     among the paths of the depguard rule "detection" in .golangci.yaml
  4. describe it in README.md (table of services)
DESIGN.md, "Adding a detector", says more.
`, *dir, *name)
}

func write(services, name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("name %q: three or more lower-case letters and digits are needed, as in make new-detector NAME=payments", name)
	}
	target := filepath.Join(services, name)
	if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already; choose another name", target)
	}
	for file, source := range map[string]string{
		name + ".go": "detector.go.tmpl", name + "_test.go": "detector_test.go.tmpl", "testdata/example.jsonl": "cases.jsonl.tmpl",
	} {
		t, err := template.ParseFS(templates, "template/"+source)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, map[string]string{"Name": name, "Upper": strings.ToUpper(name)}); err != nil {
			return err
		}
		text := b.Bytes()
		if strings.HasSuffix(file, ".go") {
			if text, err = format.Source(text); err != nil {
				return fmt.Errorf("%s: %w", source, err)
			}
		}
		path := filepath.Join(target, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
