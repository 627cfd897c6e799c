package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/demo"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/segmentio/encoding/json"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func demoCommand() *cobra.Command {
	o := demo.Options{Config: onehost.Defaults()}
	var asJSON, verbose bool
	var kafka string
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work: a demo bank, its clients, and four attackers",
		Long: `Starts Mirador in one process (embedded Kafka, real ClickHouse, all services), a small bank
API behind an edge with a tap, ordinary clients, and four attackers: SQL injection in a JSON
field, credential stuffing, object-id enumeration, a scan. Shows what is seen as it happens,
until Ctrl-C, which ends everything it started. Nothing is kept.

With --once it ends by itself, and exits with 1 if an attack was not enforced or an ordinary
client was refused.`,
		Example: "  mirador demo\n  mirador demo --once --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Kafka, o.Out, o.Colour = stack.Took(kafka), cmd.OutOrStdout(), term.IsTerminal(int(os.Stdout.Fd()))
			level := slog.LevelError
			if verbose {
				level = slog.LevelInfo
			}
			o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			if asJSON {
				o.Once, o.Out = true, io.Discard
			}
			res, err := demo.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if asJSON {
				out, err := json.MarshalIndent(res, "", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), string(out))
			} else {
				summary(cmd.OutOrStdout(), res)
			}
			if o.Once && len(res.Problems) > 0 {
				for _, p := range res.Problems {
					fmt.Fprintln(os.Stderr, "mirador demo:", p)
				}
				return errFailed
			}
			return nil
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "end when the attacks are over")
	c.Flags().BoolVar(&asJSON, "json", false, "print nothing but one JSON object at the end; means --once")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the log of the services on standard error")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "seed of the bank and of its ordinary clients")
	c.Flags().StringVar(&kafka, "kafka-from", "kfake", "kfake, java, docker or given")
	return c
}

func summary(w io.Writer, r demo.Result) {
	fmt.Fprintf(w, "\n%d transactions mirrored; %d endpoints and %d sensitive fields found; %d targets refused, %.0f ms after the mirrored request at the median, %.0f ms at most\n",
		r.Events, r.Endpoints, r.SensitiveFields, r.Enforced, r.TimeToEnforce.P50, r.TimeToEnforce.Max)
	fmt.Fprintf(w, "ordinary clients: %d requests answered, %d of them refused\n", r.LegitimateRequests, r.LegitimateBlocked)
}
