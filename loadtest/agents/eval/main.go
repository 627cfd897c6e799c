// Command eval measures behaviour detection on the traffic of package agents: make
// eval-behavior.
//
// Detectors and baselines learn from all days but the last, in which nobody attacks.
// What they know is then kept, and the last day is shown to each anew: once as it is,
// for the actors who are alerted on though they did nothing, and once for every kind
// and intensity of attack. The detectors are those of the service, run as mirador
// inspect runs them, with the settings that they come with.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/miradorhq/mirador/loadtest/agents"
	"github.com/segmentio/encoding/json"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

const usage = `eval measures behaviour detection on generated traffic of a bank and a shop.

It learns from all days but the last, which nobody attacks, and is then shown the
last day: once as it is, which gives the false-positive actors, and once for each
kind and intensity of attack, which gives recall and how soon an attack is found.
A recall without its false positives says nothing; both are printed, and beside
them what simple means reach: more than 50 different objects in 5 minutes (fixed),
more requests in 5 minutes than 99.9 %% of clients of the endpoint (p99.9), more in
an hour than is usual by 3 sigma (EWMA), and the best of %d plain counts with the
limit that kept to the budget while learning (which is chosen knowing the answer).

All of it is measured three times: steady, where the last day is like those before;
drift, where it has a flash sale and a deploy, which no day before prepares for; and
poison, where moreover 1 %% of the customers attacked, slowly and in the same way, on
every day that was learned from.

  eval                                   the whole table, some ten minutes on two cores
  eval -attacks objects,walk             two kinds of it
  eval -regimes drift -customers 10000   20,000 people, on the day of a sale and a deploy
  eval -markdown RESULTS.md              the table for people as well, as a document
  eval -write day.jsonl -attacks scan    the traffic itself, for mirador inspect
  eval -list                             the kinds of attack

`

func run(args []string, stdout, stderr io.Writer) error {
	s := settings{world: agents.Defaults(), progress: stderr}
	f := flag.NewFlagSet("eval", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprintf(stderr, usage, len(plain))
		f.PrintDefaults()
	}
	f.Uint64Var(&s.world.Seed, "seed", s.world.Seed, "of the traffic")
	f.IntVar(&s.world.Customers, "customers", s.world.Customers, "of the bank; the shop has as many")
	f.IntVar(&s.world.Days, "days", s.world.Days, "all but the last are learned from")
	f.Float64Var(&s.budget, "budget", 5, "false-positive actors a day, among 20,000, that each detection and baseline may have; as many fewer as there are fewer")
	f.IntVar(&s.instances, "instances", 4, "attacks of each kind and intensity on the last day")
	f.Float64Var(&s.poison, "poison", 0.01, "share of customers who attack slowly on the days that are learned from, under the regime of that name")
	f.IntVar(&s.crowd, "crowd", 10_000, "customers of a larger world, of which the false-positive actors alone are counted; 0 for none")
	regimes := f.String("regimes", strings.Join(regimeNames, ","), "how the last day differs from those before, with commas between")
	f.IntVar(&s.workers, "workers", runtime.GOMAXPROCS(0), "days that are judged at once; the results do not depend on it")
	names := f.String("attacks", "", "kinds of attack, with commas between; all if empty")
	asJSON := f.Bool("json", false, "write the results as JSON")
	markdown := f.String("markdown", "", "write the results to this file as well, as a document")
	write := f.String("write", "", "write the traffic as JSON lines to this file instead, - is standard output")
	list := f.Bool("list", false, "list the kinds of attack")
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("%q: eval takes flags only", f.Arg(0))
	}
	var err error
	if s.kinds, err = kindsOf(*names); err != nil {
		return err
	}
	if *list {
		for _, k := range s.kinds {
			fmt.Fprintf(stdout, "%-16s %-16s %6g to %5g an hour: %s\n", k.Name, k.Detection, k.Rates[0], k.Rates[agents.Intensities-1], k.What)
		}
		return nil
	}
	if *write != "" {
		s.world = under(s.world, drifting)
		return writeLines(s, *write, stdout)
	}
	for name := range strings.SplitSeq(*regimes, ",") {
		s.regimes = append(s.regimes, strings.TrimSpace(name))
	}
	if err := s.validate(); err != nil {
		return err
	}
	// What was measured is written down as it comes: the rest may take long.
	document := func(r *results) error {
		if *markdown == "" {
			return nil
		}
		if err := os.WriteFile(*markdown, r.document(args, s.regimes), 0o644); err != nil { //nolint:gosec // for everybody to read
			return fmt.Errorf("document: %w", err)
		}
		return nil
	}
	r, err := evaluate(s, document)
	if err != nil {
		return err
	}
	if *asJSON {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("results: %w", err)
		}
		_, err = fmt.Fprintf(stdout, "%s\n", b)
		return err
	}
	return r.write(stdout)
}

func kindsOf(names string) ([]*agents.Kind, error) {
	if names == "" {
		return agents.Kinds(), nil
	}
	var list []*agents.Kind
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(agents.Kinds(), func(k *agents.Kind) bool { return k.Name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("attack %q is not known: -list shows those that are", name)
		}
		list = append(list, agents.Kinds()[i])
	}
	return list, nil
}

// attacksOf are the instances of a kind at an intensity.
func (s *settings) attacksOf(k *agents.Kind, intensity int) (list []agents.Attack) {
	for i := range s.instances {
		list = append(list, agents.Attack{Kind: k, Intensity: intensity, Instance: i})
	}
	return list
}

func writeLines(s settings, path string, stdout io.Writer) (err error) {
	w, err := agents.New(s.world)
	if err != nil {
		return err
	}
	if path != "-" {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		stdout = file
	}
	out := bufio.NewWriterSize(stdout, 1<<20)
	var attacks []agents.Attack
	for _, k := range s.kinds {
		for i := range agents.Intensities {
			attacks = append(attacks, s.attacksOf(k, i)...)
		}
	}
	var b []byte
	err = w.Each(attacks, func(t *agents.Transaction) (err error) {
		if b, err = t.AppendLine(b[:0]); err == nil {
			_, err = out.Write(b)
		}
		return err
	})
	return errors.Join(err, out.Flush())
}
