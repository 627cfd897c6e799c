package operator_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	crstests "github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/miradorhq/mirador/services/signature/seclang"
)

// TestCRSOperatorsEqualCoraza asks every operator of the core rule set about the lines of
// its own tests, evenly spread. MIRADOR_SAMPLE is how many lines each; 0 is all.
func TestCRSOperatorsEqualCoraza(t *testing.T) {
	program, err := seclang.Parse(seclang.Source{Name: "@crs-setup.conf.example"}, seclang.Source{Name: "@owasp_crs/*.conf"})
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]bool)
	for _, it := range program.Items {
		for r := it.Rule; r != nil; r = r.Chain {
			if r.Op != nil && len(r.Op.Macro) == 0 {
				texts[r.Op.String()] = true
			}
		}
	}
	data, err := fs.Sub(coreruleset.FS, "@owasp_crs")
	if err != nil {
		t.Fatal(err)
	}
	lines := testLines(t)
	sample := 60
	if s := os.Getenv("MIRADOR_SAMPLE"); s != "" {
		if _, err := fmt.Sscan(s, &sample); err != nil {
			t.Fatalf("MIRADOR_SAMPLE: %v", err)
		}
	}
	step := 1
	if sample > 0 {
		step = max(1, len(lines)/sample)
	}
	names := make([]string, 0, len(texts))
	for text := range texts {
		names = append(names, text)
	}
	slices.Sort(names)
	answers, matches := 0, 0
	for n, text := range names {
		p := newPair(t, data, text, true)
		// Each operator begins at another line, so together they see most.
		for i := n % step; i < len(lines); i += step {
			p.compare(t, lines[i])
			if answers++; p.ours(lines[i]).matched {
				matches++
			}
		}
	}
	fmt.Printf("operators of the core rule set compared with Coraza: %d, %d answers, %d matches\n", len(names), answers, matches)
	if len(names) < 350 || matches < 1000 {
		t.Errorf("%d operators and %d matches are less than there were", len(names), matches)
	}
}

var yamlKey = regexp.MustCompile(`^\s*-?\s*[A-Za-z-]+: ["']?(.*?)["']?$`)

// testLines are the values in the regression tests of the core rule set, whatever they
// stand for.
func testLines(t *testing.T) []string {
	seen := make(map[string]bool)
	err := fs.WalkDir(crstests.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(crstests.FS, path)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			if m := yamlKey.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && m[1] != "" {
				seen[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 5000 {
		t.Fatalf("only %d lines in the tests", len(seen))
	}
	lines := make([]string, 0, len(seen))
	for l := range seen {
		lines = append(lines, l)
	}
	slices.Sort(lines)
	return lines
}
