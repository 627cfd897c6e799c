// Command bench holds the signature engine against Coraza, on one core: make
// bench-signature.
//
// Each side runs in processes of its own, one after the other, round after round, so
// that neither lives off the other's heap and a slow minute of the machine strikes
// both. What is counted is the processor time of the process, garbage collection
// included. Before anything is timed both sides must name the same rules and scores
// for every event. No side caches verdicts.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/miradorhq/mirador/services/signature/parity"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags; a child gets those of its parent.
type options struct {
	rounds   int
	each     time.Duration
	paranoia int
	setup    string
	only     string
	side     string
}

func run(args []string, stdout, stderr io.Writer) error {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 6, "runs of each side, of which the median is told")
	f.DurationVar(&o.each, "time", 500*time.Millisecond, "how long a run lasts for each kind of event, at least")
	f.IntVar(&o.paranoia, "paranoia", 1, "level of the rule set, 1 to 4")
	f.StringVar(&o.setup, "setup", "plain", "configuration of both sides: plain (the recommended one) or service")
	f.StringVar(&o.only, "only", "", "letters of the kinds of events to measure, all without")
	f.StringVar(&o.side, "side", "", "measure this side in this process and print JSON; the command calls itself so")
	if err := f.Parse(args); err != nil {
		return err
	}
	if o.rounds < 1 || o.paranoia < 1 || o.paranoia > 4 {
		return fmt.Errorf("%d rounds at level %d: at least 1, and 1 to 4", o.rounds, o.paranoia)
	}
	setup, err := o.configuration()
	if err != nil {
		return err
	}
	kinds, err := o.kinds()
	if err != nil {
		return err
	}
	if o.side != "" {
		return child(o, setup, kinds, stdout)
	}
	if err := agree(setup, kinds, stdout); err != nil {
		return err
	}
	table, err := rounds(o, args, stderr)
	if err != nil {
		return err
	}
	return table.print(stdout, kinds)
}

func (o *options) configuration() (parity.Setup, error) {
	switch o.setup {
	case "plain":
		return parity.Plain(o.paranoia), nil
	case "service":
		return parity.Service(o.paranoia), nil
	}
	return parity.Setup{}, fmt.Errorf("setup %q: there are plain and service", o.setup)
}
