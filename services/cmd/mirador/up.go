package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/miradorhq/mirador/pkg/stack"
	"github.com/miradorhq/mirador/services/onehost"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/spf13/cobra"
)

func upCommand() *cobra.Command {
	cfg := onehost.Defaults()
	var kafka string
	c := &cobra.Command{
		Use:   "up",
		Short: "Run all services on this machine, data kept in a folder",
		Long: `Runs Kafka, ClickHouse and every service of Mirador in one process tree, with its data in
--data_dir. Kafka and ClickHouse are taken, in this order: an address that is set
(kafka.brokers, clickhouse.addr), Docker, a program on the PATH or Java, the embedded way. Ctrl-C ends everything in order; starting again goes on where it stopped.`,
		Example: "  mirador up\n  mirador up --config mirador.yaml --policy.mode=enforce\n  mirador up --print-config > mirador.yaml",
		Args:    cobra.NoArgs,
	}
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Flags().StringVar(&kafka, "kafka-from", "", "where Kafka comes from: given, docker, java or kfake; empty: the first of these that works")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout(), platform.Names()...); err != nil {
			return err
		}
		log := cfg.Telemetry.Logger(os.Stderr)
		h, err := onehost.Start(cmd.Context(), cfg, onehost.Options{
			Kafka: stack.Took(kafka), Log: log, Progress: func(s string) { fmt.Fprintln(os.Stderr, "mirador:", s) },
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "mirador: data in %s; kafka %s (%s), clickhouse %s (%s)\n", cfg.DataDir,
			strings.Join(h.Kafka.Brokers(), ","), h.Kafka.Took, h.ClickHouse.Addr(), h.ClickHouse.Took)
		if h.Kafka.Took == stack.TookKFake {
			fmt.Fprintln(os.Stderr, "mirador: kfake is for trying, not for keeping: install Java 17 and Maven, or give brokers in MIRADOR_KAFKA_BROKERS")
		}
		h.Process.Announce(os.Stderr)
		err = h.Run(cmd.Context())
		if e := h.Close(); err == nil {
			err = e
		}
		return err
	}
	return c
}

func runCommand() *cobra.Command {
	cfg := platform.Defaults()
	c := &cobra.Command{
		Use:   "run SERVICE...",
		Short: "Run some services against a Kafka and a ClickHouse that are there",
		Long:  "Runs the named services in one process. The services are:\n\n" + serviceList(),
	}
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Args = unlessAsked(flags, cobra.MinimumNArgs(1))
	c.RunE = func(cmd *cobra.Command, services []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout(), services...); err != nil {
			return err
		}
		p, err := platform.New(cfg, services, cfg.Telemetry.Logger(os.Stderr))
		if err != nil {
			return err
		}
		p.Announce(os.Stderr)
		return p.Run(cmd.Context())
	}
	return c
}

func serviceList() string {
	var b strings.Builder
	for _, s := range platform.Services() {
		fmt.Fprintf(&b, "  %-12s %s\n", s.Name, s.About)
	}
	return b.String()
}
