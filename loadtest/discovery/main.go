// Command discovery scores how well templates are learned from traffic alone: make
// eval-discovery.
//
// It makes traffic of operations of published API descriptions, of which the
// templates are known, feeds it through the stages of discovery as mirador inspect
// does, and compares what they wrote to the catalog with the truth. Providers are
// split in halves by a hash of their name. The weights that come with the program are
// fitted to both halves; with -cross they are fitted anew, to each half for the other,
// so no provider is scored that they have seen. Signs and rules are the same then, and
// these were found by looking at what is wrong, in the end at providers of both halves.
// The generators are of our own making, as is the tuning: figures that others take
// with theirs are worth more.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/miradorhq/mirador/services/discovery/learn"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "discovery:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	s := settings{actors: 20}
	f := flag.NewFlagSet("discovery", flag.ContinueOnError)
	f.SetOutput(stderr)
	file := f.String("operations", corpusFile(), "operations as gzipped JSON lines; MIRADOR_CORPORA names the folder of the corpora")
	f.Uint64Var(&s.seed, "seed", 1, "of the traffic")
	f.IntVar(&s.perOperation, "n", 40, "transactions an operation, in the mean")
	f.Float64Var(&s.examples, "examples", 0.5, "share of draws that take the one documented example, 0 to 1")
	f.BoolVar(&s.bodies, "bodies", false, "give responses a body")
	f.Float64Var(&s.zipf, "zipf", 0.8, "exponent of the mix of operations")
	maker := f.String("generator", "a", "of the traffic: \"a\", or \"b\", which shares only the operations with it")
	lexer := f.Bool("lexer", false, "without the learner: the baseline")
	all := f.Bool("all", false, "both generators with -n 10, 20, 50 and 200, the first with -examples 0, 0.5 and 1, with and without -bodies")
	show := f.String("show", "", "print what is wrong of this provider, or of all of the tuning half: \"tuning\"")
	weights := f.String("fit", "", "fit the learner's weights to all providers and write them to this file")
	cross := f.Bool("cross", false, "score each half with weights fitted to the other; the fitting takes minutes")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *maker != "a" && *maker != "b" {
		return fmt.Errorf("generator %q: there are a and b", *maker)
	}
	s.second = *maker == "b"
	ops, err := readOperations(*file)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(stdout, "NOT MEASURED: no operations at %s; set MIRADOR_CORPORA to the folder of the corpora\n", *file)
		return nil
	}
	if err != nil {
		return err
	}
	if *weights != "" {
		return writeWeights(fit(ops, func(string) bool { return true }, stderr), *weights)
	}
	var by [2]learn.Weights // by half; none are those of the program
	if *cross {
		by[0], by[1] = fit(ops, heldOut, stderr), fit(ops, func(p string) bool { return !heldOut(p) }, stderr)
	}
	combinations := []settings{s}
	if *all {
		combinations = every(s)
	}
	for _, c := range combinations {
		if err := evaluate(ops, c, !*lexer, by, *show, stdout); err != nil {
			return err
		}
	}
	return nil
}

// every is s with every combination of what a learner must not depend on.
func every(s settings) (out []settings) {
	for _, s.perOperation = range []int{10, 20, 50, 200} {
		for _, s.bodies = range []bool{false, true} {
			for _, s.examples = range []float64{0, 0.5, 1} {
				s.second = false
				out = append(out, s)
			}
			s.second = true
			out = append(out, s)
		}
	}
	return out
}

// evaluate scores one combination of settings over all providers.
func evaluate(ops map[string][]operation, s settings, learner bool, by [2]learn.Weights, show string, w io.Writer) error {
	began := time.Now()
	halves := [2]report{{name: "tuning", scores: map[string]*score{}}, {name: "held out", scores: map[string]*score{}}}
	total := 0
	for _, p := range sortedNames(ops) {
		half := 0
		if heldOut(p) {
			half = 1
		}
		if show != "" && show != p && (show != "tuning" || half != 0) {
			continue
		}
		all := transactions(p, ops[p], s)
		total += len(all)
		sc, err := measure(all, learner, by[half])
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		halves[half].scores[p] = sc
		if show != "" {
			sc.explain(w, p)
		}
	}
	fmt.Fprintf(w, "generator %s, seed %d, %d transactions an operation, examples %.0f %%, bodies %v, Zipf %.1f, learner %v, weights of the other half %v: %d transactions in %.0f s\n",
		map[bool]string{false: "a", true: "b"}[s.second], s.seed, s.perOperation, 100*s.examples, s.bodies, s.zipf, learner, by[0].First != nil, total, time.Since(began).Seconds())
	for i := range halves {
		if len(halves[i].scores) > 0 {
			halves[i].write(w)
		}
	}
	return nil
}
