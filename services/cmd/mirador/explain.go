package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/pkg/finding"
	"github.com/miradorhq/mirador/services/explain"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	cfg := platform.Defaults()
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "explain FINDING_ID",
		Short: "Decide a finding again, and print every term",
		Long: `Reads a finding from ClickHouse, or from mirador.findings where that does not have it, and
decides it again: from the numbers that it stores, or, where the detector has no history,
from the transaction itself, which is read from mirador.events as long as retention holds.

Every term is printed. The exit status is 1 where it comes out otherwise than it was stored,
or cannot be told, with what is missing. With - a finding is read as JSON from standard input.`,
		Example: "  mirador explain 67d85231bec19bd916afd313283d111c --kafka.brokers kafka:9092 --clickhouse.addr clickhouse:9000",
	}
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Second, "longest wait for an answer of ClickHouse or Kafka")
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Args = unlessAsked(flags, cobra.ExactArgs(1))
	hideSettings(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		return explainFinding(cmd.Context(), &cfg, args[0], timeout, cmd.InOrStdin(), cmd.OutOrStdout())
	}
	return c
}

func explainFinding(ctx context.Context, cfg *platform.Config, id string, timeout time.Duration, in io.Reader, out io.Writer) (err error) {
	kafka, err := cfg.Kafka.Options()
	if err != nil {
		return err
	}
	tables, err := chsink.OpenLazily(cfg.ClickHouse)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	p := explain.Places{Tenant: cfg.Tenant, Tables: tables, Kafka: kafka, Timeout: timeout}
	var f finding.Finding
	where := "standard input"
	if id == "-" {
		b, err := io.ReadAll(in)
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		if f, err = finding.Decode(b); err != nil {
			return err
		}
	} else if f, where, err = p.Finding(ctx, id); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s, %s, confidence %.3f, %d events, from the %s\n%s\n", f.Rule, f.Title, f.Severity, f.Confidence, f.Count, where, f.Summary)
	if f.Counterfactual != "" {
		fmt.Fprintf(out, "otherwise: %s\n", f.Counterfactual)
	}
	if f.Held != "" {
		fmt.Fprintf(out, "no action: %s\n", f.Held)
	}
	fmt.Fprintf(out, "detector %s %s, rules %s\n\n", f.Detector, orDash(f.Versions.Detector), orDash(f.Versions.Rules))
	lines, err := cfg.Explain(&f, func() (*event.Event, detect.Source, error) { return p.Event(ctx, &f) })
	for _, l := range lines {
		fmt.Fprintln(out, "  "+l)
	}
	return err
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
