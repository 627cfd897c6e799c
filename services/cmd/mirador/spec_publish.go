package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/miradorhq/mirador/pkg/telemetry"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
	"github.com/miradorhq/mirador/services/discovery/spec/uploaded"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/miradorhq/mirador/services/specifications"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
)

// withKafka gives c the settings of the platform and calls run with the options of
// its brokers.
func withKafka(c *cobra.Command, run func(cmd *cobra.Command, args []string, cfg *platform.Config, kafka []kgo.Opt) error) {
	cfg := platform.Defaults()
	var brokers []string
	c.Flags().StringSliceVar(&brokers, "brokers", nil, "addresses of brokers, host:port; short for --kafka.brokers")
	flags := platform.AddFlags(c.Flags(), &cfg)
	hideSettings(c)
	c.Flags().Lookup("tenant").Hidden = false
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		if len(brokers) > 0 {
			cfg.Kafka.Brokers = brokers
		}
		kafka, err := cfg.Kafka.Options()
		if err != nil {
			return err
		}
		return run(cmd, args, &cfg, kafka)
	}
}

// author is who runs the command.
func author() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func specPublishCommand() *cobra.Command {
	var name, person string
	c := &cobra.Command{
		Use:   "publish FILE...",
		Short: "Upload documents that a running platform compares traffic with",
		Long: `Reads each document, and only if all of them can be read puts them on mirador.specifications. From
then on discovery compares the observed API with them and publishes differences as findings (INV-01).
The same name again replaces what was published under it.

A document that refers to other files cannot follow them once it is uploaded: put it together first.`,
		Example: "  mirador spec publish openapi.yaml --brokers kafka:9092\n  mirador spec publish build/api.json --name shop.json --brokers kafka:9092",
		Args:    cobra.MinimumNArgs(1),
	}
	c.Flags().StringVar(&name, "name", "", "name of the document; empty: that of the file")
	c.Flags().StringVar(&person, "person", author(), "who publishes it")
	withKafka(c, func(cmd *cobra.Command, files []string, cfg *platform.Config, kafka []kgo.Opt) error {
		if name != "" && len(files) > 1 {
			return errors.New("--name is for one file")
		}
		var list []*uploaded.Document
		var errs []error
		for _, f := range files {
			d, err := toPublish(f, name, cfg.Specifications.MaxBytes)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			d.Tenant, d.Person = cfg.Tenant, person
			errs = append(errs, d.Validate(cfg.Specifications.MaxBytes))
			list = append(list, d)
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
		p, err := specifications.NewPublisher(cfg.Specifications.MaxBytes, kafka...)
		if err != nil {
			return err
		}
		defer p.Close()
		for _, d := range list {
			d.At = time.Now().UTC()
			if _, err := p.Publish(cmd.Context(), d); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "published %s\n", d.Name)
		}
		return nil
	})
	return c
}

// toPublish reads a document as those who will follow the topic do, with the path that
// the person gave in what is said of it.
func toPublish(path, name string, limit int) (*uploaded.Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	if info.Size() > int64(limit) {
		return nil, &document.Error{File: path, Err: fmt.Errorf("%w: %d bytes, and specifications.max_bytes allows %d", document.ErrTooLarge, info.Size(), limit)}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	s, err := read.Bytes(path, b, document.Limits{Bytes: limit})
	if err != nil {
		return nil, err
	}
	for _, p := range s.Problems {
		fmt.Fprintln(os.Stderr, "mirador spec:", p)
	}
	if name == "" {
		name = filepath.Base(path)
	}
	// The format is told from the name too.
	if _, err := read.Bytes(name, b, document.Limits{Bytes: limit}); err != nil {
		return nil, fmt.Errorf("%s cannot be read under the name %s: %w", path, name, err)
	}
	return &uploaded.Document{Name: name, Media: uploaded.Media(name), Bytes: b}, nil
}

func specWithdrawCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "withdraw NAME...",
		Short:   "End documents that were published",
		Example: "  mirador spec withdraw openapi.yaml --brokers kafka:9092",
		Args:    cobra.MinimumNArgs(1),
	}
	withKafka(c, func(cmd *cobra.Command, names []string, cfg *platform.Config, kafka []kgo.Opt) error {
		set, err := published(cmd.Context(), cfg, kafka)
		if err != nil {
			return err
		}
		there := map[string]bool{}
		for _, e := range set.Documents(cfg.Tenant) {
			there[e.Name] = true
		}
		for _, n := range names {
			if !there[n] {
				return fmt.Errorf("tenant %s has no specification %q: mirador spec list prints those that there are", cfg.Tenant, n)
			}
		}
		p, err := specifications.NewPublisher(cfg.Specifications.MaxBytes, kafka...)
		if err != nil {
			return err
		}
		defer p.Close()
		for _, n := range names {
			if _, err := p.Withdraw(cmd.Context(), cfg.Tenant, n); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "withdrew %s\n", n)
		}
		return nil
	})
	return c
}

func specListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "Print the documents that are published",
		Example: "  mirador spec list --brokers kafka:9092",
		Args:    cobra.NoArgs,
	}
	withKafka(c, func(cmd *cobra.Command, _ []string, cfg *platform.Config, kafka []kgo.Opt) error {
		set, err := published(cmd.Context(), cfg, kafka)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tTITLE\tVERSION\tFORMAT\tOPERATIONS\tBYTES\tPUBLISHED\tBY")
		for _, e := range set.Documents(cfg.Tenant) {
			title, version, format, operations := "-", "-", "cannot be read", "-"
			if s := e.Specification; s != nil {
				title, version, format, operations = s.Title, s.Version, s.Format, fmt.Sprint(len(s.Operations))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", e.Name, title, version, format, operations, len(e.Bytes), e.At.Format(time.RFC3339), e.Person)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	})
	return c
}

// answerTime is how long brokers may take to say what is published.
const answerTime = 30 * time.Second

// published is the set as the topic has it now.
func published(ctx context.Context, cfg *platform.Config, kafka []kgo.Opt) (*uploaded.Set, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	cfg.Telemetry.LogFormat = "text"
	set := uploaded.NewSet(cfg.Specifications.MaxBytes)
	f, err := specifications.NewFollower(set, kafka, cfg.Telemetry.Logger(os.Stderr), telemetry.NewRegistry())
	if err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	select {
	case <-set.Ready():
		cancel()
		return set, <-done
	case err := <-done:
		return nil, errors.Join(err, fmt.Errorf("no broker at %v said what is published within %v", cfg.Kafka.Brokers, answerTime))
	}
}
