// Command mirador is all of Mirador in one program: the demo, the one-process
// platform, and the tools that work on recorded traffic.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/spf13/cobra"
)

// errFailed ends the program with 1 after everything was said already.
var errFailed = errors.New("failed")

func main() {
	stack.MaybeRunChild()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever presses Ctrl-C twice does not want to wait for the drain
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, platform.ErrDone) {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, "mirador:", err)
		}
		os.Exit(1)
	}
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:   "mirador",
		Short: "Out-of-band API security: watches a copy of API traffic and never stands in its way",
		Long: `Mirador watches a copy of API traffic. It discovers the APIs, matches known attacks,
scores behaviour, finds sensitive data, and can have an edge refuse attackers, without
ever standing in the way of a request.

  mirador demo               see it work in a minute: a demo bank, its clients, four attackers
  mirador up                 run it on this machine, data kept across restarts
  mirador inspect FILE...    run the detectors over a HAR file, JSON lines or an access log
  mirador replay FILE        ship such a file to a running platform
  mirador spec check FILE    compare an API specification with such traffic
  mirador classify [FILE]    say what is sensitive in texts and values
  mirador explain ID         decide a finding again, and print every term
  mirador report --regime R  what a law or standard is about, from what was recorded
  mirador deploy-marker      tell of a release, so that what is new with it is borne with`,
		SilenceUsage: true, SilenceErrors: true, Version: platform.Version,
	}
	c.AddCommand(demoCommand(), upCommand(), runCommand(), inspectCommand(), replayCommand(), specCommand(), classifyCommand(), reportCommand(), explainCommand(), deployMarkerCommand())
	return c
}

// unlessAsked wants arguments, unless a flag asks for something else than the command's
// own work: --validate and --print-config need no file.
func unlessAsked(flags *platform.Flags, want cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if flags.Asks() {
			return nil
		}
		return want(cmd, args)
	}
}
