// Command classification scores the scanner of sensitive data: make
// eval-classification.
//
// On a corpus of identifiers it counts by type: valid ones of which the true class is
// the best or ties, and invalid ones that got it. On a corpus of credentials it counts
// the texts in which one is found, and so does gitleaks' library beside it, in the same
// run and on the same texts, which are those of gitleaks' own tests. Then both read the
// same ordinary JSON and the same texts against the clock, on one core. Whole fields are
// judged on an API that is made up from a seed.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/miradorhq/mirador/services/classifier/scan"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "classification:", err)
		os.Exit(1)
	}
}

// heldOut is the seed that nothing was tuned with; that was done with others.
const heldOut = 20261125

func corpora() string {
	if folder := os.Getenv("MIRADOR_CORPORA"); folder != "" {
		return folder
	}
	return filepath.Join("..", "..", "shared", "corpora") // make runs it in loadtest
}

func run(args []string, stdout, stderr io.Writer) error {
	f := flag.NewFlagSet("classification", flag.ContinueOnError)
	f.SetOutput(stderr)
	folder := f.String("corpora", corpora(), "the folder of the corpora, as MIRADOR_CORPORA names it")
	misses := f.Bool("misses", false, "print every case that is wrong")
	speed := f.Bool("speed", true, "measure speed too")
	seed := f.Uint64("seed", heldOut, "of the fields that are made up")
	if err := f.Parse(args); err != nil {
		return err
	}
	s, err := scan.New()
	if err != nil {
		return err
	}
	e := evaluation{scanner: s, out: stdout, misses: *misses}
	numbers := filepath.Join(*folder, "classification", "stdnum_dev.jsonl.gz")
	secrets := filepath.Join(*folder, "classification", "gitleaks_cases.jsonl.gz")
	if err := measured(stdout, numbers, e.numbers); err != nil {
		return err
	}
	if err := measured(stdout, secrets, e.secrets); err != nil {
		return err
	}
	if err := fields(stdout, *seed, *misses); err != nil {
		return err
	}
	if *speed {
		return e.speed()
	}
	return nil
}

// measured runs one measurement over a file, or says that it is not there.
func measured(w io.Writer, file string, run func(string) error) error {
	err := run(file)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(w, "NOT MEASURED: no corpus at %s; set MIRADOR_CORPORA to the folder of the corpora\n", file)
		return nil
	}
	return err
}

// score counts cases.
type score struct{ right, wrong, missed, silent int }

func (s *score) add(is, got bool) {
	switch {
	case is && got:
		s.right++
	case is:
		s.missed++
	case got:
		s.wrong++
	default:
		s.silent++
	}
}

func (s *score) sum(o *score) {
	s.right, s.wrong, s.missed, s.silent = s.right+o.right, s.wrong+o.wrong, s.missed+o.missed, s.silent+o.silent
}

func (s *score) precision() float64 { return share(s.right, s.right+s.wrong) }
func (s *score) recall() float64    { return share(s.right, s.right+s.missed) }

func (s *score) f1() float64 { return share(2*s.right, 2*s.right+s.wrong+s.missed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

func (s *score) write(w io.Writer, name string) {
	fmt.Fprintf(w, "  %-28s %5d valid  %4d not  precision %.3f  recall %.3f\n", name, s.right+s.missed, s.wrong+s.silent, s.precision(), s.recall())
}

// ordered are the keys of scores, the most cases first.
func ordered(scores map[string]*score) (names []string) {
	for name := range scores {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := scores[a], scores[b]
		return cmp.Or(cmp.Compare(y.right+y.missed, x.right+x.missed), cmp.Compare(a, b))
	})
	return names
}
