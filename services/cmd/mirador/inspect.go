package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/miradorhq/mirador/pkg/runner"
	"github.com/miradorhq/mirador/pkg/transcript"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
	"github.com/miradorhq/mirador/services/discovery/spec/read"
	"github.com/miradorhq/mirador/services/inspect"
	"github.com/miradorhq/mirador/services/platform"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func inspectCommand() *cobra.Command {
	cfg := platform.Defaults()
	o := inspect.Options{}
	var out, format, engine string
	var specs []string
	c := &cobra.Command{
		Use:   "inspect FILE...",
		Short: "Run the detectors over a HAR file, JSON lines or an access log",
		Long: `Runs the detectors over recorded traffic, without any server. The format is told from the
content; gzip is read too; - is standard input. Several files are one stream, in order.

A JSON line is {id?, ts?, client_ip?, method, uri, headers (object or list of pairs), body?,
body_base64?, status?, response_headers?, response_body?}; unknown fields are ignored. A bad
line is reported with its number and counted, and is fatal only with --strict.

--out verdicts prints a line a transaction, in input order, with its id as it came:
  {"id", "verdict": "attack" | "clean", "attack": true | false, "score": 0..1, "findings": [rules]}
and, where the signature detector found it, its "class", the "rules" that matched and the
"terms" that the score was made of. --engine crs judges requests by the core rule set alone.

--out endpoints prints the endpoints as they stand after all input, with learned templates: a
table on a terminal, else, and with --json, a line an endpoint:
  {"host", "method", "template", "params": [...], "hits", ...}

--spec compares the traffic with API specifications, as spec check does, and brings what differs as
findings: INV-01 where an endpoint is in no document, unseen or otherwise than documented, and DATA-10
where an answer holds sensitive data that no schema has. Without it the documents of the setting
specifications.folder are taken, if there is one.

--out risk prints the risk of each principal, fused from what all detectors found, and --out
actions what would be asked of enforcers, by the policy of the settings: both run the
responder behind the detectors.`,
		Example: "  mirador inspect traffic.har\n  mirador inspect --json access.log.gz | jq .rule\n  zcat lines.jsonl.gz | mirador inspect --out verdicts --detectors signature -\n  mirador inspect --out openapi traffic.har > openapi.yaml\n  mirador inspect --detectors classifier --spec openapi.yaml traffic.har",
	}
	c.Flags().StringVar(&out, "out", "findings", "what to print: findings, verdicts, endpoints, openapi, fields, risk or actions")
	c.Flags().BoolVar(&o.JSON, "json", false, "print JSON, a line an object (verdicts always are; endpoints unless on a terminal)")
	c.Flags().StringSliceVar(&o.Detectors, "detectors", nil, "which detectors to run: "+strings.Join(platform.Detectors(), ", ")+"; responder, which fuses what they find; all; empty: those that --out needs")
	c.Flags().BoolVar(&o.Strict, "strict", false, "stop with an error at the first bad line")
	c.Flags().StringVar(&format, "format", "", "har, jsonl or access-log; empty: told from the content")
	c.Flags().StringSliceVar(&specs, "spec", nil, "API specifications that the traffic is compared with: documents, or folders of them; may be given again")
	c.Flags().StringVar(&engine, "engine", "", "crs: the signature detector judges by the core rule set's anomaly score alone, without its second stage")
	flags := platform.AddFlags(c.Flags(), &cfg)
	c.Args = unlessAsked(flags, cobra.MinimumNArgs(1))
	hideSettings(c)
	c.RunE = func(cmd *cobra.Command, files []string) error {
		if err := flags.Load(&cfg, cmd.OutOrStdout()); err != nil {
			return err
		}
		switch engine {
		case "":
		case "crs":
			cfg.Signature.Plain = true
		default:
			return fmt.Errorf("--engine %q: there is only crs; without it the second stage judges", engine)
		}
		o.Files, o.Out, o.Format, o.Tenant = files, inspect.Output(out), transcript.Format(format), cfg.Tenant
		// Lists are for programs unless a person looks on.
		o.JSON = o.JSON || o.Out == inspect.Endpoints && !term.IsTerminal(int(os.Stdout.Fd()))
		o.Build, o.Fuse, o.Stdout, o.Content = cfg.InspectStages, cfg.InspectFused, cmd.OutOrStdout(), runner.DefaultOptions()
		limits, err := cfg.Content.Limits()
		if err != nil {
			return err
		}
		o.Content.Content = limits
		if o.Specs, err = inspectSpecs(cmd.Context(), specs, cfg.Specifications.Folder, &o); err != nil {
			return err
		}
		o.Compare = cfg.Specifications.Options.Recorded()
		o.Complain = func(s string) { fmt.Fprintln(os.Stderr, "mirador inspect:", s) }
		progress := term.IsTerminal(int(os.Stderr.Fd()))
		if progress {
			o.Progress = func(n int, bytes int64) { fmt.Fprintf(os.Stderr, "\r%d transactions, %.1f MB", n, float64(bytes)/1e6) }
		}
		sum, err := inspect.Run(cmd.Context(), o)
		if progress && sum.Records >= 500 {
			fmt.Fprint(os.Stderr, "\r\x1b[K")
		}
		if sum.Bad > 0 {
			fmt.Fprintf(os.Stderr, "mirador inspect: %d of %d records could not be read\n", sum.Bad, sum.Bad+sum.Records)
		}
		return err
	}
	return c
}

// inspectSpecs reads the specifications at paths, else those of the configured folder where o has a use
// for them.
func inspectSpecs(ctx context.Context, paths []string, configured string, o *inspect.Options) ([]*spec.Specification, error) {
	if len(paths) == 0 && configured != "" && o.Compares() {
		paths = []string{configured}
	}
	var all []*spec.Specification
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("specification: %w", err)
		}
		if !info.IsDir() {
			s, err := readSpec(path)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
			continue
		}
		folder := read.NewFolder(path, document.Limits{})
		if _, err := folder.Poll(ctx); err != nil {
			return nil, err
		}
		if len(folder.Specifications()) == 0 {
			return nil, fmt.Errorf("specifications: no document in folder %s", path)
		}
		all = append(all, folder.Specifications()...)
	}
	return all, nil
}

// hideSettings keeps --help of a tool short: its settings can be set all the
// same, and --print-config lists them.
func hideSettings(c *cobra.Command) {
	cfg := platform.Defaults()
	for _, name := range platform.SettingNames(&cfg) {
		if f := c.Flags().Lookup(name); f != nil {
			f.Hidden = true
		}
	}
}
