package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/chsink"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/miradorhq/mirador/services/regimes"
	"github.com/spf13/cobra"
)

// reportTime bounds the questions to ClickHouse.
const reportTime = 2 * time.Minute

func reportCommand() *cobra.Command {
	cfg := platform.Defaults()
	var o struct {
		regime, format, file string
		since                time.Duration
		list                 bool
	}
	c := &cobra.Command{
		Use:   "report --regime ID",
		Short: "What a law or standard is about: where its data flows, what touches its requirements",
		Long: `Asks ClickHouse where data in the scope of a regime flows, to whom, on which endpoint and since
when, which findings touch which of its requirements, with masked evidence, and what to do.
It is an engineering aid and no legal advice: it never says that a requirement is met.

Regimes: pci, hipaa, ferpa, open-banking, psd2, glba, gdpr, ccpa, lgpd; --list tells what each is.
The page of --out html needs nothing else and prints well; csv has a row for each thing that
touches a requirement; json is all of it.`,
		Example: "  mirador report --regime pci > pci.html\n  mirador report --regime gdpr --since 720h --out csv --file gdpr.csv\n  mirador report --regime hipaa --clickhouse.addr clickhouse:9000 --out json | jq .open",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVar(&o.regime, "regime", "", "id of the regime")
	c.Flags().StringVar(&o.format, "out", "html", strings.Join(regimes.Formats, ", "))
	c.Flags().StringVar(&o.file, "file", "", "write to this file instead of standard output")
	c.Flags().DurationVar(&o.since, "since", 30*24*time.Hour, "how far back to look")
	c.Flags().BoolVar(&o.list, "list", false, "list the regimes and do nothing else")
	flags := platform.AddFlags(c.Flags(), &cfg)
	hideSettings(c)
	c.Flags().Lookup("tenant").Hidden = false
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := regimes.Load()
		if err != nil {
			return err
		}
		if o.list {
			for _, r := range set.Regimes {
				fmt.Fprintf(cmd.OutOrStdout(), "%-14s %s %s: %s\n", r.ID, r.Name, r.Version, r.About)
			}
			return nil
		}
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		if o.regime == "" {
			return errors.New("name a regime with --regime; --list tells which there are")
		}
		r, err := set.Regime(o.regime)
		if err != nil {
			return err
		}
		if !slices.Contains(regimes.Formats, o.format) {
			return fmt.Errorf("--out %q: one of %s", o.format, strings.Join(regimes.Formats, ", "))
		}
		if o.since <= 0 {
			return fmt.Errorf("--since %v must be more than 0", o.since)
		}
		report, err := makeReport(cmd.Context(), &cfg, set, r, o.since)
		if err != nil {
			return err
		}
		return writeTo(o.file, cmd.OutOrStdout(), func(w io.Writer) error { return report.Write(w, o.format) })
	}
	return c
}

func makeReport(ctx context.Context, cfg *platform.Config, set *regimes.Set, r *regimes.Regime, since time.Duration) (*regimes.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	conn, err := chsink.Open(ctx, cfg.ClickHouse)
	if err != nil {
		return nil, fmt.Errorf("clickhouse at %v (--clickhouse.addr): is it running, and has the recorder made its tables? %w", cfg.ClickHouse.Addr, err)
	}
	defer conn.Close()
	now := time.Now()
	seen, err := regimes.Read(ctx, conn, cfg.Tenant, now.Add(-since), now)
	if err != nil {
		return nil, fmt.Errorf("clickhouse at %v: %w", cfg.ClickHouse.Addr, err)
	}
	return set.Report(r, seen), nil
}

// writeTo writes to a file, which is there whole or not at all, or to out.
func writeTo(path string, out io.Writer, write func(io.Writer) error) error {
	if path == "" {
		return write(out)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
